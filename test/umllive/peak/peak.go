// Package peak watches how much memory programs take.
package peak

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Memory is what was seen, in KiB.
type Memory struct {
	Programs  map[string]int64 // the most that each program had resident (VmHWM)
	Available int64            // the least that the machine still had
}

// every is how often is looked. A peak of a program is kept by the kernel as
// long as the program lives, so only its last moment may be missed.
const every = 50 * time.Millisecond

// Watch looks at the programs of these names in the /proc at dir, until stop
// is called, which tells the result.
func Watch(dir string, names ...string) (stop func() Memory) {
	end, result := make(chan bool), make(chan Memory)
	go func() {
		m := Memory{Programs: map[string]int64{}, Available: available(dir)}
		for {
			select {
			case <-end:
				result <- m
				return
			case <-time.After(every):
				m.look(dir, names)
			}
		}
	}()
	return func() Memory { close(end); return <-result }
}

func (m *Memory) look(dir string, names []string) {
	m.Available = min(m.Available, available(dir))
	all, _ := filepath.Glob(dir + "/[0-9]*")
	for _, process := range all {
		exe, err := os.Readlink(process + "/exe")
		name := filepath.Base(exe)
		if err != nil || !slices.Contains(names, name) {
			continue
		}
		m.Programs[name] = max(m.Programs[name], field(process+"/status", "VmHWM:"))
	}
}

func available(dir string) int64 { return field(dir+"/meminfo", "MemAvailable:") }

// field reads a line "Name:   123 kB".
func field(file, name string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0 // the program has ended
	}
	_, rest, _ := bytes.Cut(text, []byte("\n"+name))
	words := strings.Fields(string(rest[:min(len(rest), 40)]))
	if len(words) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(words[0], 10, 64)
	return n
}
