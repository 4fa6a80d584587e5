package wire

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"antix-remaster/core/pause"
)

// stepping is work that counts its steps, and ends when it may.
type stepping struct {
	steps  atomic.Int64
	enough chan struct{}
}

func (s *stepping) handle(ctx context.Context, _ Request, out *Out) (any, error) {
	for {
		pause.Wait(ctx)
		select {
		case <-ctx.Done():
			return nil, Fail(Cancelled, ctx.Err())
		case <-s.enough:
			return FiledResult{Files: []string{"x"}}, nil
		default:
			out.Progress(Progress{Stage: StagePack, Done: s.steps.Add(1), Total: 1 << 40})
			time.Sleep(time.Millisecond)
		}
	}
}

// What a face asks for while work goes on, beside the operations.
const (
	opHangUp Op = "(hangs up)"
	opEnough Op = "(lets the work end)"
)

func (s *stepping) ask(t *testing.T, c *Client, op Op) {
	var err error
	switch op {
	case opHangUp:
		err = c.HangUp()
	case opEnough:
		close(s.enough)
	case OpPause:
		err = c.Pause()
	case OpResume:
		err = c.Resume()
	case OpCancel:
		err = c.Cancel()
	}
	if err != nil {
		t.Errorf("%s: %v", op, err)
	}
}

func TestPause(t *testing.T) {
	for name, c := range map[string]struct {
		asked []Op
		told  []bool
		want  Code
	}{
		"and on":           {[]Op{OpPause, OpResume, opEnough}, []bool{true, false}, ""},
		"each one twice":   {[]Op{OpPause, OpPause, OpResume, OpResume, opEnough}, []bool{true, false}, ""},
		"two pauses":       {[]Op{OpPause, OpResume, OpPause, OpResume, opEnough}, []bool{true, false, true, false}, ""},
		"on without pause": {[]Op{OpResume, opEnough}, nil, ""},
		"then cancelled":   {[]Op{OpPause, OpCancel}, []bool{true}, Cancelled},
		"then hung up":     {[]Op{OpPause, opHangUp}, []bool{true}, Cancelled},
		"on, cancelled":    {[]Op{OpPause, OpResume, OpCancel}, []bool{true, false}, Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stepping{enough: make(chan struct{})}
			client, _ := connect(t, s.handle)
			var told []bool
			began, heard := make(chan struct{}), make(chan bool, 10)
			w := Watch{Paused: func(on bool) { told = append(told, on); heard <- on }, Progress: func(p Progress) {
				if p.Done == 1 {
					close(began)
				}
			}}
			go func() { // the pipe to the helper holds nothing back
				<-began
				for _, op := range c.asked {
					if op == opEnough { // not before the helper has heard the rest
						for range c.told {
							<-heard
						}
					}
					s.ask(t, client, op)
				}
			}()
			var r FiledResult
			err := client.Do(t.Context(), Request{Op: OpKeep}, w, &r)
			if code(err) != c.want || !slices.Equal(told, c.told) || (err == nil) != (len(r.Files) == 1) {
				t.Errorf("%v, told %v, want %v", err, told, c.told)
			}
		})
	}
}

func TestPauseHoldsTheWorkUp(t *testing.T) {
	s := &stepping{enough: make(chan struct{})}
	c, _ := connect(t, s.handle)
	paused := make(chan bool, 2)
	ended := make(chan error, 1)
	go func() {
		var r FiledResult
		ended <- c.Do(t.Context(), Request{Op: OpKeep}, Watch{Paused: func(on bool) { paused <- on }}, &r)
	}()
	for s.steps.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.ask(t, c, OpPause)
	<-paused
	before := s.steps.Load() + 1 // the step that is being made
	time.Sleep(200 * time.Millisecond)
	if after := s.steps.Load(); after > before {
		t.Errorf("%d steps while paused", after-before)
	}
	s.ask(t, c, OpResume)
	for s.steps.Load() <= before {
		time.Sleep(time.Millisecond)
	}
	s.ask(t, c, opEnough)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A pause concerns the operation that runs, and no later one.
func TestPauseOfNothing(t *testing.T) {
	in := hello + `{"op":"pause"}` + "\n" + `{"op":"resume"}` + "\n" + `{"op":"pause"}` + "\n" + `{"op":"keep"}` + "\n"
	ran := make(chan struct{})
	r := &thenWait{Reader: strings.NewReader(in), until: ran}
	events, err := answers(t, r, func(ctx context.Context, _ Request, _ *Out) (any, error) {
		defer close(ran)
		pause.Wait(ctx)
		if pause.On(ctx) {
			t.Error("paused before it began")
		}
		return FiledResult{}, nil
	})
	if err != nil || len(events) != 2 || events[1].Event != "result" {
		t.Errorf("%v, %+v", err, events)
	}
}

// thenWait is a reader whose end comes only then.
type thenWait struct {
	*strings.Reader
	until chan struct{}
}

func (r *thenWait) Read(b []byte) (int, error) {
	if r.Len() == 0 {
		<-r.until
	}
	return r.Reader.Read(b)
}
