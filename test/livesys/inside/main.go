package inside

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Main is the whole life of PID 1. It never returns.
func Main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "livesys: only for PID 1 of a new namespace")
		os.Exit(2)
	}
	input := os.NewFile(SpecFD, "spec")
	output := os.NewFile(ReadyFD, "ready")
	// Nothing of this may leak into what is started inside.
	unix.CloseOnExec(SpecFD)
	unix.CloseOnExec(ReadyFD)
	var spec Spec
	decoder := json.NewDecoder(input)
	ready, err := Ready{}, decoder.Decode(&spec)
	if err == nil {
		ready, err = Start(spec)
	}
	if err != nil {
		ready.Error = err.Error()
	}
	json.NewEncoder(output).Encode(ready)
	output.Close()
	if err != nil {
		os.Exit(1)
	}
	go dieWith(input)
	reap()
}

// dieWith ends the system when its starter is gone, however that happened.
func dieWith(starter io.Reader) {
	io.Copy(io.Discard, starter)
	os.Exit(0)
}

// reap collects orphans for ever, as every PID 1 must.
func reap() {
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE)
	for range children {
		for {
			pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
		}
	}
}
