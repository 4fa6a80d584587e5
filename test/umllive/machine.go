// Package umllive runs live systems inside of User-Mode-Linux: machines with a
// kernel, a memory and a stick of their own. Beside test/livesys it offers what
// namespaces cannot: file systems that the host's kernel does not know (vfat),
// little memory, and a plug that can be pulled.
//
//	m, err := umllive.New(ctx, umllive.Options{Dir: t.TempDir(), Mini: umllive.Mini(programs)})
//	r, err := m.Run(ctx, "antix-remaster-cli status")
//
// Inside, /mnt is m.Shared of the host. The kernel has one processor, shows no
// extended attributes of a squashfs, and runs no 32 bit programs.
package umllive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"antix-remaster/test/livesys"
	"antix-remaster/test/livesys/inside"
	"antix-remaster/test/uml"
	"antix-remaster/test/umllive/guest"
)

// Options describe a machine.
type Options struct {
	livesys.Options // of the live system; StickFS is "vfat" unless set

	Dir      string        // where everything is made; the caller removes it
	Programs string        // directory of the two programs, installed where the system lacks them
	Base     *livesys.Mini // nil means the Debian base
	Mem      string        // default "256M"
	Timeout  time.Duration // of one run; default five minutes
	Mapped   bool          // the stick can be made to fail: "/mnt/agent fail"
}

// Machine is a stick, and what it is started with.
type Machine struct {
	Options
	Stick  string // the stick image
	Shared string // the directory that is /mnt inside
	VID    string // version id of the image that the stick was made with
	uuid   string
}

// Result is what came of one run.
type Result struct {
	guest.Report
	Output string        // of the script
	Cut    bool          // the machine stopped before the script ended
	Took   time.Duration // with the start of the machine
}

// New makes a machine and fills its stick, which takes two seconds.
func New(ctx context.Context, o Options) (*Machine, error) {
	if err := livesys.CheckHost(); err != nil {
		return nil, err
	}
	if strings.ContainsAny(o.Dir, ", :") { // they separate words and files of User-Mode-Linux
		return nil, fmt.Errorf("no machine can be made in %q", o.Dir)
	}
	o.StickFS, o.Mem = cmp.Or(o.StickFS, "vfat"), cmp.Or(o.Mem, "256M")
	o.StickSize, o.Timeout = cmp.Or(o.StickSize, 3<<29), cmp.Or(o.Timeout, 5*time.Minute)
	m := &Machine{Options: o, Stick: filepath.Join(o.Dir, "stick.img"), Shared: filepath.Join(o.Dir, "shared")}
	steps := []func(context.Context) error{m.agent, m.format, m.tree, m.fill}
	if m.StickFS == "ext4" { // which the host knows
		steps = []func(context.Context) error{m.agent, m.makeStick}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("cannot make the machine: %w", err)
		}
	}
	return m, nil
}

// agent builds the machine's init.
func (m *Machine) agent(ctx context.Context) error {
	if err := os.MkdirAll(m.Shared, 0o755); err != nil {
		return err
	}
	agent := filepath.Join(m.Shared, guest.AgentFile)
	if err := uml.Agent(ctx, "antix-remaster/test/umllive/agent", agent); err != nil {
		return err
	}
	if m.Programs != "" {
		if err := os.CopyFS(filepath.Join(m.Shared, guest.ProgramDir), os.DirFS(m.Programs)); err != nil {
			return err
		}
	}
	return uml.Initramfs(m.initrd(), agent)
}

func (m *Machine) initrd() string { return filepath.Join(m.Dir, "initrd") }

// format makes the empty file system of the stick.
func (m *Machine) format(ctx context.Context) error {
	f, err := os.Create(m.Stick)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(m.StickSize), f.Close()); err != nil {
		return err
	}
	m.uuid = "1234-ABCD"
	out, err := exec.CommandContext(ctx, "mkfs.vfat", "-F", "32", "-i", "1234ABCD", "-n", "LIVESYS", m.Stick).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mkfs.vfat failed: %w\n%s", err, out)
	}
	return nil
}

// makeStick makes all of it on the host.
func (m *Machine) makeStick(ctx context.Context) error {
	o, err := m.options(ctx)
	if err != nil {
		return err
	}
	m.uuid = "11111111-2222-4333-8444-555555555555"
	o.StickUUID = m.uuid
	base, err := livesys.MakeStick(ctx, o, m.Stick)
	m.VID = cmp.Or(m.VID, base.VID)
	return err
}

// options are those of the stick, with the tiny system where one is wanted.
func (m *Machine) options(ctx context.Context) (o livesys.Options, err error) {
	o = m.Options.Options
	if m.Base != nil {
		o.BaseImage = filepath.Join(m.Dir, "base")
		m.VID, err = livesys.MiniImage(ctx, o.BaseImage, *m.Base)
	}
	return o, err
}

// tree makes on the host what the stick is to hold.
func (m *Machine) tree(ctx context.Context) error {
	o, err := m.options(ctx)
	if err != nil {
		return err
	}
	base, err := livesys.FillTree(ctx, o, m.Dir)
	if err != nil {
		return err
	}
	m.VID = cmp.Or(m.VID, base.VID)
	return os.Rename(filepath.Join(m.Dir, "tree"), filepath.Join(m.Shared, guest.TreeDir))
}

func (m *Machine) fill(ctx context.Context) error {
	r, err := m.start(ctx, guest.Job{Fill: true, Spec: inside.Spec{FSType: m.StickFS}})
	if err == nil && r.Cut {
		err = fmt.Errorf("the stick was not filled: %s", r.Output)
	}
	return errors.Join(err, os.RemoveAll(filepath.Join(m.Shared, guest.TreeDir)))
}

// Run starts the live system of the stick, runs the shell script in it, and
// switches the machine off, the stick unmounted. A script may pull the plug
// itself with "poweroff -nf": see Result.Cut. That a script fails is no error.
func (m *Machine) Run(ctx context.Context, script string) (Result, error) {
	if err := os.WriteFile(filepath.Join(m.Shared, guest.ScriptFile), []byte(script), 0o755); err != nil {
		return Result{}, err
	}
	disk := inside.UMLDisk
	if m.Mapped {
		disk = inside.MappedDisk
	}
	spec, err := livesys.SpecFor(m.Options.Options, disk, m.uuid)
	if err != nil {
		return Result{}, err
	}
	return m.start(ctx, guest.Job{Spec: spec, Mapped: m.Mapped, Programs: programs})
}

// programs are installed where the package would.
var programs = map[string]string{
	"antix-remaster-cli":    "/usr/bin/antix-remaster-cli",
	"antix-remaster-helper": "/usr/libexec/antix-remaster/antix-remaster-helper",
}

// Boot starts the live system of the stick with an init of its own. When that
// restarts the machine, the kernel starts once more, and the machine is
// switched off: see Report.Again. What the system wrote into m.Shared is there.
func (m *Machine) Boot(ctx context.Context, init ...string) (Result, error) {
	spec, err := livesys.SpecFor(m.Options.Options, inside.UMLDisk, m.uuid)
	if err != nil {
		return Result{}, err
	}
	if err := os.Remove(filepath.Join(m.Shared, guest.BootedFile)); err != nil && !os.IsNotExist(err) {
		return Result{}, err
	}
	return m.start(ctx, guest.Job{Spec: spec, Init: init, Programs: programs})
}

// start runs the machine until it switches itself off.
func (m *Machine) start(ctx context.Context, job guest.Job) (Result, error) {
	text, err := json.Marshal(job)
	if err != nil {
		return Result{}, err
	}
	if err := os.WriteFile(filepath.Join(m.Shared, guest.JobFile), text, 0o644); err != nil {
		return Result{}, err
	}
	report := filepath.Join(m.Shared, guest.ReportFile)
	if err := os.Remove(report); err != nil && !os.IsNotExist(err) {
		return Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	begin := time.Now()
	console, err := uml.Linux(ctx, m.Dir, "mem="+m.Mem, "initrd="+m.initrd(), "hostdir="+m.Shared, "ubd0="+m.Stick)
	r := Result{Output: output(console), Took: time.Since(begin)}
	if err != nil {
		return r, fmt.Errorf("the machine failed: %w\n%s", err, console)
	}
	text, err = os.ReadFile(report)
	if r.Cut = os.IsNotExist(err); r.Cut {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &r.Report)
	}
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	return r, err
}

// output is what the script wrote; without a script, all of the console.
func output(console string) string {
	console = strings.ReplaceAll(console, "\r\n", "\n")
	if _, rest, found := strings.Cut(console, guest.Begin+"\n"); found {
		console = rest
	}
	console, _, _ = strings.Cut(console, "\n"+guest.End)
	return console
}
