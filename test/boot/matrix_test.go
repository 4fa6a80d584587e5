package boot_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/test/boot"
)

// state is a boot directory to be: what each name is. A file "a/b" makes the
// directory not empty.
type state map[string]live.NameKind

// scenario is one state and one way to boot it.
type scenario struct {
	state state
	opts  live.BootOptions
}

func (s scenario) String() string { return fmt.Sprintf("%+v %v", s.opts, s.state) }

// make creates the state in dir. The targets of links are outside of it; a
// link to a directory has one of its own.
func (s state) make(dir, targets string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	for name, kind := range s {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		var err error
		switch kind {
		case live.KindFile:
			err = os.WriteFile(path, []byte(name), 0o644)
		case live.KindDir:
			err = os.MkdirAll(path, 0o755)
		case live.KindLink:
			err = linkTo(path, filepath.Join(targets, name), state{"": live.KindFile})
		case live.KindDirLink:
			err = linkTo(path, filepath.Join(targets, name), state{"": live.KindDir})
		case live.KindDangling:
			err = os.Symlink(filepath.Join(targets, "nothing"), path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// linkTo makes the target and a link to it.
func linkTo(path, target string, what state) error {
	if err := what.make(target, ""); err != nil {
		return err
	}
	return os.Symlink(target, path)
}

// inodes maps every name below dir to its inode: who is who after renames.
// Links to directories are looked into.
func inodes(dir string) (map[string]uint64, error) {
	found := map[string]uint64{}
	return found, addInodes(found, dir, "")
}

func addInodes(found map[string]uint64, dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		found[prefix+e.Name()] = info.Sys().(*syscall.Stat_t).Ino
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if err := addInodes(found, path, prefix+e.Name()+"/"); err != nil {
				return err
			}
		}
	}
	return nil
}

// replay does the predicted steps on the names, without any rule of its own.
func replay(names map[string]uint64, steps []live.Rename) map[string]uint64 {
	now := maps.Clone(names)
	within := func(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }
	for _, s := range steps {
		before := maps.Clone(now)
		maps.DeleteFunc(now, func(name string, _ uint64) bool { return within(name, s.From) || within(name, s.To) && s.To != "" })
		for name, inode := range before {
			if s.To != "" && within(name, s.From) {
				now[s.To+strings.TrimPrefix(name, s.From)] = inode
			}
		}
	}
	return now
}

// check swaps for real and compares with the prediction; "" means equal.
func (s scenario) check(t *testing.T, dir, targets string) string {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err.Error()
	}
	if err := s.state.make(dir, targets); err != nil {
		return err.Error()
	}
	before, err := inodes(dir)
	if err != nil {
		return err.Error()
	}
	want := live.NextBoot(live.Dir(s.state), s.opts)
	r, err := boot.SwapOnly(t.Context(), dir, boot.SwapOptions{
		Generation: int(s.opts.Generation), Name: s.opts.Name, NoRemaster: s.opts.NoRemaster,
		Rollback: s.opts.Rollback, Unremasterable: !s.opts.Remasterable,
	})
	if err != nil {
		return err.Error()
	}
	if got := kindOf(r, want); got != want.Kind || r.Blocked != want.Blocking {
		return fmt.Sprintf("it did %q (blocked by %q), predicted %q (%q)", got, r.Blocked, want.Kind, want.Blocking)
	}
	after, err := inodes(dir)
	if err != nil {
		return err.Error()
	}
	predicted := replay(before, want.Steps)
	if !maps.Equal(after, predicted) {
		return fmt.Sprintf("after it %v, predicted %v (%s)", after, predicted, r.Console)
	}
	for name := range want.Apply(live.Dir(s.state)) {
		if _, ok := after[name]; !ok {
			return fmt.Sprintf("Apply has %s, which is not there: %v", name, after)
		}
	}
	return ""
}

// kindOf names what happened in the words of the prediction; where nothing
// happened there is nothing to see of the reason.
func kindOf(r boot.Result, want live.Outcome) live.OutcomeKind {
	switch {
	case r.Fatal != "":
		return live.OutcomeMissing
	case r.DidRemaster:
		return live.OutcomeSwap
	case r.DidRollback:
		return live.OutcomeRollback
	case r.NoOld:
		return live.OutcomeNoOld
	case r.Blocked != "":
		return live.OutcomeBlocked
	}
	switch want.Kind {
	case live.OutcomeNone, live.OutcomeNoRemaster, live.OutcomeFixed:
		return want.Kind
	}
	return live.OutcomeNone
}

// memoryDir is a temporary directory in memory: thousands of small files on a
// busy disk take minutes. What a rename does is the same everywhere.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "swap-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// checkAll runs the scenarios on all processors and reports the first few
// that differ.
func checkAll(t *testing.T, all []scenario) {
	t.Helper()
	root, jobs, failed := memoryDir(t), make(chan int), 0
	var group sync.WaitGroup
	var mutex sync.Mutex
	for range runtime.NumCPU() {
		group.Go(func() {
			for i := range jobs {
				dir := filepath.Join(root, fmt.Sprint(i))
				problem := all[i].check(t, filepath.Join(dir, "stick"), filepath.Join(dir, "targets"))
				os.RemoveAll(dir)
				mutex.Lock()
				if problem != "" {
					if failed++; failed <= 5 {
						t.Errorf("%v: %s", all[i], problem)
					}
				}
				mutex.Unlock()
			}
		})
	}
	for i := range all {
		jobs <- i
	}
	close(jobs)
	group.Wait()
	t.Logf("%d states, %d differ", len(all), failed)
	if len(all) == 0 {
		t.Error("nothing was compared")
	}
}

// ways are the boots every state is tried with.
func ways(name string) []live.BootOptions {
	var all []live.BootOptions
	for _, gen := range []live.Generation{live.Gen2016, live.Gen2023} {
		o := live.BootOptions{Generation: gen, Name: name, Remasterable: true}
		all = append(all, o)
		o.Rollback = true
		all = append(all, o)
		o.NoRemaster = true
		all = append(all, o)
		o.Rollback = false
		all = append(all, o, live.BootOptions{Generation: gen, Name: name})
	}
	return all
}

// TestSwapLinuxfs compares real swaps with core/live for every combination
// of what the linuxfs itself and its relatives can be.
func TestSwapLinuxfs(t *testing.T) {
	const absent = live.NameKind("")
	var all []scenario
	for _, current := range []live.NameKind{live.KindFile, live.KindLink, live.KindDangling, absent} {
		for _, next := range []live.NameKind{live.KindFile, live.KindLink, live.KindDangling, absent} {
			for _, old := range []live.NameKind{live.KindFile, live.KindLink, live.KindDangling, live.KindDir, absent} {
				for _, bad := range []live.NameKind{live.KindFile, live.KindDangling, live.KindDir, absent} {
					s := state{"linuxfs": current, "linuxfs.new": next, "linuxfs.old": old, "linuxfs.bad": bad, "linuxfs.bak": bad}
					maps.DeleteFunc(s, func(_ string, k live.NameKind) bool { return k == absent })
					for _, way := range ways("linuxfs") {
						all = append(all, scenario{s, way})
					}
				}
			}
		}
	}
	checkAll(t, all)
}

// TestSwapCompanions does it for the companions: in each state every
// companion has another of the 32 patterns of .new, .old, .bad and .bak.
func TestSwapCompanions(t *testing.T) {
	names := []string{"rootfs", "xtra", "deb", "xtra.tgz", "linuxfs.md5", "state", "homefs"}
	kinds := []live.NameKind{live.KindFile, live.KindDir, live.KindLink, live.KindDirLink, live.KindDangling}
	var all []scenario
	for pattern := range 32 {
		for shift := range kinds {
			for _, full := range []bool{false, true} {
				s := state{}
				for i, name := range names {
					kind := kinds[(i+shift)%len(kinds)]
					s.companion(name, kind, (pattern+i*5)%32, full)
				}
				all = append(all, withLinuxfs(s, "linuxfs")...)
			}
		}
	}
	checkAll(t, all)
}

// companion adds the relatives of the name whose bits are set in pattern.
func (s state) companion(name string, kind live.NameKind, pattern int, full bool) {
	for bit, suffix := range []string{"", ".new", ".old", ".bad", ".bak"} {
		if pattern&(1<<bit) == 0 {
			continue
		}
		s[name+suffix] = kind
		if full && kind == live.KindDir {
			s[name+suffix+"/content"] = live.KindFile
		}
	}
}

// withLinuxfs adds what makes a swap and a rollback happen.
func withLinuxfs(s state, name string) []scenario {
	armed, back := maps.Clone(s), maps.Clone(s)
	armed[name], armed[name+".new"] = live.KindFile, live.KindFile
	back[name], back[name+".old"] = live.KindFile, live.KindFile
	var all []scenario
	for _, way := range ways(name) {
		if way.Rollback {
			all = append(all, scenario{back, way})
		} else {
			all = append(all, scenario{armed, way})
		}
	}
	return all
}

// TestSwapNames does it for other names of the linuxfs: linuxfs.md5 stays
// what it is called, whatever the linuxfs is.
func TestSwapNames(t *testing.T) {
	var all []scenario
	for _, name := range []string{"linuxfs.e16", "custom.sq", "linuxfs.old"} {
		for pattern := range 32 {
			s := state{}
			for i, companion := range []string{"linuxfs.md5", name + ".md5", "state", "xtra", "deb"} {
				s.companion(companion, live.KindFile, (pattern+i*7)%32, false)
			}
			all = append(all, withLinuxfs(s, name)...)
		}
	}
	checkAll(t, all)
}

// TestSwapNested is what 2016 leaves behind: a directory that was moved into
// an older one, and then the same once more.
func TestSwapNested(t *testing.T) {
	var all []scenario
	for _, name := range []string{"deb", "xtra", "rootfs", "state"} {
		for _, suffix := range []string{".old", ".bad", ".bak"} {
			for _, inner := range []string{name, name + ".new", name + ".old", name + ".bad"} {
				s := state{name: live.KindDir, name + "/content": live.KindFile, name + suffix: live.KindDir,
					name + suffix + "/" + inner: live.KindDir, name + suffix + "/" + inner + "/content": live.KindFile}
				all = append(all, withLinuxfs(s, "linuxfs")...)
			}
		}
	}
	checkAll(t, all)
}
