// Package script runs the command line inside of real live systems, as scripts
// that read like a user's session: testdata/*.txtar. Every script starts with
// "live", and most end with "same": nothing lost, nothing left.
package script

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"antix-remaster/test/livesys"
)

// programs is the directory of the freshly built programs.
var programs string

func TestMain(m *testing.M) {
	os.Exit(livesys.WithPrograms(func(dir string) int {
		programs = dir
		return m.Run()
	}))
}

func TestScripts(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("these tests need root: they mount, and start namespaces")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"live": cmdLive, "cli": cmdCLI, "as": cmdAs, "sh": cmdShell, "stick": cmdStick, "same": cmdSame,
			"boot": cmdBoot, "choose": cmdChoose, "again": cmdAgain, "polkit": cmdPolkit, "quiet": cmdQuiet, "iso": cmdISO, "bg": cmdBackground, "wait-bg": cmdWait, "at": cmdAt, "away": cmdAway,
		},
		RequireUniqueNames: true,
	})
}

// world is what a script works on.
type world struct {
	*livesys.System
	before  []string // the stick as "live" or "again" found it
	mounts  string
	running []*exec.Cmd // of "bg"
}

var worlds = map[*testscript.TestScript]*world{}

func of(ts *testscript.TestScript) *world {
	w := worlds[ts]
	if w == nil {
		ts.Fatalf("the script must start with live")
	}
	return w
}

// cmdLive starts a live system: live [word|word=value]...
func cmdLive(ts *testscript.TestScript, neg bool, args []string) {
	o := livesys.Options{Log: os.Stderr}
	var changes, livecd bool
	for _, arg := range args {
		switch arg {
		case "changes":
			changes = true
		case "mini":
			o.BaseImage = miniBase(ts)
		case "livecd":
			livecd = true
		default:
			ts.Check(option(&o, arg))
		}
	}
	sys, err := livesys.New(context.Background(), o)
	ts.Check(err)
	w := &world{System: sys}
	worlds[ts] = w
	ts.Defer(func() {
		delete(worlds, ts)
		if err := sys.Stop(); err != nil {
			ts.Logf("cannot stop the live system: %v", err)
		}
	})
	ts.Check(sys.InstallProgram(programs))
	if livecd {
		ts.Check(sys.InstallLiveCDTools())
	}
	if changes {
		ts.Check(sys.MakeChanges(context.Background()))
	}
	w.remember(ts)
}

// miniBase is a tiny system that remasters itself in a moment.
func miniBase(ts *testscript.TestScript) string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	ts.Check(err)
	mksquashfs, err := exec.LookPath("mksquashfs")
	ts.Check(err)
	blkid, err := exec.LookPath("blkid")
	ts.Check(err)
	image := filepath.Join(ts.Getenv("WORK"), "mini")
	_, err = livesys.MiniImage(context.Background(), image, livesys.Mini{Title: "Fresh install", Release: strings.TrimSpace(string(release)),
		Programs: map[string]string{"/usr/bin/mksquashfs": mksquashfs, "/usr/sbin/blkid": blkid}})
	ts.Check(err)
	return image
}

func option(o *livesys.Options, arg string) error {
	key, value, _ := strings.Cut(arg, "=")
	flags := map[string]*bool{"companions": &o.Companions, "static-root": &o.StaticRoot, "dynamic-root": &o.DynamicRoot,
		"home": &o.HomePersist, "read-only": &o.ReadOnlyStick, "not-remasterable": &o.NotRemasterable, "from-iso": &o.FromISO,
		"toram": &o.ToRAM, "persist-disk": &o.PersistDisk,
		"encrypted": &o.Encrypted, "bios-unmounted": &o.BIOSUnmounted}
	words := map[string]*string{"sqext": &o.SqExt, "sqname": &o.SqName, "link": &o.LinkScheme, "live-dir": &o.LiveDir,
		"bdir": &o.BootDir, "cmdline": &o.Cmdline, "vid-error": &o.VIDError, "persist-dir": &o.PersistDir}
	var err error
	switch {
	case flags[key] != nil:
		*flags[key] = true
	case words[key] != nil:
		*words[key] = value
	case key == "leftovers":
		o.Leftovers = strings.Split(value, ",")
	case key == "generation":
		o.Generation, err = strconv.Atoi(value)
	case key == "size":
		o.StickSize, err = strconv.ParseInt(value, 10, 64)
		o.StickSize <<= 20
	default:
		err = fmt.Errorf("unknown option %q of live", arg)
	}
	return err
}

// cmdCLI runs the command line as root and expects an exit status:
// cli STATUS ARGS...
func cmdCLI(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	expect(ts, w, w.Command(context.Background(), append([]string{"antix-remaster-cli"}, args[1:]...)...), args[0])
}

// cmdAs runs any command as the user demo: as STATUS COMMAND...
func cmdAs(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	// pkexec wants a parent of its own process namespace: the shell.
	inside := append([]string{"sh", "-c", `"$@"; exit $?`, "sh"}, args[1:]...)
	expect(ts, w, w.CommandAs(context.Background(), 1000, inside...), args[0])
}

func expect(ts *testscript.TestScript, w *world, cmd *exec.Cmd, status string) {
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	err := w.RunCommand(cmd)
	got := "0"
	if err != nil {
		got = "?"
		if cmd.ProcessState != nil {
			got = strconv.Itoa(cmd.ProcessState.ExitCode())
		}
	}
	if got != status {
		ts.Fatalf("%q ended with %s instead of %s (%v)", cmd.Args, got, status, err)
	}
}

// cmdShell runs a shell script inside as root; "! sh" expects it to fail.
func cmdShell(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	cmd := w.Command(context.Background(), "sh", "-ec", strings.Join(args, " "))
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	if err := w.RunCommand(cmd); (err != nil) != neg {
		ts.Fatalf("%q: %v", args, err)
	}
}

// cmdBackground starts a shell script inside; wait-bg waits for all of them.
func cmdBackground(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	cmd := w.Command(context.Background(), "sh", "-ec", strings.Join(args, " "))
	ts.Check(w.Start(cmd))
	w.running = append(w.running, cmd)
	ts.Defer(func() { // a child that nobody waits for would keep the system from ending
		cmd.Process.Kill()
		cmd.Wait()
	})
}

func cmdWait(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	for _, cmd := range w.running {
		if err := cmd.Wait(); (err != nil) != neg {
			ts.Fatalf("%q: %v", cmd.Args, err)
		}
	}
	w.running = nil
}

// cmdStick holds that names are beside the linuxfs, or with "!" that they are
// not.
func cmdStick(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	for _, name := range args {
		matches, err := filepath.Glob(w.StickPath(name))
		ts.Check(err)
		if (len(matches) > 0) == neg {
			names, _ := w.StickLs()
			ts.Fatalf("%s on the stick: %v; there are %q", name, !neg, names)
		}
	}
}

// cmdAway is cmdStick for the directory of a rootfs that does not lie beside the
// linuxfs.
func cmdAway(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	for _, name := range args {
		matches, err := filepath.Glob(w.Path(filepath.Join(w.AwayDir(), name)))
		ts.Check(err)
		if (len(matches) > 0) == neg {
			names, _ := filepath.Glob(w.Path(w.AwayDir()) + "/*")
			ts.Fatalf("%s beside the rootfs: %v; there are %q", name, !neg, names)
		}
	}
}

// cmdPolkit starts the system bus and polkitd: polkit yes|no|ask.
func cmdPolkit(ts *testscript.TestScript, neg bool, args []string) {
	answers := map[string]livesys.Answer{"yes": livesys.Authorised, "no": livesys.Denied, "ask": livesys.AskAdmin}
	ts.Check(of(ts).StartPolkit(context.Background(), answers[args[0]]))
}
