package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"antix-remaster/test/uml/dm"
	"antix-remaster/test/uml/power"
)

// record does the action with every write of the device logged, and leaves
// the state before it as base.img.
func record(job power.Job) power.Trees {
	if job.Action != "heal" {
		must(mount("/dev/ubda", job, 0))
		furnish(job)
		must(unix.Unmount(mountpoint, 0))
		must(saveBase())
	}
	n, err := dm.Sectors("/dev/ubda")
	must(err)
	dev, err := dm.Create("log", dm.Target{Sectors: n, Type: "log-writes", Params: "/dev/ubda /dev/ubdb"})
	must(err)
	must(mount(dev, job, 0))
	var trees power.Trees
	mark := func(text string) {
		if text == "begin" {
			trees.Before = treeOf()
		}
		must(dm.Message("log", "mark "+text))
	}
	must(act(job, dev, mark))
	mark("done")
	trees.After = treeOf()
	trees.Done = trees.After
	trees.Middle = middle(job, trees.Before)
	if job.Action == "taken" {
		trees.Before = trees.After // what was begun is undone
	}
	must(unix.Unmount(mountpoint, 0))
	must(dm.Remove("log"))
	return trees
}

// saveBase copies ubda to the host, sparse.
func saveBase() error {
	in, err := os.Open("/dev/ubda")
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(host + "/base.img")
	if err != nil {
		return err
	}
	buf, zero := make([]byte, 1<<20), make([]byte, 1<<20)
	var at int64
	for {
		n, err := in.Read(buf)
		if n == 0 || err != nil {
			break
		}
		if !bytes.Equal(buf[:n], zero[:n]) {
			if _, err := out.WriteAt(buf[:n], at); err != nil {
				return fmt.Errorf("cannot copy the stick: %w", err)
			}
		}
		at += int64(n)
	}
	return errors.Join(out.Truncate(at), out.Close())
}
