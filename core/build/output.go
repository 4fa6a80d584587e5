package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"antix-remaster/core/wire"
)

// meter reads mksquashfs's progress: "[==/  ]  381/6524   5%" redrawn on a
// terminal, or one integer a line with -percentage.
type meter struct {
	job      Job
	stop     context.CancelCauseFunc
	flushed  atomic.Int64 // bytes known to be on the medium
	unsynced atomic.Int64 // bytes beyond these that may be outstanding
	perStep  float64      // seconds that a step of flushing takes now
	ahead    bool         // too much is outstanding
	held     bool         // mksquashfs had to wait for the medium
	stopped  bool         // mksquashfs is
	line     []byte
}

var bar = regexp.MustCompile(`(\d+)/(\d+)\s+(\d+)%\s*$`)

const longestLine = 8 << 10

// Write takes the standard output.
func (m *meter) Write(b []byte) (int, error) {
	for _, c := range b {
		if c != '\n' && c != '\r' {
			if len(m.line) < longestLine {
				m.line = append(m.line, c)
			}
			continue
		}
		m.take(string(m.line))
		m.line = m.line[:0]
	}
	return len(b), nil
}

func (m *meter) take(line string) {
	done, total, ok := readProgress(line)
	if !ok {
		if line = strings.TrimSpace(line); line != "" && m.job.Log != nil {
			m.job.Log(line)
		}
		return
	}
	size := m.size()
	m.report(wire.Progress{Stage: wire.StagePack, Done: done, Total: total, Bytes: size})
	m.project(done, total, size)
}

// readProgress understands both forms; the unit is blocks or percent.
func readProgress(line string) (done, total int64, ok bool) {
	if p, err := strconv.ParseUint(strings.TrimSpace(line), 10, 8); err == nil && p <= 100 {
		return int64(p), 100, true
	}
	match := bar.FindStringSubmatch(line)
	if match == nil {
		return 0, 0, false
	}
	done, err1 := strconv.ParseInt(match[1], 10, 64)
	total, err2 := strconv.ParseInt(match[2], 10, 64)
	return done, total, err1 == nil && err2 == nil && done <= total && total > 0
}

// project stops a run that cannot end well: when the room is used up, or will
// be even if the rest shrinks much better. Names come in alphabetical order,
// so a /home full of photos says little about the programs in /usr; and the
// total counts holes, which need no room.
func (m *meter) project(done, total, size int64) {
	const better = 4
	rest := 0.0
	if done > total/5 {
		rest = float64(size) * float64(total-done) / float64(done) * m.job.Dense / better
	}
	if float64(size)+rest > float64(m.job.Room) {
		m.stop(wire.Fail(wire.FilledUp, fmt.Errorf("%d bytes at %d of %d, room for %d", size, done, total, m.job.Room)))
	}
}

// stderr understands every line that mksquashfs prints on its error output:
// its exit status says nothing about files that it could not read.
type stderr struct {
	log        func(string)
	line       []byte
	tail       []string // the last lines, for the details
	count      int      // of unreadable files
	unreadable []string // at most maxListed of them, quoted
	unknown    []string
	changed    int
	lost       []string
	full       bool
}

const maxListed = 100

func newStderr(log func(string)) *stderr { return &stderr{log: log} }

func (s *stderr) Write(b []byte) (int, error) {
	all := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		part := b
		if i >= 0 {
			part = b[:i]
		}
		s.line = append(s.line, part[:min(len(part), longestLine-min(len(s.line), longestLine))]...)
		if i < 0 {
			return all, nil
		}
		s.end()
		b = b[i+1:]
	}
}

// end takes the line that has come so far.
func (s *stderr) end() {
	line := strings.TrimSpace(string(s.line))
	s.line = s.line[:0]
	if line == "" {
		return
	}
	if s.log != nil {
		s.log(line)
	}
	s.tail = append(s.tail, line)
	if len(s.tail) > 20 {
		s.tail = s.tail[1:]
	}
	s.classify(strings.ReplaceAll(line, viewPrefix, "/"))
}

// unreadableLines are the ways in which mksquashfs 4.4 to 4.7 says that
// something is not in the image as it should be.
var unreadableLines = []*regexp.Regexp{
	regexp.MustCompile(`^Failed to read file (.*), creating empty file$`),
	regexp.MustCompile(`^Failed to read symlink (.*), creating empty symlink$`),
	regexp.MustCompile(`^Could not open (.*), skipping\.*$`),
	regexp.MustCompile(`^Cannot open (.*), skipping\.*$`),
	regexp.MustCompile(`^Cannot stat dir/file (.*?)(?: because .*)?, ignoring$`),
	regexp.MustCompile(`^llistxattr for (.*) failed in \w+, because .*$`),
	regexp.MustCompile(`^lgetxattr failed for (.*) in \w+, because .*$`),
}

var (
	changedLine = regexp.MustCompile(`^(?:[Ff]ile) (.*) changed size while reading filesystem`)
	lostLine    = regexp.MustCompile(`^Unrecognised xattr prefix (\S+)`)
	fullLine    = regexp.MustCompile(`(?i)no space left on device|file too large|disk quota exceeded`)
)

func (s *stderr) classify(line string) {
	for _, re := range unreadableLines {
		if m := re.FindStringSubmatch(line); m != nil {
			s.count++
			s.unreadable = appendCapped(s.unreadable, strconv.Quote(m[1]))
			return
		}
	}
	if changedLine.MatchString(line) {
		s.changed++
	} else if m := lostLine.FindStringSubmatch(line); m != nil {
		if !slices.Contains(s.lost, m[1]) {
			s.lost = appendCapped(s.lost, m[1])
		}
	} else if fullLine.MatchString(line) {
		s.full = true
	} else {
		s.unknown = appendCapped(s.unknown, line)
	}
}

func appendCapped(list []string, s string) []string {
	if len(list) < maxListed {
		list = append(list, s)
	}
	return list
}

func (s *stderr) last() string {
	if len(s.tail) == 0 {
		return "?"
	}
	return s.tail[len(s.tail)-1]
}

func (s *stderr) asError(err error) error {
	return errors.Join(err, errors.New(strings.Join(s.tail, "\n")))
}
