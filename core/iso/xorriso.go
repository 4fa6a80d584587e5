package iso

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// arguments are those of xorriso for an image of the files in list. It is asked
// to give up at the first file that it cannot read, where it would else put
// zeros; files that are larger than 4 GiB go into several extents (level 3).
func (p *Plan) arguments(list string, more ...string) []string {
	args := []string{"-abort_on", "SORRY", "-return_with", "SORRY", "32",
		"-as", "mkisofs", "-iso-level", "3", "-rational-rock", "-joliet", "-joliet-long", "-V", p.Label,
		"-isohybrid-mbr", p.boot.mbr,
		"-b", biosImage, "-c", catalog, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
		"-eltorito-alt-boot", "-e", efiImage, "-no-emul-boot", "-isohybrid-gpt-basdat",
		"-graft-points", "-path-list", list}
	return append(args, more...)
}

// writeList writes the list of files for xorriso: "path in the image=file".
func writeList(w io.StringWriter, items []item) error {
	for _, i := range items {
		if strings.ContainsAny(i.from, "\\\n") {
			return notSaved(path.Dir(i.from), fmt.Errorf("the name of the folder has a backslash or a line end"))
		}
		if _, err := w.WriteString("/" + strings.ReplaceAll(i.to, "=", `\=`) + "=" + i.from + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// exactSize asks xorriso how large the image will be, in bytes.
func (p *Plan) exactSize(ctx context.Context, program, list string) (int64, error) {
	text, err := sys.Output(ctx, program, p.arguments(list, "-print-size")...)
	if ctx.Err() != nil {
		return 0, wire.Fail(wire.Cancelled, ctx.Err())
	}
	lines := strings.Fields(text)
	for i := len(lines) - 1; err == nil && i >= 0; i-- {
		if n, err := strconv.ParseInt(lines[i], 10, 32); err == nil && n > 0 {
			return n * block, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("no size in %q", text)
	}
	var said lastLines
	said.Write([]byte(text)) //nolint:errcheck // never fails
	return 0, wire.Fail(wire.ISOFailed, err, said.reason(err))
}

// maker is a running xorriso, whose standard output is the image.
type maker struct {
	process *sys.Process
	image   *os.File
	said    lastLines
}

func (p *Plan) start(program, list string) (*maker, error) {
	r, w, err := sys.BigPipe(chunk)
	if err != nil {
		return nil, wire.Fail(wire.ISOFailed, err, err.Error())
	}
	m := &maker{image: r}
	m.process, err = sys.Start(sys.Spec{Path: program, Args: p.arguments(list, "-o", "-"), Stdout: w, Stderr: &m.said})
	w.Close()
	if err != nil {
		r.Close()
		return nil, wire.Fail(wire.ISOFailed, err, err.Error())
	}
	return m, nil
}

// stop ends xorriso, if it has not ended, and waits for that.
func (m *maker) stop() {
	m.process.Signal(syscall.SIGKILL)
	m.image.Close()
	<-m.process.Done()
}

// end tells how xorriso ended when its output has.
func (m *maker) end() error {
	if err := m.process.Wait(); err != nil {
		return wire.Fail(wire.ISOFailed, fmt.Errorf("%w: %s", err, m.said.text()), m.said.reason(err))
	}
	return nil
}

// lastLines keeps what xorriso said last.
type lastLines struct {
	lines []string
	part  []byte
}

const (
	keptLines   = 20
	longestLine = 1000
)

func (l *lastLines) Write(b []byte) (int, error) {
	for _, c := range b {
		switch {
		case c != '\n' && c != '\r':
			if len(l.part) < longestLine {
				l.part = append(l.part, c)
			}
		case len(l.part) > 0:
			l.lines = append(l.lines, string(l.part))
			l.lines = l.lines[max(0, len(l.lines)-keptLines):]
			l.part = l.part[:0]
		}
	}
	return len(b), nil
}

func (l *lastLines) text() string { return strings.Join(append(l.lines, string(l.part)), "\n") }

// reason is the first complaint: what follows is mostly that xorriso gives up.
func (l *lastLines) reason(err error) string {
	for _, line := range append(l.lines, string(l.part)) {
		for _, level := range []string{" : SORRY : ", " : MISHAP : ", " : FAILURE : ", " : FATAL : "} {
			if _, what, ok := strings.Cut(line, level); ok {
				return strings.TrimSpace(what)
			}
		}
	}
	return err.Error()
}
