package build

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// VersionFile is the path, inside of a system, of the history of its versions
// (contract §7).
const VersionFile = "etc/live/version/linuxfs.ver"

// Entry is a new entry of the version file.
type Entry struct {
	ID      string // 32 hex digits, never used before
	Title   string // one line
	Date    time.Time
	Kernel  string // release
	Machine string // uname -m
}

// NewID is a fresh version id.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// AppendEntry gives the version file's new text: the old history and e below.
func AppendEntry(old string, e Entry) string {
	var b strings.Builder
	b.WriteString(old)
	if old != "" && !strings.HasSuffix(old, "\n") {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "==== %s\n\ntitle: %s\ncreation date: %s\nkernel: Linux %s\nmachine: %s\n",
		e.ID, e.Title, e.Date.Format("2 January 2006 15:04:05 MST"), e.Kernel, e.Machine)
	return b.String()
}
