package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	logDir  = "/var/log/live"
	logName = logDir + "/antix-remaster.log"
	logSize = 10 << 20
)

// journal of a run for people; it carries names, never contents of files.
type logFile struct {
	mu sync.Mutex
	f  *os.File // nil when it cannot be written: no reason to refuse a run
	n  int64    // bytes of it
}

// openLog appends to the log, mode 0640, the former one moved aside when it
// has become too long.
func openLog() *logFile {
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		return &logFile{}
	}
	if st, err := os.Lstat(logName); err == nil && st.Size() > logSize {
		if os.Rename(logName, logName+".1") != nil {
			return &logFile{}
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &logFile{}
	}
	f, err := os.OpenFile(logName, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return &logFile{}
	}
	l := &logFile{f: f}
	if st, err := f.Stat(); err == nil {
		l.n = st.Size()
	}
	return l
}

// add writes one line; control characters of a hostile name are quoted.
func (l *logFile) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return
	}
	text := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return '?'
		}
		return r
	}, fmt.Sprintf(format, args...))
	text = strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
	l.write(fmt.Sprintf("%s %s\n", time.Now().Format("2006-01-02 15:04:05"), text))
}

// write bounds one run to half of what makes the next one rotate: the log lies
// in memory, and who changes files during a run can make mksquashfs talk.
func (l *logFile) write(line string) {
	const most = logSize + logSize/2
	switch {
	case l.n > most:
		return
	case l.n+int64(len(line)) > most:
		line = "The log is full; what follows is not written.\n"
		l.n = most
	}
	n, _ := l.f.WriteString(line) // a full log stops nothing
	l.n += int64(n)
}

func (l *logFile) close() {
	if l.f != nil {
		l.f.Close() //nolint:errcheck // as above
	}
}
