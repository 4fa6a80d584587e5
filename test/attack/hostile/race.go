package main

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Race is an attacker who may write to the directory of the linuxfs.
type Race struct {
	Dir     string
	Names   []string // what the program uses
	Targets []string // where links lead: canaries
	Linked  []string // files of the same device, for hard links
	Devices bool     // only what root alone can do
	Seed    uint64
}

// run plants until the input ends, and then tells how often.
func (r Race) run() error {
	var n atomic.Int64
	go func() {
		io.Copy(io.Discard, os.Stdin)                                 //nolint:errcheck // its end is what is waited for
		os.Stdout.WriteString(strconv.FormatInt(n.Load(), 10) + "\n") //nolint:errcheck // the test misses it
		os.Exit(0)
	}()
	rnd := rand.New(rand.NewPCG(r.Seed, 5))
	for {
		r.act(rnd, filepath.Join(r.Dir, r.Names[rnd.IntN(len(r.Names))]))
		if n.Add(1)%16 == 0 { // the program must get on, to be attacked at later points
			time.Sleep(time.Duration(rnd.IntN(300)) * time.Microsecond)
		}
	}
}

// write makes a file, and falls into no trap of its own.
func write(name string) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o666)
	if err == nil {
		f.WriteString("of the attacker") //nolint:errcheck // the file is there
		f.Close()
	}
}

// act does one thing to one name; most fail, since the name is taken.
func (r Race) act(rnd *rand.Rand, name string) {
	mood := time.Now().UnixMilli() / 250 % 4
	aside := r.Dir + "/.aside" + strconv.Itoa(rnd.IntN(4))
	target := r.Targets[rnd.IntN(len(r.Targets))]
	choice := rnd.IntN(13)
	switch {
	case mood == 3: // clear everything away, for the program to begin anew
		choice = 9 + rnd.IntN(2)*3
	case mood > 0: // swap only what the program made
		choice = 6 + rnd.IntN(3)
	}
	if r.Devices {
		r.asRoot(rnd, name, mood == 0)
		return
	}
	switch choice {
	case 0, 1, 2:
		os.Symlink(target, name)
	case 3:
		syscall.Mkfifo(name, 0o666)
	case 4:
		os.Mkdir(name, 0o777)
		os.Symlink(target, name+"/"+filepath.Base(target))
	case 5:
		os.Link(r.Linked[rnd.IntN(len(r.Linked))], name) // on some systems anybody can
	case 6:
		write(aside)
		unix.Renameat2(unix.AT_FDCWD, aside, unix.AT_FDCWD, name, unix.RENAME_EXCHANGE)
	case 7, 8:
		os.Symlink(target, aside)
		unix.Renameat2(unix.AT_FDCWD, aside, unix.AT_FDCWD, name, unix.RENAME_EXCHANGE)
	case 9:
		os.Rename(name, aside)
	case 10:
		write(name)
	default:
		if os.Remove(name) != nil {
			os.RemoveAll(aside)
		}
	}
}

// asRoot plants what only root can. It keeps out of directories, where the
// other attackers' links would lead it astray.
func (r Race) asRoot(rnd *rand.Rand, name string, plant bool) {
	if _, err := os.Lstat(name); err != nil && !plant {
		return
	}
	switch rnd.IntN(4) {
	case 0, 1:
		os.Remove(name) // and in its place at once:
		os.Link(r.Linked[rnd.IntN(len(r.Linked))], name)
	case 2:
		syscall.Mknod(name, syscall.S_IFCHR|0o666, int(unix.Mkdev(1, 7)))
	default:
		os.Remove(name)
	}
}
