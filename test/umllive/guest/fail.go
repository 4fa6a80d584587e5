package guest

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/test/livesys/inside"
	"antix-remaster/test/uml/dm"
)

// mapped is the name of the device that the stick lies under.
const mapped = "stick"

// ways are what a stick can do, as targets of the device mapper over its disk.
var ways = map[string]struct{ target, params string }{
	"works":   {"linear", "%s 0"},
	"dead":    {"error", ""},                            // nothing can be read or written
	"written": {"flakey", "%s 0 0 3600 1 error_writes"}, // reads work, writes fail
	"loses":   {"flakey", "%s 0 0 3600 1 drop_writes"},  // writes are lost, and nobody is told
	"shaky":   {"flakey", "%s 0 1 1"},                   // dead every other second
}

func table(way string) (dm.Target, error) {
	sectors, err := dm.Sectors(inside.UMLDisk)
	w, known := ways[way]
	if err == nil && !known {
		err = fmt.Errorf("no stick is %s", way)
	}
	if w.params != "" {
		w.params = fmt.Sprintf(w.params, inside.UMLDisk)
	}
	return dm.Target{Sectors: sectors, Type: w.target, Params: w.params}, err
}

// mapStick makes the device, which works at first.
func mapStick() error {
	works, err := table("works")
	if err != nil {
		return err
	}
	path, err := dm.Create(mapped, works)
	if err == nil && path != inside.MappedDisk {
		err = fmt.Errorf("the mapped disk is %s", path)
	}
	return err
}

// fail runs the command line, and lets the stick fail some time after a stage
// has begun, until another one begins or the command has ended: fail WAY STAGE
// MILLISECONDS UNTIL COMMAND ... It ends as the command does.
func fail(args []string) error {
	if err := nodes(); err != nil {
		return err
	}
	broken, err := table(args[0])
	if err != nil {
		return err
	}
	delay, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	works, _ := table("works")
	change := func(to dm.Target, say string) {
		if err := dm.Swap(mapped, to); err != nil {
			say = err.Error()
		}
		fmt.Println(say)
	}
	var once sync.Once
	mend := func() { once.Do(func() { change(works, "the stick works again") }) }
	code, err := follow(args[4:], func(stage string) {
		switch stage {
		case args[1]:
			time.Sleep(time.Duration(delay) * time.Millisecond)
			change(broken, "the stick fails")
		case args[3]:
			mend()
		}
	})
	mend()
	if err != nil {
		return err
	}
	os.Exit(code)
	return nil
}

// nodes makes those of the device mapper and the disk, which a live system has
// no need of.
func nodes() error {
	if err := os.MkdirAll("/dev/mapper", 0o755); err != nil {
		return err
	}
	for _, n := range []struct {
		path         string
		mode         uint32
		major, minor uint32
	}{{"/dev/mapper/control", unix.S_IFCHR, 10, 236}, {inside.UMLDisk, unix.S_IFBLK, 98, 0}} {
		if err := unix.Mknod(n.path, n.mode|0o600, int(unix.Mkdev(n.major, n.minor))); err != nil && err != unix.EEXIST {
			return fmt.Errorf("cannot make %s: %w", n.path, err)
		}
	}
	return nil
}
