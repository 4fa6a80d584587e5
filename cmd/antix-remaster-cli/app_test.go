package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/intent"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// The test program is also the real command line and a helper that works until
// it is cancelled, when it is started under their names.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "antix-remaster-cli":
		main()
	case "antix-remaster-helper":
		_ = wire.Serve(context.Background(), os.Stdin, os.Stdout, func(ctx context.Context, _ wire.Request, out *wire.Out) (any, error) {
			out.Progress(wire.Progress{Stage: wire.StagePack, Done: 1, Total: 100})
			<-ctx.Done()
			time.Sleep(200 * time.Millisecond) // cleaning up takes a while
			return nil, wire.Fail(wire.Cancelled, ctx.Err())
		})
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// installed copies this program as a command line and a helper into a prefix.
func installed(t *testing.T) (cli string) {
	t.Helper()
	if !sys.IsRoot() {
		t.Fatal("needs root, as the helper is started directly")
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "bin")
	for _, name := range []string{"antix-remaster-cli", "antix-remaster-helper"} {
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bin, name), self, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(bin, "antix-remaster-cli")
}

func TestInterrupt(t *testing.T) {
	cli := installed(t)
	for name, signals := range map[string][]syscall.Signal{"Ctrl-C": {syscall.SIGINT}, "twice": {syscall.SIGINT, syscall.SIGINT},
		"TERM": {syscall.SIGTERM}, "terminal closed": {syscall.SIGHUP}} {
		t.Run(name, func(t *testing.T) {
			r, w := io.Pipe()
			var stderr bytes.Buffer
			p, err := sys.Start(sys.Spec{Path: cli, Args: []string{"keep", "--json"}, Stdout: w, Stderr: &stderr})
			if err != nil {
				t.Fatal(err)
			}
			d := json.NewDecoder(r)
			var line struct{ Event, Stage, Code, Message string }
			if err := d.Decode(&line); err != nil || line.Stage != "pack" {
				t.Fatalf("%v, %+v", err, line)
			}
			for _, sig := range signals {
				p.Signal(sig)
				time.Sleep(20 * time.Millisecond)
			}
			if err := d.Decode(&line); err != nil || line.Event != "error" || line.Code != "cancelled" || line.Message == "" {
				t.Errorf("%v, %+v", err, line)
			}
			if _, status := sys.Killed(p.Wait()); status != wire.ExitCancelled {
				t.Errorf("exit status %d, stderr %s", status, stderr.String())
			}
		})
	}
}

func TestGermanRun(t *testing.T) {
	cli := installed(t)
	mo := filepath.Join(compile(t, "de"))
	if err := os.Mkdir(filepath.Join(filepath.Dir(cli), "../share"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(mo, filepath.Join(filepath.Dir(cli), "../share/locale")); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	p, err := sys.Start(sys.Spec{Path: cli, Args: []string{"frobnicate"}, Env: []string{"LANG=de_DE.UTF-8"}, Stdout: &out, Stderr: &errs})
	if err != nil {
		t.Fatal(err)
	}
	want := "So wird dieser Befehl nicht benutzt\n  \"frobnicate\" kann dieses Programm nicht. Es kennt status, estimate, build, disarm, keep, versions, rollback, note, pin, unpin, verify, delete, prune, diff, browse, try, untry, menu, iso.\n  Siehe antix-remaster-cli --help.\n"
	if _, status := sys.Killed(p.Wait()); status != wire.ExitUsage || errs.String() != want || out.Len() > 0 {
		t.Errorf("status %d\nout %s\nerr %s", status, &out, &errs)
	}
}

// bench is a run of the program against a helper in this process.
type bench struct {
	*app
	out, err bytes.Buffer
}

// newBench gives an app whose user types input.
func newBench(t *testing.T, o options, input string, handle wire.Handler) *bench {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(input); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { r.Close() })
	b := &bench{}
	b.app = &app{options: o, in: r, out: &b.out, err: &b.err, inTTY: true, width: func() int { return 80 },
		startAgent: func(ctx context.Context) (*wire.Client, error) {
			in, toHelper := io.Pipe()
			fromHelper, out := io.Pipe()
			go func() {
				_ = wire.Serve(ctx, in, out, handle)
				out.Close()
			}()
			return wire.NewClient(fromHelper, toHelper, wire.Titles{})
		}}
	return b
}

// wish is an intent on a stick that does not exist.
func wish(home string) intent.Intent {
	f := live.Facts{Live: true, Boot: live.Boot{Device: "/dev/sdx1", FSType: "ext4", Mountpoint: "/live/boot-dev"},
		Image: live.Image{Name: "linuxfs", Path: "antiX"}, Home: live.Home{Kind: live.HomeInSystem}}
	c := plan.Resolve(wire.Choices{Home: home, Title: "A title"}, f, "now", 1<<30, 2)
	p, err := plan.Make(f, c)
	if err != nil {
		panic(err)
	}
	return intent.Intent{Facts: f, Choices: c, Plan: p}
}

// helperOf answers the check with these checks, and takes every build.
func helperOf(i intent.Intent, asked *[]wire.Request, checks ...wire.Check) wire.Handler {
	return func(_ context.Context, req wire.Request, _ *wire.Out) (any, error) {
		*asked = append(*asked, req)
		if req.Op == wire.OpCheck {
			return wire.CheckResult{Checks: checks, Plan: i.Plan.Hash(), Bound: 700 << 20, Room: 2 << 30}, nil
		}
		return wire.BuildResult{Name: "linuxfs.new", Title: "A title", Size: 600 << 20, Compressor: "xz", Entries: 7, FromMedium: true, Seconds: 61}, nil
	}
}

func TestBuildDialogue(t *testing.T) {
	stop := wire.Check{Level: wire.Stop, Code: wire.Pending, Args: []string{"linuxfs.new"}}
	loss := wire.Check{Level: wire.Stop, Code: wire.HomeLeave, Args: []string{"3 GiB"}}
	warn := wire.Check{Level: wire.Warn, Code: wire.Battery, Args: []string{"20"}}
	for name, c := range map[string]struct {
		home, input string
		o           options
		checks      []wire.Check
		want        wire.Code
		built       bool
	}{
		"yes":                       {input: "y\n", checks: []wire.Check{warn}, built: true},
		"no":                        {input: "n\n", want: wire.Cancelled},
		"enter":                     {input: "\n", want: wire.Cancelled},
		"end of input":              {want: wire.Cancelled},
		"--yes":                     {o: options{yes: true}, built: true},
		"a stop":                    {o: options{yes: true}, checks: []wire.Check{warn, stop}, want: wire.Pending},
		"home, typed":               {home: "leave", input: confirmation + "\n", o: options{yes: true}, checks: []wire.Check{loss}, built: true},
		"home, yes is not enough":   {home: "leave", input: "yes\n", o: options{yes: true}, checks: []wire.Check{loss}, want: wire.HomeLeave},
		"home, typed, another stop": {home: "leave", input: confirmation + "\n", checks: []wire.Check{loss, stop}, want: wire.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			i := wish(c.home)
			var asked []wire.Request
			b := newBench(t, c.o, c.input, helperOf(i, &asked, c.checks...))
			err := b.session(t.Context(), func(client *wire.Client) error {
				_, err := b.checkAndBuild(t.Context(), client, i)
				return err
			})
			if got := wire.AsError(err).Code; (err == nil) != (c.want == "") || err != nil && got != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
			if built := len(asked) == 2; built != c.built {
				t.Errorf("asked for %+v", asked)
			}
			if c.built && (asked[1].Plan != i.Plan.Hash() || asked[1].Choices.HomeLoss != (c.home == "leave")) {
				t.Errorf("request: %+v", asked[1])
			}
		})
	}
}

func TestAnotherPlanIsRefused(t *testing.T) {
	var asked []wire.Request
	b := newBench(t, options{yes: true}, "", helperOf(wish("leave"), &asked))
	err := b.session(t.Context(), func(client *wire.Client) error {
		_, err := b.checkAndBuild(t.Context(), client, wish("keep"))
		return err
	})
	if wire.AsError(err).Code != wire.PlanChanged || len(asked) != 1 {
		t.Errorf("%v, %+v", err, asked)
	}
}

func TestNoTerminalTouchesNothing(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	b.inTTY, b.startAgent = false, func(context.Context) (*wire.Client, error) {
		t.Error("the helper was started")
		return nil, nil
	}
	if status := b.run(t.Context(), []string{"build"}); status != wire.ExitUsage {
		t.Errorf("exit status %d", status)
	}
}

func TestCancelledWhileAsking(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	b.in = r
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.agree(ctx, "?"); wire.AsError(err).Code != wire.Cancelled {
		t.Error(err)
	}
}

func lines(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }
