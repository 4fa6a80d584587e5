package guest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/core/wire"
	"antix-remaster/test/livesys/inside"
)

// boot starts the live system and hands the machine over to its own init. The
// kernel of User-Mode-Linux starts anew when that restarts the machine, and
// this program with it: then all that is left to do is to tell so.
func (job Job) boot() error {
	mark := filepath.Join(shared, BootedFile)
	if _, err := os.Stat(mark); err == nil {
		return report(shared, Report{Again: true}, nil)
	}
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		return err
	}
	hostdir := cmdline("hostdir")
	if err := os.MkdirAll(job.Spec.Stage, 0o755); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { _, err := inside.Start(job.Spec); return err },
		func() error { return mount("none", "/mnt", "hostfs", 0, hostdir) },
		job.install,
		func() error { return unix.Mknod("/dev/console", unix.S_IFCHR|0o600, int(unix.Mkdev(5, 1))) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Println(Begin)
	return unix.Exec(job.Init[0], job.Init, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "TERM=linux"})
}

// restart asks the helper of this system for a restart, writes down what it
// answered, and keeps it until the init ends us both.
func restart(file string) error {
	ctx := context.Background()
	var answer Answer
	c, err := wire.Start(ctx, wire.Titles{})
	if err == nil {
		err = c.Do(ctx, wire.Request{Op: wire.OpRestart}, wire.Watch{}, &answer.RestartResult)
	}
	if err != nil {
		answer.Error = err.Error()
	}
	if err := write(file, answer); err != nil {
		return err
	}
	unix.Sync()
	time.Sleep(time.Minute)
	return c.Close()
}
