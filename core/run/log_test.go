package run

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	cover(t, "/var/log")
	for _, text := range []string{"first", "second"} {
		l := openLog()
		l.add("%s: %d", text, 1)
		l.close()
	}
	l := openLog()
	l.add("hostile \x1b[2J\x07\x00\t\r\x7f name \xff %s", "ümläut %d")
	l.add("a line\n2026-01-01 00:00:00 armed: a forged one\n\n")
	l.close()
	stamp := `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d `
	want := []string{stamp + "first: 1", stamp + "second: 1", stamp + `hostile \?\[2J\?\?\?\?\? name � ümläut %d`, stamp + "a line",
		"    2026-01-01 00:00:00 armed: a forged one"}
	got := lines(read(t, logName))
	for i, line := range got {
		if i >= len(want) || !regexp.MustCompile("^"+want[i]+"$").MatchString(line) {
			t.Errorf("line %d is %q", i+1, line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
	if st, err := os.Lstat(logName); err != nil || st.Mode() != 0o640 {
		t.Errorf("%v, %v", st, err)
	}
	if st, err := os.Lstat(logDir); err != nil || st.Mode() != os.ModeDir|0o755 {
		t.Errorf("%v, %v", st, err)
	}
}

// A long log is moved aside; of the former ones only the last is kept.
func TestLogRotation(t *testing.T) {
	for size, rotated := range map[int64]bool{10 << 20: false, 10<<20 + 1: true} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			cover(t, "/var/log")
			must(t, os.Mkdir(logDir, 0o755))
			must(t, os.WriteFile(logName, []byte("the former log\n"), 0o640))
			must(t, os.Truncate(logName, size))
			must(t, os.WriteFile(logName+".1", []byte("the one before"), 0o640))
			l := openLog()
			l.add("new")
			l.close()
			log, old := read(t, logName), read(t, logName+".1")
			if rotated && (!strings.HasSuffix(log, " new\n") || len(log) > 100 || int64(len(old)) != size || !strings.HasPrefix(old, "the former log\n")) {
				t.Errorf("the log has %d bytes, the former %d", len(log), len(old))
			}
			if !rotated && (!strings.HasPrefix(log, "the former log\n") || !strings.HasSuffix(log, " new\n") || old != "the one before") {
				t.Errorf("the log has %d bytes, the former says %.20q", len(log), old)
			}
			if names, err := os.ReadDir(logDir); err != nil || len(names) != 2 {
				t.Errorf("there are %v, %v", names, err)
			}
		})
	}
}

// A run that talks without end does not fill the memory in which the log lies.
func TestLogIsBounded(t *testing.T) {
	cover(t, "/var/log")
	l := openLog()
	line := strings.Repeat("x", 64<<10)
	for range 400 { // 25 MiB
		l.add("%s", line)
	}
	l.close()
	text := read(t, logName)
	if len(text) < 10<<20 || len(text) > 16<<20 || !strings.HasSuffix(text, "\nThe log is full; what follows is not written.\n") {
		t.Errorf("%d bytes, ends with %q", len(text), text[max(0, len(text)-60):])
	}
}

// A log that cannot be written is no reason to refuse a run, and no link is
// followed to another file.
func TestLogThatCannotBeWritten(t *testing.T) {
	for what, make := range map[string]func() error{
		"a link":            func() error { return os.Symlink("/var/log/target", logName) },
		"a dangling link":   func() error { return os.Symlink("/var/log/none", logName) },
		"a directory":       func() error { return os.Mkdir(logName, 0o755) },
		"no directory":      func() error { return os.Remove(logDir) },
		"a file in its way": func() error { return replaceByFile(logDir) },
	} {
		t.Run(what, func(t *testing.T) {
			cover(t, "/var/log")
			must(t, os.WriteFile("/var/log/target", []byte("precious"), 0o600))
			must(t, os.Mkdir(logDir, 0o755))
			must(t, make())
			l := openLog()
			l.add("text")
			l.close()
			if text := read(t, "/var/log/target"); text != "precious" {
				t.Errorf("the target says %q", text)
			}
			if _, err := os.Lstat("/var/log/none"); err == nil {
				t.Error("the link was followed")
			}
			if written := l.f != nil; written != (what == "no directory") {
				t.Errorf("written: %v", written)
			}
		})
	}
}

func replaceByFile(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o644)
}
