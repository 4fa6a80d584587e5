// Command livesys starts throwaway antiX/MX live systems, for people and the
// demo. It is also the PID 1 of such a system.
//
//	livesys base                         build the cached Debian base
//	livesys run [flags] -- COMMAND ...   start a system, run a command inside, stop it
//	livesys shell [flags]                the same with a shell
//	livesys boot STICK [words ...]       boot a stick image in User-Mode-Linux
//	livesys sweep                        remove what dead runs left
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"antix-remaster/test/livesys"
	"antix-remaster/test/livesys/inside"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "pid1" {
		inside.Main()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := verb(ctx, os.Args[1:])
	if ctx.Err() != nil {
		err = errors.New("interrupted, everything is cleaned up")
	}
	stop()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "livesys:", err)
		os.Exit(1)
	}
}

func verb(ctx context.Context, args []string) error {
	if len(args) == 0 {
		args = []string{"help"}
	}
	switch args[0] {
	case "base":
		base, err := livesys.Base(ctx, "", os.Stderr)
		fmt.Println(base.Squashfs)
		return err
	case "run":
		return run(ctx, args[1:], nil)
	case "shell":
		return run(ctx, args[1:], []string{"/bin/bash", "-i"})
	case "boot":
		return bootStick(ctx, args[1:])
	case "sweep":
		dir, err := livesys.DefaultCacheDir()
		if err != nil {
			return err
		}
		return livesys.Sweep(dir)
	}
	return fmt.Errorf("usage: livesys base | run [flags] -- COMMAND ... | shell [flags] | boot STICK [words ...] | sweep\nlivesys run -h shows the flags")
}
