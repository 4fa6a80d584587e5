package livesys

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Path is the host's path of an absolute path inside.
func (s *System) Path(path string) string { return filepath.Join(s.Root(), path) }

// CopyIn copies a host file into the system (its upper layer), making
// directories as needed.
func (s *System) CopyIn(hostPath, path string, mode fs.FileMode) error {
	target := s.Path(path)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("cannot copy into the live system: %w", err)
	}
	if err := copyFile(hostPath, target); err != nil {
		return fmt.Errorf("cannot copy into the live system: %w", err)
	}
	return os.Chmod(target, mode)
}

// stickRoot is the host's path to the mounted stick.
func (s *System) stickRoot() string { return s.Path(s.LiveDir + "/boot-dev") }

// StickPath is the host's path of a name beside the linuxfs ("linuxfs.new"),
// or with a leading slash of a path from the stick's root. It exists while
// the system runs and the stick is mounted.
func (s *System) StickPath(name string) string {
	if strings.HasPrefix(name, "/") {
		return filepath.Join(s.stickRoot(), name)
	}
	return filepath.Join(s.stickRoot(), s.BootDir, name)
}

// StickLs lists the names beside the linuxfs, sorted; directories end in "/",
// links in "@".
func (s *System) StickLs() ([]string, error) {
	entries, err := os.ReadDir(s.StickPath("."))
	var names []string
	for _, e := range entries {
		suffix := map[fs.FileMode]string{fs.ModeDir: "/", fs.ModeSymlink: "@"}[e.Type()]
		names = append(names, e.Name()+suffix)
	}
	return names, err
}

// ReadStick reads a file of the stick; see StickPath for the name.
func (s *System) ReadStick(name string) ([]byte, error) { return os.ReadFile(s.StickPath(name)) }

// Sha returns the SHA-256 in hex of a file of the stick.
func (s *System) Sha(name string) (string, error) {
	f, err := os.Open(s.StickPath(name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// CopyStick copies the stick image as it is right now, for example to boot it
// without ending the system. Programs inside should have synced.
func (s *System) CopyStick(ctx context.Context, to string) error {
	return command(ctx, io.Discard, "cp", "--sparse=always", "--reflink=auto", s.Stick, to)
}
