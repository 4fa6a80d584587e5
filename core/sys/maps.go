package sys

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

// Mapped names files that some process could write through shared memory.
// Such a write changes the content and no time stamp: measured on tmpfs and on
// an overlay above it.
type Mapped map[string]bool

// AddMapped adds what is mapped shared and writable now. A process whose root
// is another directory names files as seen from there.
func (m Mapped) AddMapped() {
	tables, _ := filepath.Glob("/proc/[0-9]*/maps")
	for _, table := range tables {
		f, err := os.Open(table)
		if err != nil {
			continue // it has ended
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			if name, ok := sharedWritable(s.Text()); ok {
				m[name] = true
			}
		}
		f.Close()
	}
}

// sharedWritable reads a line of proc_pid_maps(5):
// "7f00-7f01 rw-s 00000000 08:01 4711    /path".
func sharedWritable(line string) (name string, ok bool) {
	fields := strings.SplitN(line, " ", 6)
	if len(fields) < 6 || len(fields[1]) != 4 || fields[1][1] != 'w' || fields[1][3] != 's' {
		return "", false
	}
	name = strings.TrimSuffix(strings.TrimLeft(fields[5], " "), " (deleted)")
	return strings.ReplaceAll(name, `\012`, "\n"), strings.HasPrefix(name, "/")
}
