package main

import (
	"context"
	"errors"
	"os"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// fill makes a fresh rootfs as core/persist does, but for mkfs.ext4, which the
// machine does not have: here and there a table, and an fsync of its own.
func fill(_ context.Context, f *os.File, c plan.Companion, sync func() error) error {
	var err error
	if c.Whole {
		zeros := make([]byte, 1<<20)
		for at := int64(0); at < c.Fresh && err == nil; at += 1 << 20 {
			n := min(1<<20, c.Fresh-at)
			_, err = f.WriteAt(zeros[:n], at)
			err = errors.Join(err, sys.FlushRange(f, at, n))
		}
	} else {
		err = f.Truncate(c.Fresh)
	}
	if err = errors.Join(err, sync()); err != nil {
		return err
	}
	for at := int64(1024); at < c.Fresh; at += 700_000 {
		_, e := f.WriteAt([]byte("a table of a file system"), at)
		err = errors.Join(err, e)
	}
	return errors.Join(err, f.Sync(), sync())
}
