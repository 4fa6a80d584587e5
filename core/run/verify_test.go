package run

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

func packed(t *testing.T) []byte {
	t.Helper()
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "linuxfs")
	must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o644))
	msg, err := exec.Command("mksquashfs", dir, out, "-noappend", "-quiet", "-no-progress", "-comp", "xz").CombinedOutput()
	if err != nil {
		t.Fatalf("mksquashfs: %v\n%s", err, msg)
	}
	b, err := os.ReadFile(out)
	must(t, err)
	return b
}

// TestWhatIsDamage: what this computer lacks says nothing about an image, and
// is not written down as damage of it.
func TestWhatIsDamage(t *testing.T) {
	whole := packed(t)
	super, err := squashfs.ReadSuper(bytes.NewReader(whole))
	must(t, err)
	torn := bytes.Clone(whole)
	for i := super.InodeTable; i < super.DirTable; i++ {
		torn[i] ^= 0x5a
	}
	lzma := bytes.Clone(whole)
	lzma[20] = 2 // which our own reader does not know either
	wrap := func(err error) error { return fmt.Errorf("cannot mount /dev/loop0: %w", err) }
	for name, c := range map[string]struct {
		image []byte
		err   error
		want  wire.Code
	}{
		"no loop device": {whole, errors.New("cannot get a free loop device"), wire.CannotVerify},
		"no memory":      {whole, wrap(unix.ENOMEM), wire.CannotVerify},
		"no compressor":  {whole, wrap(unix.EINVAL), wire.CannotVerify},
		"nor we":         {lzma, wrap(unix.EINVAL), wire.CannotVerify},
		"medium":         {whole, wrap(unix.EIO), wire.VerifyFailed},
		"torn":           {torn, wrap(unix.EINVAL), wire.VerifyFailed},
	} {
		e := wire.AsError(unmounted("linuxfs.old", bytes.NewReader(c.image), c.err))
		if e.Code != c.want || len(e.Args) != 2 || !errors.Is(e, c.err) {
			t.Errorf("%s: %v, want %s", name, e, c.want)
		}
	}
	for err, want := range map[error]wire.Code{unix.EIO: wire.VerifyFailed, unix.EINVAL: wire.VerifyFailed, unix.ENOMEM: wire.CannotVerify, unix.EMFILE: wire.CannotVerify} {
		if e := wire.AsError(unread("linuxfs.old", wrap(err))); e.Code != want {
			t.Errorf("%v: %v, want %s", err, e, want)
		}
	}
}
