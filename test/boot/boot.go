package boot

import (
	"antix-remaster/test/uml"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options say how to boot. The zero value is a plain boot of a 2023 stick.
type Options struct {
	Generation int           // 2016 or 2023 (the default)
	Cmdline    []string      // boot options: "rollback", "noremaster", "sqext=e16", "persist=root,static"
	Show       []string      // files to report: "/etc/hostname" of the booted root, "stick:/antiX/linuxfs.md5" of the stick
	Release    string        // kernel release whose modules must be in the squashfs; "" means not checked
	Mem        string        // memory of the machine; default "256M"
	Timeout    time.Duration // default two minutes
	Persist    string        // image of a second disk, with the persistence files on it; "" means none
	LogDir     string        // where the console log of a failed boot is kept; default: the temporary directory
}

// Entry is one name beside the linuxfs after the boot.
type Entry struct {
	Name   string
	Kind   string // "file", "dir", "link" or "other"
	Size   int64
	Target string // of a link
}

// Result is what a boot did and what came up.
type Result struct {
	Name        string            // the linuxfs that was looked for: "linuxfs.e16"
	VID         string            // version id of the image that booted, without "===="
	DidRemaster bool              // it swapped
	DidRollback bool              // it rolled back
	NoOld       bool              // rollback was asked for, but there was nothing to go back to
	Blocked     string            // the leftover that blocked the swap; a real boot stops there at a prompt
	Fatal       string            // why it could not boot, as the real one says it; "" when it did
	Userland    bool              // programs of the booted root ran
	NoModules   bool              // the modules of Options.Release are not in the squashfs
	Persist     string            // root persistence: "", "yes", "mismatch", "missing", "broken"
	Files       map[string]string // what Show asked for: the content, or "sha256:<hex>" above 16 KiB; absent ones are not in it
	Dir         []Entry           // the directory of the linuxfs after the swap, sorted by name
	PersistDir  []Entry           // the directory of the rootfs, where that is another one
	Console     string            // everything the kernel and init said

	links map[string]string // name -> target, seen before Dir
}

// Names lists Dir in short: "linuxfs", "state/", "linuxfs.new -> linuxfs.01".
func (r Result) Names() []string { return names(r.Dir) }

// PersistNames lists PersistDir in the same way.
func (r Result) PersistNames() []string { return names(r.PersistDir) }

func names(dir []Entry) []string {
	var names []string
	for _, e := range dir {
		switch e.Kind {
		case "dir":
			names = append(names, e.Name+"/")
		case "link":
			names = append(names, e.Name+" -> "+e.Target)
		default:
			names = append(names, e.Name)
		}
	}
	return names
}

// Boot boots the stick image, which it changes as a boot does. A boot that
// ends in a fatal prompt is no error: look at Result.Fatal. An error means
// that there was no boot to speak of, or that it did not end in time; it
// names the file that has the console output.
func Boot(ctx context.Context, stick string, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	work, err := os.MkdirTemp("", "boot-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(work)
	initrd := filepath.Join(work, "initrd.gz")
	if err := WriteInitramfs(initrd); err != nil {
		return Result{}, err
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	console, runErr := uml.Linux(ctx, work, o.arguments(initrd, stick)...)
	r, err := parse(console)
	if err == nil && runErr != nil && ctx.Err() != nil {
		err = runErr
	}
	if err != nil {
		return r, keepLog(o.LogDir, console, fmt.Errorf("cannot boot %s: %w", stick, err))
	}
	return r, nil
}

func (o Options) check() error {
	if o.Generation != 0 && o.Generation != 2016 && o.Generation != 2023 {
		return fmt.Errorf("unknown generation %d: 2016 or 2023", o.Generation)
	}
	for _, word := range append(append([]string{}, o.Cmdline...), o.Show...) {
		if word == "" || strings.ContainsAny(word, " \t\n\"") {
			return fmt.Errorf("no word for a kernel command line: %q", word)
		}
	}
	return nil
}

func (o Options) generation() string {
	if o.Generation == 2016 {
		return "2016"
	}
	return "2023"
}

func (o Options) arguments(initrd, stick string) []string {
	mem := o.Mem
	if mem == "" {
		mem = "256M"
	}
	args := []string{"mem=" + mem, "ubd0=" + stick, "initrd=" + initrd, "generation=" + o.generation()}
	if isFAT(stick) {
		args = append(args, "stickfs=vfat")
	}
	if o.Persist != "" {
		fs := "ext4"
		if isFAT(o.Persist) {
			fs = "vfat"
		}
		args = append(args, "ubd1="+o.Persist, "persistfs="+fs)
	}
	if o.Release != "" {
		args = append(args, "release="+o.Release)
	}
	args = append(args, o.Cmdline...)
	for _, path := range o.Show {
		args = append(args, "show="+path)
	}
	return args
}

// isFAT tells whether the image is formatted with FAT32.
func isFAT(stick string) bool {
	f, err := os.Open(stick)
	if err != nil {
		return false
	}
	defer f.Close()
	kind := make([]byte, 8)
	_, err = f.ReadAt(kind, 82)
	return err == nil && string(kind) == "FAT32   "
}

// parse reads the lines that init wrote.
func parse(console string) (Result, error) {
	r := Result{Files: map[string]string{}, links: map[string]string{}, Console: console}
	ended := false
	for line := range strings.Lines(console) {
		_, line, found := strings.Cut(strings.TrimRight(line, "\r\n"), "@@")
		if !found {
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		ended = ended || key == "END"
		if err := r.set(key, value); err != nil {
			return r, fmt.Errorf("cannot understand the line %q: %w", line, err)
		}
	}
	if !ended {
		return r, fmt.Errorf("the boot did not come to its end")
	}
	return r, nil
}

func (r *Result) set(key, value string) error {
	switch key {
	case "START":
		r.Name = value
	case "VID":
		r.VID = strings.TrimLeft(value, "= ")
	case "REMASTER":
		r.DidRemaster = true
	case "ROLLBACK":
		r.DidRollback = true
	case "NOOLD":
		r.NoOld = true
	case "BLOCKED":
		r.Blocked = value
	case "FATAL":
		r.Fatal = value
	case "USERLAND":
		r.Userland = true
	case "NOMODULES":
		r.NoModules = true
	case "PERSIST":
		r.Persist = value
	case "FILE", "SHA":
		return r.setFile(key, value)
	case "DIR":
		return r.setDir(value, &r.Dir)
	case "PERSISTDIR":
		return r.setDir(value, &r.PersistDir)
	case "LINK":
		return r.setLink(value)
	}
	return nil
}

func (r *Result) setFile(key, value string) error {
	path, text, _ := strings.Cut(value, " ")
	if key == "SHA" {
		r.Files[path] = "sha256:" + text
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(text)
	r.Files[path] = string(content)
	return err
}

// setDir reads records of stat(1), "kind/size/name//", in base64.
func (r *Result) setDir(value string, dir *[]Entry) error {
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return err
	}
	kinds := map[string]string{"directory": "dir", "symbolic link": "link", "regular file": "file", "regular empty file": "file"}
	for record := range strings.SplitSeq(string(text), "//\n") {
		fields := strings.SplitN(record, "/", 3)
		if len(fields) != 3 {
			continue
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return err
		}
		kind := cmp.Or(kinds[fields[0]], "other")
		*dir = append(*dir, Entry{Name: fields[2], Kind: kind, Size: size, Target: r.links[fields[2]]})
	}
	slices.SortFunc(*dir, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

func (r *Result) setLink(value string) error {
	text, err := base64.StdEncoding.DecodeString(value)
	name, target, _ := strings.Cut(strings.TrimSuffix(string(text), "//"), "//")
	r.links[name] = target
	return err
}

// keepLog saves the console and adds its place to the error.
func keepLog(dir, console string, err error) error {
	f, createErr := os.CreateTemp(dir, "boot-console-*.log")
	if createErr != nil {
		return err
	}
	defer f.Close()
	f.WriteString(console)
	return fmt.Errorf("%w (console: %s)", err, f.Name())
}
