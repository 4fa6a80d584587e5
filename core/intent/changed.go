package intent

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"antix-remaster/core/plan"
)

// ChangedSince names the files of the running system that changed after t and
// that an image of this plan would carry: the first limit of them as
// "/etc/hosts", and how many there are. Directories and what was deleted do
// not count. It looks at the upper layer of the union, by the change time that
// no program can set, and needs no privilege: what cannot be read is left out.
// The names are as somebody chose them: words.Clean makes them fit to show.
func (i Intent) ChangedSince(ctx context.Context, t time.Time, limit int) (names []string, all int) {
	if i.Facts.Union.Upper == "" {
		return nil, 0
	}
	c := changes{ctx: ctx, since: t, limit: limit, aufs: i.Facts.Union.Type == "aufs"}
	c.dir(i.Facts.Union.Upper, "/", plan.Compile(i.Plan.Patterns))
	return c.names, c.all
}

type changes struct {
	ctx   context.Context
	since time.Time
	limit int
	aufs  bool
	names []string
	all   int
}

func (c *changes) dir(dir, at string, rules plan.Rules) {
	if c.ctx.Err() != nil {
		return
	}
	entries, _ := os.ReadDir(dir) // as many as can be read
	for _, e := range entries {
		below, excluded := rules.Enter(e.Name())
		if excluded || c.aufs && strings.HasPrefix(e.Name(), ".wh.") {
			continue
		}
		if e.IsDir() {
			c.dir(filepath.Join(dir, e.Name()), path.Join(at, e.Name()), below)
		} else if c.changed(e) {
			c.add(path.Join(at, e.Name()))
		}
	}
}

func (c *changes) changed(e fs.DirEntry) bool {
	info, err := e.Info()
	if err != nil {
		return false // gone by now
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode()&fs.ModeCharDevice != 0 && st.Rdev == 0 { // an overlay's mark of a deleted file
		return false
	}
	return time.Unix(st.Ctim.Unix()).After(c.since)
}

func (c *changes) add(name string) {
	if c.all++; len(c.names) < c.limit {
		c.names = append(c.names, name)
	}
}
