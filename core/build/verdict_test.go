package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/wire"
)

// played is a run in which a shell script plays mksquashfs; its $0 is the image.
func played(t testing.TB, script string) Job {
	t.Helper()
	out, err := os.Create(filepath.Join(memDir(t), "image"))
	must(t, err)
	t.Cleanup(func() { out.Close() })
	return Job{Engine: Engine{Path: "/bin/sh", Major: 4, Minor: 5}, Args: []string{"-c", script, out.Name()}, Out: out, Room: 1 << 30, Dense: 1}
}

func isFail(err error, code wire.Code, args ...string) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == code && slices.Equal(e.Args, args)
}

const readFailed = "echo 'Failed to read file /run/antix-remaster/view/etc/shadow, creating empty file' >&2;"

// Promise P5: exit 0 is not success, and every other end has its own reason.
func TestPromiseP5Verdict(t *testing.T) {
	const full = "echo 'Write failed because No space left on device' >&2;"
	for _, c := range []struct {
		script string
		code   wire.Code
		args   []string
	}{
		{readFailed, wire.Unreadable, []string{"1", `"/etc/shadow"`}},
		{"for i in 1 2 3 4 5 6 7; do echo \"Could not open /$i, skipping...\"; done >&2", wire.Unreadable,
			[]string{"7", `"/1", "/2", "/3", "/4", "/5" … (+2)`}},
		{"echo 'something new' >&2; echo 'and more' >&2", wire.EngineFailed, []string{"something new"}},
		{"printf odd >&2", wire.EngineFailed, []string{"odd"}},
		{"exit 1", wire.EngineFailed, []string{"?"}},
		{"echo one >&2; echo 'FATAL ERROR: Out of memory' >&2; exit 1", wire.EngineFailed, []string{"FATAL ERROR: Out of memory"}},
		{readFailed + "exit 1", wire.EngineFailed, []string{"Failed to read file /run/antix-remaster/view/etc/shadow, creating empty file"}},
		{full + "exit 1", wire.FilledUp, nil},
		{full + "echo 'FATAL ERROR: Failed to write to output filesystem' >&2; exit 1", wire.FilledUp, nil},
		{full, wire.FilledUp, nil},
		{full + "kill -KILL $$", wire.FilledUp, nil},
		{readFailed + full, wire.FilledUp, nil},
		{"kill -XFSZ $$", wire.FilledUp, nil},
		{"exit 153", wire.FilledUp, nil}, // a shell's word for it
		{"kill -KILL $$", wire.EngineKilled, []string{"9"}},
		{"kill -TERM $$", wire.EngineKilled, []string{"15"}},
		{"kill -SEGV $$", wire.EngineKilled, []string{"11"}},
		{readFailed + "kill -KILL $$", wire.EngineKilled, []string{"9"}},
		{"exit 137", wire.EngineFailed, []string{"?"}},
	} {
		packed, err := Run(t.Context(), played(t, c.script))
		if !isFail(err, c.code, c.args...) || !reflect.DeepEqual(packed, Packed{}) {
			t.Errorf("%s: %+v, %v", c.script, packed, err)
		}
	}
	j := played(t, "")
	j.Engine.Path = "/nowhere/mksquashfs"
	if _, err := Run(t.Context(), j); wire.AsError(err).Code != wire.EngineFailed || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
}

// The details of an error show what was printed last.
func TestVerdictDetails(t *testing.T) {
	_, err := Run(t.Context(), played(t, "for i in $(seq 100); do echo line $i; done >&2; exit 1"))
	text := fmt.Sprint(err)
	if !strings.Contains(text, "line 81\n") || strings.Contains(text, "line 80\n") || !strings.HasSuffix(text, "line 100") {
		t.Errorf("%s", text)
	}
}

// A run with both forms of the progress, whole.
func TestRunTells(t *testing.T) {
	pack := func(done, total, bytes int64) wire.Progress {
		return wire.Progress{Stage: wire.StagePack, Done: done, Total: total, Bytes: bytes}
	}
	write := func(done int64) wire.Progress {
		return wire.Progress{Stage: wire.StageWrite, Done: done, Total: 5, Bytes: 5}
	}
	for name, c := range map[string]struct {
		minor  int
		script string
		want   []wire.Progress
		log    []string
	}{
		"a bar on a terminal": {5, `test -t 1 || exit 9; echo Using 2 processors; printf '\r[/ ] 0/2 0%%'; printf hello >"$0"; printf '\r[=-] 2/2 100%%\n'; echo end`,
			[]wire.Progress{pack(0, 2, 0), pack(2, 2, 5), write(0), write(5)}, []string{"Using 2 processors", "end"}},
		"-percentage": {6, `test -t 1 && exit 9; test "$0" = -percentage || exit 8; echo 0; printf hello >"$1"; echo 100; echo end`,
			[]wire.Progress{pack(0, 100, 5), pack(100, 100, 5), write(0), write(5)}, []string{"end"}},
	} {
		j := played(t, c.script)
		j.Engine.Minor = c.minor
		var got []wire.Progress
		var log []string
		j.Report = func(p wire.Progress) { got = append(got, p) }
		j.Log = func(line string) { log = append(log, line) }
		packed, err := Run(t.Context(), j)
		must(t, err)
		// How much of the image is there when a line is read is a matter of luck.
		for i := range got {
			if got[i].Stage == wire.StagePack && i < len(c.want) && got[i].Bytes <= 5 {
				got[i].Bytes = c.want[i].Bytes
			}
		}
		if !slices.Equal(got, c.want) || !slices.Equal(log, c.log) || !reflect.DeepEqual(packed, Packed{Size: 5}) {
			t.Errorf("%s: %+v, log %q, progress %+v", name, packed, log, got)
		}
	}
}

func TestRunTellsWhatChanged(t *testing.T) {
	packed, err := Run(t.Context(), played(t, `{ for f in a b; do echo "File $f changed size while reading filesystem, attempting to re-read"
		echo 'Unrecognised xattr prefix system.posix_acl_access'; done; echo 'Unrecognised xattr prefix x.y'; } >&2; printf 123 >"$0"`))
	must(t, err)
	if want := (Packed{Size: 3, Changed: 2, Lost: []string{"system.posix_acl_access", "x.y"}}); !reflect.DeepEqual(packed, want) {
		t.Errorf("%+v", packed)
	}
}

// A job may go without anybody who listens, and one that outruns the medium is
// held back, but always let go again.
func TestRunHoldsBackAndGoesOn(t *testing.T) {
	packed, err := Run(t.Context(), played(t, `truncate -s 200M "$0"; for i in 1 2 3; do sleep 0.15; done; truncate -s 201M "$0"`))
	if err != nil || packed.Size != 201<<20 {
		t.Errorf("%+v, %v", packed, err)
	}
}

// takesLong is mksquashfs at work, with a child, that no polite signal ends.
const takesLong = `trap '' TERM INT HUP; printf 12345678901 >"$0"; printf '\r[=/ ] 1/10 10%%\r'; sleep 60 & sleep 60; wait`

func TestRunStops(t *testing.T) {
	packages := wire.Fail(wire.PackagesMoved, nil)
	for name, c := range map[string]struct {
		code   wire.Code
		script string
		change func(j *Job, cancel func())
	}{
		"cancelled at once":     {wire.Cancelled, takesLong, func(_ *Job, cancel func()) { cancel() }},
		"cancelled at work":     {wire.Cancelled, takesLong, func(j *Job, cancel func()) { j.Report = func(wire.Progress) { cancel() } }},
		"cancelled at the end":  {wire.Cancelled, `truncate -s 10M "$0"`, func(j *Job, cancel func()) { j.Report = func(wire.Progress) { cancel() } }},
		"cancelled, and failed": {wire.Cancelled, readFailed + takesLong, func(j *Job, cancel func()) { j.Report = func(wire.Progress) { cancel() } }},
		"no room":               {wire.FilledUp, takesLong, func(j *Job, _ func()) { j.Room = 10 }},
		"the watch":             {wire.PackagesMoved, takesLong, func(j *Job, _ func()) { j.Watch = func() error { return packages } }},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		j := played(t, c.script)
		c.change(&j, cancel)
		started := time.Now()
		packed, err := Run(ctx, j)
		cancel()
		if wire.AsError(err).Code != c.code || !reflect.DeepEqual(packed, Packed{}) {
			t.Errorf("%s: %+v, %v", name, packed, err)
		}
		if took := time.Since(started); took > 30*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}
