package desktop

import (
	"encoding/binary"
	"errors"
)

// anyHost rewrites the passwords of an Xauthority file so that they count
// under every host name: that of the live system is another. An entry is the
// family and four strings, address first, with lengths of 16 bits (libXau's
// AuRead.c).
func anyHost(entries []byte) ([]byte, error) {
	const anyFamily = 0xffff
	for rest := entries; len(rest) > 0; {
		if len(rest) < 2 {
			return nil, errors.New("half an entry at the end")
		}
		binary.BigEndian.PutUint16(rest, anyFamily)
		rest = rest[2:]
		for range 4 {
			if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
				return nil, errors.New("half an entry at the end")
			}
			rest = rest[2+binary.BigEndian.Uint16(rest):]
		}
	}
	return entries, nil
}
