package iso

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

// ownKernel is a kernel that a version carries, with an initrd that starts a live
// system. Both are paths in the image.
type ownKernel struct {
	release, vmlinuz, initrd string
	vmlinuzSize, initrdSize  int64
}

// chooseKernel takes the kernel of the stick when the version has its modules
// (contract §10), else the version's own.
func (p *Plan) chooseKernel(ctx context.Context, f live.Facts, s stick) error {
	p.Kernel = history.KernelOf(f)
	if p.Kernel == "" || p.Version.Modules == nil || slices.Contains(p.Version.Modules, p.Kernel) {
		return p.stickKernel(s)
	}
	own, err := findOwnKernel(ctx, p.Version)
	if err != nil {
		return err
	}
	if own == nil {
		return wire.Fail(wire.ISONoKernel, nil, p.Version.File(), p.Kernel, wire.List(p.Version.Modules, 5))
	}
	p.Notes = append(p.Notes, wire.Check{Level: wire.Note, Code: wire.ISOOwnKernel, Args: []string{own.release, p.Kernel}})
	p.own, p.Kernel = own, own.release
	p.add(item{to: kernelPath, size: own.vmlinuzSize}, item{to: initrdPath, size: own.initrdSize})
	return nil
}

func (p *Plan) stickKernel(s stick) error {
	for _, name := range []string{"vmlinuz", "initrd.gz"} {
		if !s.has(path.Join(s.live, name)) {
			return wire.Fail(wire.ISONoFile, nil, path.Join(s.live, name))
		}
	}
	for _, i := range s.below(s.live) {
		if path.Dir(i.to) == s.live {
			i.to = path.Join(liveDir, path.Base(i.to))
			p.add(i)
		}
	}
	return nil
}

// findOwnKernel looks below /boot of a version; nil when it has no kernel of its
// modules with an initrd for it.
func findOwnKernel(ctx context.Context, v history.Version) (*ownKernel, error) {
	im, closer, err := openImage(v)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	all, err := im.List("boot")
	if err != nil {
		return nil, nil //nolint:nilerr // it has no such folder: no kernel
	}
	for _, release := range v.Modules {
		i := slices.IndexFunc(all, func(e squashfs.Entry) bool { return e.Name == "vmlinuz-"+release && e.Mode.IsRegular() })
		if i < 0 {
			continue
		}
		for _, e := range all {
			if !strings.HasPrefix(e.Name, "initrd") || !e.Mode.IsRegular() || !hasLiveInitrd(ctx, im, e.Name, release) {
				continue
			}
			return &ownKernel{release, "boot/" + all[i].Name, "boot/" + e.Name, all[i].Size, e.Size}, nil
		}
	}
	return nil, ctx.Err()
}

func openImage(v history.Version) (*squashfs.Image, io.Closer, error) {
	f, err := live.Open("", v.Path)
	if err != nil {
		return nil, nil, wire.Fail(wire.VersionDamaged, err, v.File(), err.Error())
	}
	im, err := squashfs.Open(f)
	if err != nil {
		f.Close()
		return nil, nil, wire.Fail(wire.VersionDamaged, err, v.File(), err.Error())
	}
	return im, f, nil
}

// hasLiveInitrd looks into an initrd of a version: one for an installed system
// does not start a live one.
func hasLiveInitrd(ctx context.Context, im *squashfs.Image, name, release string) bool {
	r, w := io.Pipe()
	done := make(chan bool)
	go func() {
		ok := isLiveInitrd(r, release)
		r.CloseWithError(errEnough)
		done <- ok
	}()
	err := im.Copy(ctx, "boot/"+name, w)
	w.CloseWithError(err)
	return <-done
}

var errEnough = errors.New("enough was read")

// extract copies the version's own kernel and initrd to files in dir.
func (o *ownKernel) extract(ctx context.Context, v history.Version, dir string) (vmlinuz, initrd string, err error) {
	im, closer, err := openImage(v)
	if err != nil {
		return "", "", err
	}
	defer closer.Close()
	vmlinuz, initrd = path.Join(dir, "vmlinuz"), path.Join(dir, "initrd.gz")
	for from, to := range map[string]string{o.vmlinuz: vmlinuz, o.initrd: initrd} {
		if err := copyOut(ctx, im, from, to); err != nil {
			return "", "", fmt.Errorf("cannot copy %s out of %s: %w", from, v.File(), err)
		}
	}
	return vmlinuz, initrd, nil
}

func copyOut(ctx context.Context, im *squashfs.Image, from, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(im.Copy(ctx, from, f), f.Close())
}
