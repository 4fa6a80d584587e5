package main

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Race is an attacker who may write to the directory of the linuxfs.
type Race struct {
	Dir     string
	Names   []string // what the program uses
	Targets []string // where links lead: canaries
	Linked  []string // files of the same device, for hard links
	Devices bool     // make devices, too: only root can
	Seed    uint64
}

// run plants until the input ends, and then tells how often.
func (r Race) run() error {
	var over atomic.Bool
	go func() {
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // its end is what is waited for
		over.Store(true)
	}()
	rnd := rand.New(rand.NewPCG(r.Seed, 5))
	n := 0
	for ; !over.Load(); n++ {
		r.act(rnd, filepath.Join(r.Dir, r.Names[rnd.IntN(len(r.Names))]))
	}
	os.Stdout.WriteString(strconv.Itoa(n) + "\n") //nolint:errcheck // the test misses it
	os.Exit(0)
	return nil
}

// act does one thing to one name; most fail, since the name is taken.
func (r Race) act(rnd *rand.Rand, name string) {
	aside := r.Dir + "/.aside" + strconv.Itoa(rnd.IntN(4))
	target := r.Targets[rnd.IntN(len(r.Targets))]
	switch rnd.IntN(14) {
	case 0, 1, 2:
		os.Symlink(target, name)
	case 3:
		syscall.Mkfifo(name, 0o666)
	case 4:
		os.Mkdir(name, 0o777)
		os.Symlink(target, name+"/"+filepath.Base(target))
	case 5:
		if len(r.Linked) > 0 {
			os.Link(r.Linked[rnd.IntN(len(r.Linked))], name)
		}
	case 6:
		if r.Devices {
			syscall.Mknod(name, syscall.S_IFCHR|0o666, int(unix.Mkdev(1, 7)))
		}
	case 7:
		os.WriteFile(aside, []byte("of the attacker"), 0o666)
		unix.Renameat2(unix.AT_FDCWD, aside, unix.AT_FDCWD, name, unix.RENAME_EXCHANGE)
	case 8, 9:
		os.Symlink(target, aside)
		unix.Renameat2(unix.AT_FDCWD, aside, unix.AT_FDCWD, name, unix.RENAME_EXCHANGE)
	case 10:
		os.Rename(name, aside)
	case 11:
		os.WriteFile(name, []byte("of the attacker"), 0o666)
	default:
		if os.Remove(name) != nil {
			os.RemoveAll(aside)
		}
	}
}
