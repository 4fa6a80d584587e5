package livecd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Way is how a computer starts the LiveCD.
type Way struct {
	UEFI bool
	Disk bool // copied to a stick, not burned to a disc
}

// Result is what was seen.
type Result struct {
	Menu    string // PNG file of the boot menu; "" when none was seen
	Kernel  string // release
	Cmdline string
	Medium  string // device that the linuxfs was found on
	VID     string // version id of the linuxfs
	Modules string // names below its lib/modules
	Sums    []string
	User    bool // a program of it ran
	Console string
}

const timeLimit = 4 * time.Minute // measured: 15 to 40 s

// Boot starts an ISO image. When the menu is on the screen a picture of it is
// written to the file menu, and its first entry is chosen. What the system says
// is in the result; an error is one that did not come to its end.
func Boot(ctx context.Context, iso string, w Way, menu string) (Result, error) {
	dir, err := os.MkdirTemp("", "livecd-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	args, err := w.arguments(iso, dir)
	if err != nil {
		return Result{}, err
	}
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return Result{}, fmt.Errorf("cannot start QEMU (Debian package qemu-system-x86): %w", err)
	}
	var r Result
	watch := make(chan error, 1)
	go func() {
		err := choose(ctx, dir, menu)
		if err == nil {
			r.Menu = menu
		}
		watch <- err
	}()
	err = cmd.Wait()
	cancel()
	err = errors.Join(err, <-watch)
	console, _ := os.ReadFile(filepath.Join(dir, "serial"))
	r.parse(string(console))
	if !strings.Contains(r.Console, "@@END") {
		return r, fmt.Errorf("the LiveCD did not come up: %w\n%s\n%s", err, said.String(), r.Console)
	}
	if r.Menu == "" {
		return r, fmt.Errorf("no boot menu was seen: %w", err)
	}
	return r, nil
}

func (w Way) arguments(iso, dir string) ([]string, error) {
	args := []string{"-machine", "pc", "-accel", "tcg", "-m", "512", "-display", "none", "-vga", "std", "-nic", "none", "-no-reboot",
		"-serial", "file:" + filepath.Join(dir, "serial"), "-monitor", "unix:" + filepath.Join(dir, "monitor") + ",server=on,wait=off"}
	if w.Disk {
		args = append(args, "-drive", "file="+iso+",format=raw,if=ide,readonly=off,snapshot=on", "-boot", "c")
	} else {
		args = append(args, "-drive", "file="+iso+",format=raw,if=ide,media=cdrom,readonly=on", "-boot", "d")
	}
	if !w.UEFI {
		return args, nil
	}
	code, err := firmware("OVMF_CODE_4M.fd", "OVMF_CODE.fd")
	if err != nil {
		return nil, err
	}
	vars, err := firmware("OVMF_VARS_4M.fd", "OVMF_VARS.fd")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(vars)
	if err != nil {
		return nil, err
	}
	own := filepath.Join(dir, "vars")
	return append(args, "-drive", "if=pflash,unit=0,format=raw,readonly=on,file="+code,
		"-drive", "if=pflash,unit=1,format=raw,file="+own), os.WriteFile(own, text, 0o600)
}

func firmware(names ...string) (string, error) {
	for _, name := range names {
		if file := filepath.Join("/usr/share/OVMF", name); exists(file) {
			return file, nil
		}
	}
	return "", fmt.Errorf("missing %s (Debian package ovmf)", names[0])
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

var line = regexp.MustCompile(`@@([A-Z]+) ?([^\r\n]*)`)

func (r *Result) parse(console string) {
	r.Console = console
	for _, m := range line.FindAllStringSubmatch(console, -1) {
		switch key, value := m[1], m[2]; key {
		case "KERNEL":
			r.Kernel = value
		case "CMDLINE":
			r.Cmdline = value
		case "MEDIUM":
			r.Medium = value
		case "VID":
			r.VID = value
		case "MODULES":
			r.Modules = value
		case "SUM":
			r.Sums = append(r.Sums, value)
		case "USERLAND":
			r.User = true
		}
	}
}

// choose waits until a menu stands still on the screen, keeps a picture of it and
// presses the return key.
func choose(ctx context.Context, dir, menu string) error {
	var conn net.Conn
	for err := errors.New(""); err != nil; {
		if conn, err = net.Dial("unix", filepath.Join(dir, "monitor")); err != nil && !wait(ctx, 200*time.Millisecond) {
			return err
		}
	}
	defer conn.Close()
	go io.Copy(io.Discard, conn) //nolint:errcheck // the prompts
	var last *image.RGBA
	still := 0
	for wait(ctx, 500*time.Millisecond) {
		now, err := screen(conn, filepath.Join(dir, "screen.ppm"))
		if err != nil {
			continue // it is still being written
		}
		if last != nil && full(now) && alike(last, now) {
			still++
		} else {
			still = 0
		}
		last = now
		if still < 4 {
			continue
		}
		if err := save(menu, now); err != nil {
			return err
		}
		_, err = fmt.Fprintln(conn, "sendkey ret")
		return err
	}
	return errors.New("no menu stood still on the screen")
}

// wait tells whether the time is up; not when the machine is gone.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func screen(conn net.Conn, file string) (*image.RGBA, error) {
	os.Remove(file)
	if _, err := fmt.Fprintln(conn, "screendump "+file); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond)
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var width, height, depth int
	if _, err := fmt.Fscanf(in, "P6\n%d %d\n%d\n", &width, &height, &depth); err != nil {
		return nil, err
	}
	pixels := make([]byte, 3*width*height)
	if _, err := io.ReadFull(in, pixels); err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.SetRGBA(i%width, i/width, color.RGBA{pixels[3*i], pixels[3*i+1], pixels[3*i+2], 255})
	}
	return img, nil
}

// full tells a menu from a few lines of text: it has a frame, or a background.
// Lit columns of a frame run over half of the screen's height.
func full(img *image.RGBA) bool {
	b := img.Bounds()
	for x := range b.Dx() {
		lit := 0
		for y := range b.Dy() {
			if c := img.RGBAAt(x, y); int(c.R)+int(c.G)+int(c.B) > 60 {
				lit++
			}
		}
		if lit > b.Dy()/3 {
			return true
		}
	}
	return false
}

// alike allows for a clock that counts down.
func alike(a, b *image.RGBA) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	other := 0
	for i := 0; i < len(a.Pix); i += 4 {
		if a.Pix[i] != b.Pix[i] || a.Pix[i+1] != b.Pix[i+1] {
			other++
		}
	}
	return other < len(a.Pix)/4/200
}

func save(file string, img image.Image) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, img), f.Close())
}
