// Antix-remaster-helper is the root half of antix-remaster. A face starts it
// through pkexec, or directly when it is root already, and talks to it on its
// standard input and output. It takes no arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"antix-remaster/core/run"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// callerKey carries the caller's user id over the exec into our own mounts.
const callerKey = "ANTIX_REMASTER_CALLER"

// badStart is the exit status for a start that is not ours. 126 and 127 are
// pkexec's own.
const badStart = 2

func main() {
	caller, moved := begin()
	os.Clearenv()
	for _, v := range sys.Env {
		key, value, _ := strings.Cut(v, "=")
		os.Setenv(key, value) //nolint:errcheck // constant, valid names
	}
	sys.Umask(0o022)
	if err := os.Chdir("/"); err != nil {
		refuse(err.Error())
	}
	if !moved {
		sys.CloseOnExec()
		refuse(fmt.Sprint(sys.PrivateMounts(append(sys.Env, callerKey+"="+caller))))
	}
	serve()
}

// begin tells who called, and whether this is the second start of ours, in its
// own mount namespace. Anything unexpected ends the program before it touches
// anything.
func begin() (caller string, moved bool) {
	// Since Linux 5.18 a start with argc 0 comes as one empty argument.
	if len(os.Args) != 1 || os.Args[0] == "" || !sys.IsRoot() || len(os.Environ()) == 0 {
		refuse("antix-remaster-helper is started by antix-remaster, as root and without arguments")
	}
	for _, key := range []string{"PKEXEC_UID", "SUDO_UID"} {
		if uid, ok := os.LookupEnv(key); ok {
			if uid == "" || len(uid) > 10 || strings.Trim(uid, "0123456789") != "" {
				refuse(key + " is no user id")
			}
			return uid, false
		}
	}
	uid, ok := os.LookupEnv(callerKey)
	if !ok {
		return "0", false
	}
	// Starting again and again would not help.
	if len(os.Environ()) != len(sys.Env)+1 || !sys.OwnMounts() {
		refuse("cannot get mounts of its own")
	}
	return uid, true
}

func refuse(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(badStart)
}

// serve ends with the input. Signals that a terminal sends to the whole group
// are the face's business; a plain request to end cancels cleanly.
func serve() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := wire.Serve(ctx, os.Stdin, os.Stdout, run.Handle); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
