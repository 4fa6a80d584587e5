package live

import (
	"context"
	"fmt"
	"path"
	"strings"

	"io/fs"
	"os"

	"github.com/moby/sys/mountinfo"
)

// reader collects facts; each step uses what the steps before it found.
type reader struct {
	*Facts
	tree   tree
	config Config
	mounts mounts

	squashfs *mountinfo.Info // the mounted linuxfs; nil when not found
	backing  string          // its file; "" when unknown
	deleted  bool            // the name of that file is gone
	file     fs.FileInfo     // that file; nil when it cannot be opened
}

// Read collects the facts below root; "" and "/" are the real system. What
// cannot be read or makes no sense is in Facts.Problems, and the error is only
// for a root that is no directory and for the context.
func Read(ctx context.Context, root string) (Facts, error) {
	root = strings.TrimRight(root, "/")
	if info, err := os.Stat(root + "/"); err != nil {
		return Facts{}, fmt.Errorf("cannot read the system at %s: %w", root, err)
	} else if !info.IsDir() {
		return Facts{}, fmt.Errorf("cannot read the system at %s: %w", root, fs.ErrInvalid)
	}
	var f Facts
	r := &reader{Facts: &f, tree: tree{root}}
	for _, step := range []func(){
		r.findConfig, r.findMounts, r.findUnion, r.findHome, r.findPersistence,
		r.findLive, r.findNames, r.findVersions, r.findKernels,
	} {
		if err := ctx.Err(); err != nil {
			return Facts{}, fmt.Errorf("cannot read the system: %w", err)
		}
		step()
	}
	return f, nil
}

// findConfig reads the configuration, and what only it tells.
func (r *reader) findConfig() {
	at, c, problems, err := readConfig(r.tree)
	r.Live, r.ConfigPath, r.Config, r.config = at != "", at, c, c
	r.Problems = append(r.Problems, problems...)
	if err != nil {
		r.fail(err)
	}
	if !r.Live {
		return
	}
	r.Generation = c.generation()
	if r.LiveDir = c["LIVE_DIR"]; r.LiveDir == "" && at != oldConfigPath {
		r.LiveDir = r.tree.resolved("/live")
	}
	r.Remasterable = c.True("REMASTERABLE") || path.Base(at) == liveConf ||
		r.tree.exists(path.Join(path.Dir(at), "remasterable")) // §0.2, §1
	r.DidRemaster, r.DidRollback = c.True("DID_REMASTER"), c.True("DID_ROLLBACK")
	r.VIDError = c["VID_ERROR"]
}

// findMounts reads the mount table and the kernel's command line.
func (r *reader) findMounts() {
	var err error
	if r.mounts, err = readMounts(r.tree); err != nil {
		r.problem("%v", err)
	}
	cmdline, err := r.tree.read("/proc/cmdline", 64<<10)
	if err != nil {
		r.problem("%v", err)
	}
	r.NoRemaster, r.Rollback = bootWords(string(cmdline))
}

// findLive looks for the image and its device, which only a live system has.
func (r *reader) findLive() {
	if r.Live {
		r.findImage()
		r.findBoot()
		r.findLoader()
	}
}

func (r *reader) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// fail notes an error that makes the configuration unusable.
func (r *reader) fail(err error) {
	r.problem("%v", err)
	if r.ConfigError == nil {
		r.ConfigError = err
	}
}

// NextBoot tells what a plain boot, without any options, would do to the
// directory of the linuxfs.
func (f Facts) NextBoot() Outcome {
	if f.Entries == nil {
		return Outcome{Kind: OutcomeUnknown}
	}
	return NextBoot(f.Entries, BootOptions{Generation: f.Generation, Name: f.Plain.Name, Remasterable: f.Remasterable})
}
