package script

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"antix-remaster/test/boot"
	"antix-remaster/test/livesys"
)

// remember takes down the stick and the mounts, for "same".
func (w *world) remember(ts *testscript.TestScript) {
	w.before, w.mounts = w.stickState(ts), w.mountState(ts)
}

// stickState lists the whole stick, and a second disk: name, type, mode, owner,
// size, inode and content.
func (w *world) stickState(ts *testscript.TestScript) []string {
	lines := treeState(ts, w.StickPath("/"), "")
	if w.PersistDisk && (w.StaticRoot || w.DynamicRoot) {
		lines = append(lines, treeState(ts, w.Path(w.LiveDir+"/persist-dev"), "persist:")...)
	}
	return lines
}

func treeState(ts *testscript.TestScript, root, prefix string) (lines []string) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		line := prefix + fmt.Sprintf("%s %v %d:%d ino=%d", strings.TrimPrefix(path, root), info.Mode(), st.Uid, st.Gid, st.Ino)
		if info.Mode().IsRegular() {
			sum, err := fileSum(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d %s", info.Size(), sum)
		}
		lines = append(lines, line)
		return nil
	})
	ts.Check(err)
	return lines
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

// mountState is the mount table of the system, without the ids.
func (w *world) mountState(ts *testscript.TestScript) string {
	out, err := w.Shell(context.Background(), "sed -E 's/^[0-9]+ [0-9]+ //' /proc/1/mountinfo")
	ts.Check(err)
	return out
}

// cmdSame holds that nothing changed on the stick since "live", "again" or
// "same new", and that nothing of ours is left; the words after it name what
// may have come or gone.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	cmdQuiet(ts, false, nil)
	if len(args) == 1 && args[0] == "new" {
		w.remember(ts)
		return
	}
	now := w.stickState(ts)
	for _, diff := range differences(w.before, now) {
		if !slices.ContainsFunc(args, func(a string) bool { return strings.Contains(diff, a) }) {
			ts.Fatalf("the stick changed:\n%s", diff)
		}
	}
}

func differences(a, b []string) []string {
	var out []string
	for _, line := range a {
		if !slices.Contains(b, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			out = append(out, "+ "+line)
		}
	}
	return out
}

// cmdQuiet holds that nothing of ours runs, is mounted, locked or half done.
// The directory in /run is ours for as long as the system runs, and empty.
func cmdQuiet(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	const left = `
for p in /proc/[0-9]*; do
  exe=$(readlink $p/exe) || continue
  case $exe in *antix-remaster-helper*|*/mksquashfs*) echo "running: $exe" ;; esac
done
[ ! -e ` + "$LIVE" + `/config/locked ] || echo "lock: $(cat ` + "$LIVE" + `/config/locked)"
ls -A /run/antix-remaster 2>/dev/null || true
cd ` + "$STICK" + ` 2>/dev/null || exit 0; ls -d *.part remaster.* archive/*.part 2>/dev/null || true
cd ` + "$AWAY" + ` 2>/dev/null || exit 0; ls -d *.part remaster.* archive/*.part 2>/dev/null || true
`
	script := strings.NewReplacer("$LIVE", w.LiveDir, "$STICK", w.LiveDir+"/boot-dev/"+w.BootDir, "$AWAY", w.AwayDir()).Replace(left)
	var out string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		out, err = w.Shell(context.Background(), script)
		ts.Check(err)
		if out == "" {
			break
		}
	}
	if out != "" {
		ts.Fatalf("something is left:\n%s", out)
	}
	if now := w.mountState(ts); now != w.mounts {
		ts.Fatalf("the mounts changed:\n%s\n%s", w.mounts, now)
	}
}

// cmdChoose ends the live system, chooses an entry of the stick's boot menu as
// the boot loader does, and boots with its options: choose grub|syslinux [ID].
func cmdChoose(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	id := strings.Join(args[1:], "")
	var c boot.Choice
	var err error
	if args[0] == "grub" {
		ts.Check(w.Shutdown())
		c, err = boot.ChooseGRUB(context.Background(), w.LoaderImage(), id)
	} else {
		root := w.StickPath("/")
		if w.Encrypted {
			root = w.Path(w.LiveDir + "/bios-dev")
		}
		c, err = boot.ChooseSyslinux(root, id)
	}
	ts.Check(err)
	want := "/" + w.BootDir + "/vmlinuz"
	if c.Kernel != want || c.Initrd != "/"+w.BootDir+"/initrd.gz" {
		ts.Fatalf("the menu loads %+v", c)
	}
	cmdBoot(ts, neg, c.Options)
}

// cmdBoot ends the live system, boots its stick in User-Mode-Linux with the
// given boot options, and prints what happened, one fact a line.
func cmdBoot(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	ts.Check(w.Shutdown())
	o := boot.Options{Generation: w.Generation, Persist: w.Persist, Cmdline: args, LogDir: ts.Getenv("WORK"),
		Show: []string{"/etc/motd", "/usr/share/livesys-added/file", "stick:/" + w.BootDir + "/linuxfs.md5"}}
	for key, value := range map[string]string{"sqname": w.SqName, "sqext": w.SqExt} {
		if value != "" {
			o.Cmdline = append(o.Cmdline, key+"="+value)
		}
	}
	if w.PersistDir != w.BootDir {
		o.Cmdline = append(o.Cmdline, "pdir="+w.PersistDir)
	}
	if w.BootDir != "antiX" {
		o.Cmdline = append(o.Cmdline, "bdir="+w.BootDir)
	}
	r, err := boot.Boot(context.Background(), w.Stick, o)
	ts.Check(err)
	out := ts.Stdout()
	fmt.Fprintf(out, "VID %s\nremaster %v\nrollback %v\nblocked %s\nfatal %s\nuserland %v\npersist %s\n", r.VID, r.DidRemaster, r.DidRollback, r.Blocked, r.Fatal, r.Userland, r.Persist)
	for _, name := range r.Names() {
		fmt.Fprintf(out, "name %s\n", name)
	}
	for _, name := range r.PersistNames() {
		fmt.Fprintf(out, "away %s\n", name)
	}
	for path, text := range r.Files {
		fmt.Fprintf(out, "file %s %q\n", path, text)
	}
	ts.Setenv("VID", r.VID)
}

// cmdAgain starts the live system again from the stick as a boot left it:
// again [remaster|rollback] [no-persist|static-root].
func cmdAgain(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	ts.Check(w.Restart(context.Background(), func(o *livesys.Options) {
		o.DidRemaster = slices.Contains(args, "remaster")
		o.DidRollback = slices.Contains(args, "rollback")
		o.StaticRoot = (o.StaticRoot || slices.Contains(args, "static-root")) && !slices.Contains(args, "no-persist")
	}))
	ts.Check(w.InstallProgram(programs))
	w.remember(ts)
}
