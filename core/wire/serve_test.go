package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// connect starts a helper with this handler and greets it. ended gives what
// Serve returned.
func connect(t *testing.T, handle Handler) (c *Client, ended <-chan error) {
	t.Helper()
	in, toHelper := io.Pipe()
	fromHelper, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Serve(t.Context(), in, out, handle)
		out.Close()
	}()
	c, err := NewClient(fromHelper, toHelper)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.HangUp() })
	return c, done
}

// untilCancelled is work that only a cancel ends.
func untilCancelled(ctx context.Context, _ Request, out *Out) (any, error) {
	out.Progress(Progress{Stage: StagePack, Done: 1, Total: 10})
	<-ctx.Done()
	return nil, Fail(Cancelled, ctx.Err())
}

func code(err error) Code {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}

func TestOperation(t *testing.T) {
	var got Request
	c, ended := connect(t, func(_ context.Context, req Request, out *Out) (any, error) {
		got = req
		out.Note(Warn, Battery, "20")
		out.Progress(Progress{Stage: StagePack, Done: 5, Total: 10, Bytes: 3})
		return BuildResult{Name: "linuxfs.new", Size: 1 << 40, Changed: []string{"a\xffb"}}, nil
	})
	var notes []Check
	var progress []Progress
	w := Watch{Note: func(c Check) { notes = append(notes, c) }, Progress: func(p Progress) { progress = append(progress, p) }}
	var r BuildResult
	for range 2 { // the second run must not be told the first one's progress
		if err := c.Do(t.Context(), Request{Op: OpBuild, Choices: &Choices{Title: "x"}, Plan: "h"}, w, &r); err != nil {
			t.Fatal(err)
		}
	}
	if got.Op != OpBuild || got.Choices.Title != "x" || got.Plan != "h" {
		t.Errorf("request: %+v", got)
	}
	if r.Size != 1<<40 || r.Changed[0] != "a\uFFFDb" {
		t.Errorf("result: %+v", r)
	}
	if len(notes) != 2 || notes[0].Code != Battery || len(progress) != 2 || progress[1].Bytes != 3 {
		t.Errorf("events: %v, %v", notes, progress)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestErrorCrosses(t *testing.T) {
	c, _ := connect(t, func(context.Context, Request, *Out) (any, error) {
		return nil, Fail(NoSpace, errors.New("cannot fit"), "a", "b\xff")
	})
	err := c.Do(t.Context(), Request{Op: OpKeep}, Watch{}, nil)
	if e := AsError(err); e.Code != NoSpace || len(e.Args) != 2 || !strings.Contains(err.Error(), "cannot fit") {
		t.Errorf("%v", err)
	}
}

func TestCancel(t *testing.T) {
	c, _ := connect(t, untilCancelled)
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Do(ctx, Request{Op: OpBuild}, Watch{Progress: func(Progress) { cancel() }}, nil)
	if code(err) != Cancelled {
		t.Errorf("cancelled: %v", err)
	}
	if err := c.Do(ctx, Request{Op: OpBuild}, Watch{}, nil); code(err) != Cancelled {
		t.Errorf("cancelled before: %v", err)
	}
	// The cancel belongs to the first operation only.
	again, cancel2 := context.WithCancel(t.Context())
	defer cancel2()
	if err := c.Do(again, Request{Op: OpBuild}, Watch{Progress: func(Progress) { cancel2() }}, nil); code(err) != Cancelled {
		t.Errorf("second: %v", err)
	}
}

func TestEndOfInputCancels(t *testing.T) {
	c, ended := connect(t, untilCancelled)
	err := c.Do(t.Context(), Request{Op: OpBuild}, Watch{Progress: func(Progress) { c.HangUp() }}, nil)
	if code(err) != Cancelled {
		t.Errorf("Do: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestFaceGoneCancels(t *testing.T) {
	in, toHelper := io.Pipe()
	fromHelper, out := io.Pipe()
	stopped := make(chan struct{})
	go Serve(t.Context(), in, out, func(ctx context.Context, _ Request, out *Out) (any, error) { //nolint:errcheck
		for ctx.Err() == nil {
			out.Note(Note, Healed, "x") // until nobody hears it
		}
		close(stopped)
		return nil, ctx.Err()
	})
	c, err := NewClient(fromHelper, toHelper)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.send(Request{Op: OpBuild}); err != nil {
		t.Fatal(err)
	}
	fromHelper.Close()
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Error("the work went on")
	}
}

// answers feeds raw lines to a helper and gives all it says.
func answers(t *testing.T, in io.Reader, handle Handler) ([]Event, error) {
	t.Helper()
	var out strings.Builder
	err := Serve(t.Context(), in, &out, handle)
	var events []Event
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var e Event
		if err := decodeStrict([]byte(line), &e); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		events = append(events, e)
	}
	return events, err
}

const hello = `{"op":"hello","protocol":5}` + "\n"

func TestBadRequests(t *testing.T) {
	for name, in := range map[string]string{
		"no greeting":      `{"op":"build"}` + "\n",
		"other protocol":   `{"op":"hello","protocol":1}` + "\n",
		"null":             "null\n",
		"unknown field":    hello + `{"op":"build","path":"/etc/passwd"}` + "\n",
		"unknown choice":   hello + `{"op":"build","choices":{"output":"/etc/passwd"}}` + "\n",
		"two objects":      hello + `{"op":"keep"}{"op":"keep"}` + "\n",
		"no JSON":          hello + "build\n",
		"half a line":      hello + `{"op":"keep"`,
		"empty line":       hello + "\n",
		"long line":        hello + strings.Repeat("x", MaxLine) + "\n",
		"array":            hello + "[]\n",
		"number as string": hello + `{"op":"build","choices":{"level":"9"}}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			events, err := answers(t, strings.NewReader(in), func(context.Context, Request, *Out) (any, error) {
				t.Error("the handler ran")
				return nil, nil
			})
			last := events[len(events)-1]
			if err == nil || last.Event != "error" || last.Code != BadRequest || last.Detail == "" {
				t.Errorf("error %v, last event %+v", err, last)
			}
		})
	}
}

func TestOneAtATime(t *testing.T) {
	in := hello + `{"op":"build"}` + "\n" + `{"op":"build"}` + "\n"
	var ran sync.WaitGroup
	ran.Add(1) // a second call would panic
	events, err := answers(t, strings.NewReader(in), func(ctx context.Context, _ Request, _ *Out) (any, error) {
		ran.Done()
		<-ctx.Done()
		return nil, Fail(Cancelled, ctx.Err())
	})
	if err == nil || len(events) != 3 || events[1].Code != BadRequest || events[2].Code != Cancelled {
		t.Errorf("%v, %+v", err, events)
	}
}

// endless is a line that never ends; it counts what was read of it.
type endless struct {
	left, read int64
}

func (e *endless) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), e.left)
	clear(b[:n])
	e.left -= n
	e.read += n
	return int(n), nil
}

// resident is VmRSS in bytes.
func resident(t *testing.T) int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if w := strings.Fields(s.Text()); w[0] == "VmRSS:" {
			n, _ := strconv.ParseInt(w[1], 10, 64)
			return n << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func TestPromiseS14LongLine(t *testing.T) {
	runtime.GC()
	before := resident(t)
	line := &endless{left: 1 << 30}
	events, err := answers(t, io.MultiReader(strings.NewReader(hello), line), nil)
	if !errors.Is(err, errLong) || events[len(events)-1].Code != BadRequest {
		t.Errorf("%v, %+v", err, events)
	}
	if line.read > 2*MaxLine {
		t.Errorf("read %d bytes of the line", line.read)
	}
	if grown := resident(t) - before; grown > 64<<20 {
		t.Errorf("grew by %d bytes", grown)
	}
}

// recorder notes when each event was written.
type recorder struct {
	mu     sync.Mutex
	events []Event
	at     []time.Time
}

func (r *recorder) Write(b []byte) (int, error) {
	var e Event
	if err := json.Unmarshal(b, &e); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events, r.at = append(r.events, e), append(r.at, time.Now())
	return len(b), nil
}

func TestProgressIsThrottledAndNeverGoesBack(t *testing.T) {
	r := &recorder{}
	out := &Out{w: r, cancel: func() {}}
	const n = 20_000
	for i := range int64(n) {
		out.Progress(Progress{Stage: StagePack, Done: i - i%7*3, Total: n})
		if i%100 == 0 {
			time.Sleep(3 * time.Millisecond)
		}
	}
	out.finish(FiledResult{}, nil)
	took := time.Since(r.at[0])
	if limit := int(took/eventGap) + 3; len(r.events) > limit {
		t.Errorf("%d events in %v", len(r.events), took)
	}
	if first := r.events[0].Progress; first == nil || first.Done != 0 {
		t.Errorf("first: %+v", r.events[0])
	}
	before := r.events[len(r.events)-2].Progress
	if before == nil || before.Done < n-20 || r.events[len(r.events)-1].Event != "result" {
		t.Errorf("last: %+v", before)
	}
	done := int64(-1)
	for _, e := range r.events[:len(r.events)-1] {
		if e.Progress.Done < done || e.Progress.Done > e.Progress.Total {
			t.Errorf("went from %d to %d of %d", done, e.Progress.Done, e.Progress.Total)
		}
		done = e.Progress.Done
	}
}

func TestStagesFollowEachOther(t *testing.T) {
	r := &recorder{}
	out := &Out{w: r, cancel: func() {}}
	for _, p := range []Progress{{Stage: StageScan, Done: 1, Total: 9}, {Stage: StageScan, Done: 9, Total: 9}, {Stage: StagePack, Done: 0, Total: 5}} {
		out.Progress(p)
	}
	if len(r.events) != 3 || r.events[1].Progress.Done != 9 || r.events[2].Progress.Stage != StagePack {
		t.Errorf("the last of a stage must be told: %+v", r.events)
	}
}

func TestOverlongEventIsNoSuccess(t *testing.T) {
	c, _ := connect(t, func(context.Context, Request, *Out) (any, error) {
		return BuildResult{Title: strings.Repeat("x", MaxLine)}, nil
	})
	var r BuildResult
	if err := c.Do(t.Context(), Request{Op: OpBuild}, Watch{}, &r); err == nil {
		t.Error("an answer that did not fit became a success")
	}
}
