package live

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

const maxLinks = 40 // as Linux does before ELOOP

// tree is a directory taken as the root: links in it, absolute ones too, lead
// to places in it. The real system is tree{""}.
type tree struct{ root string }

// resolve returns path without any link in it. When a part does not exist the
// error wraps fs.ErrNotExist and the path is resolved as far as possible.
// Only the named path is walked, so the "live -> ." inside the live directory
// (contract §1.1) can never lead in circles.
func (t tree) resolve(name string) (string, error) {
	at, todo, links := "/", strings.Split(name, "/"), 0
	for len(todo) > 0 {
		next := path.Join(at, todo[0]) // Join also climbs for ".."
		todo = todo[1:]
		info, err := os.Lstat(t.root + next)
		if err != nil {
			return path.Join(append([]string{next}, todo...)...), fmt.Errorf("cannot find %s: %w", name, bare(err))
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(t.root + next)
		if links++; err != nil || links > maxLinks {
			return name, fmt.Errorf("cannot follow the links of %s: %w", name, errors.Join(fs.ErrInvalid, bare(err)))
		}
		if path.IsAbs(target) {
			at = "/"
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return at, nil
}

// resolved is resolve for places that need not exist.
func (t tree) resolved(name string) string {
	if name == "" {
		return ""
	}
	to, _ := t.resolve(name)
	return to
}

// bare removes the path from a system error: the callers name it as seen from
// the root, which is what the user knows.
func bare(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// open opens a regular file. It never waits, as an open of a pipe would.
func (t tree) open(name string) (*os.File, fs.FileInfo, error) {
	real, err := t.resolve(name)
	if err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(t.root+real, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open %s: %w", name, bare(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file: %w", fs.ErrInvalid)
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("cannot open %s: %w", name, bare(err))
	}
	return f, info, nil
}

// read returns at most limit bytes of a regular file.
func (t tree) read(name string, limit int64) ([]byte, error) {
	f, _, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, bare(err))
	}
	return b, nil
}

// line returns the first line of a small file, "" when it cannot be read.
func (t tree) line(name string) string {
	b, err := t.read(name, 4096)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return first
}

// list returns the entries of a directory, sorted by name.
func (t tree) list(name string) ([]fs.DirEntry, error) {
	real, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(t.root + real)
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", name, bare(err))
	}
	return entries, nil
}

func (t tree) exists(name string) bool {
	_, err := t.resolve(name)
	return err == nil
}

// kind tells what a name is, links looked through.
func (t tree) kind(name string) NameKind {
	info, err := os.Lstat(t.root + name)
	if err != nil {
		return KindDangling
	}
	link := info.Mode()&fs.ModeSymlink != 0
	if link {
		real, err := t.resolve(name)
		if err == nil {
			info, err = os.Lstat(t.root + real)
		}
		if err != nil {
			return KindDangling
		}
	}
	switch {
	case info.IsDir() && link:
		return KindDirLink
	case info.IsDir():
		return KindDir
	case link:
		return KindLink
	}
	return KindFile
}

// size is that of a regular file, links followed; 0 when there is none.
func (t tree) size(name string) int64 {
	real, err := t.resolve(name)
	if err != nil {
		return 0
	}
	info, err := os.Lstat(t.root + real)
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// readlink returns the target of a link, and whether name is one.
func (t tree) readlink(name string) (target string, link bool) {
	target, err := os.Readlink(t.root + name)
	return target, err == nil
}
