// Hostile is the attacker of the tests, run inside of a throwaway live system:
//
//	hostile launch JSON    starts a program as no honest caller would
//	hostile race JSON      plants and swaps names until its input ends
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: hostile launch|race JSON")
		os.Exit(99)
	}
	var err error
	switch os.Args[1] {
	case "launch":
		var l Launch
		if err = json.Unmarshal([]byte(os.Args[2]), &l); err == nil {
			err = l.exec()
		}
	case "race":
		var r Race
		if err = json.Unmarshal([]byte(os.Args[2]), &r); err == nil {
			err = r.run()
		}
	}
	fmt.Fprintln(os.Stderr, "hostile:", err)
	os.Exit(99)
}

// Launch is how a program is started.
type Launch struct {
	Path   string
	Argv   []string // none at all: argc 0
	Env    []string
	Dir    string
	Umask  int
	Ignore []int // signals
	Open   []int // descriptors that are left open, on a secret file
	Close  []int // of the standard ones
}

// exec never returns when all goes well.
func (l Launch) exec() error {
	if l.Dir != "" {
		if err := os.Chdir(l.Dir); err != nil {
			return err
		}
	}
	syscall.Umask(l.Umask)
	for _, n := range l.Ignore {
		signal.Ignore(syscall.Signal(n))
	}
	for _, fd := range l.Open {
		secret, err := syscall.Open("/etc/shadow", syscall.O_RDWR, 0) // survives an exec
		if err == nil && secret != fd {
			err = syscall.Dup3(secret, fd, 0)
		}
		if err != nil {
			return err
		}
	}
	for _, fd := range l.Close {
		if err := syscall.Close(fd); err != nil {
			return err
		}
	}
	return syscall.Exec(l.Path, l.Argv, l.Env)
}
