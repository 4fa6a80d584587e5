package wire

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"antix-remaster/core/pause"
)

// Handler does one operation. What it gives is the event's result.
type Handler func(ctx context.Context, req Request, out *Out) (any, error)

// Serve speaks with one face until its input ends, which also cancels what is
// running: a dead window cancels by itself. So does the end of ctx. It returns
// when nothing runs any more. The error tells of a broken protocol.
func Serve(ctx context.Context, in io.Reader, w io.Writer, handle Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &Out{w: w, cancel: cancel}
	out.send(Event{Event: "ready", Protocol: Protocol})
	s := server{ctx: ctx, out: out, handle: handle}
	defer s.running.Wait()
	defer cancel()
	lines := make(chan line)
	go readLines(ctx, in, lines)
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-lines:
			if errors.Is(l.err, io.EOF) {
				return nil
			}
			if l.err == nil {
				l.err = s.take(l.text)
			}
			if l.err != nil {
				out.Error(Fail(BadRequest, l.err))
				return l.err
			}
		}
	}
}

type line struct {
	text []byte
	err  error
}

// readLines hands over line by line, the end of the input last.
func readLines(ctx context.Context, in io.Reader, lines chan<- line) {
	r := bufio.NewReaderSize(in, MaxLine)
	for {
		text, err := readLine(r)
		select {
		case lines <- line{bytes.Clone(text), err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// readLine gives a line without its end. The reader's buffer bounds it, so a
// line of any length costs no more memory than the limit.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errLong
	}
	if err != nil && len(line) > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return line, err
}

type server struct {
	ctx     context.Context
	out     *Out
	handle  Handler
	greeted bool
	running sync.WaitGroup
	mu      sync.Mutex
	stop    context.CancelFunc // of the running operation; nil when idle
	pause   *pause.Switch      // of the same
	chosen  chan Request       // of the same
}

func (s *server) take(line []byte) error {
	var req Request
	if err := decodeStrict(line, &req); err != nil {
		return fmt.Errorf("cannot understand the request: %w", err)
	}
	if err := req.check(); err != nil {
		return fmt.Errorf("cannot accept the request: %w", err)
	}
	if !s.greeted {
		s.greeted = req.Op == OpHello && req.Protocol == Protocol
		if !s.greeted {
			return fmt.Errorf("expected a greeting of protocol %d", Protocol)
		}
		return nil
	}
	switch req.Op {
	case OpCancel:
		s.cancel()
	case OpPause, OpResume:
		s.hold(req.Op == OpPause)
	case OpChoose:
		s.choose(req)
	default:
		return s.start(req)
	}
	return nil
}

func (s *server) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
	}
}

// hold pauses the running operation or lets it go on, and tells of the change:
// a face counts no time in between.
func (s *server) hold(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stop == nil:
	case paused && s.pause.Pause():
		s.out.send(Event{Event: "paused"})
	case !paused && s.pause.Resume():
		s.out.send(Event{Event: "resumed"})
	}
}

func (s *server) start(req Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return errors.New("one operation at a time")
	}
	ctx, stop := context.WithCancel(s.ctx)
	ctx, s.pause = pause.With(ctx)
	ctx, s.chosen = withChosen(ctx)
	s.stop = stop
	s.running.Go(func() {
		result, err := s.handle(ctx, req, s.out)
		s.mu.Lock()
		stop()
		s.stop = nil
		s.mu.Unlock()
		s.out.finish(result, err)
	})
	return nil
}

// Out sends events to the face: at most ten progress events a second, the
// first and the last of a stage always.
type Out struct {
	mu       sync.Mutex
	w        io.Writer
	cancel   context.CancelFunc // a face that is gone cancels
	progress throttle
}

// Progress is a Report.
func (o *Out) Progress(p Progress) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.progress.take(p, o.event)
}

func (o *Out) event(p Progress) { o.write(Event{Event: "progress", Progress: &p}) }

// Note tells of one check or discovery during the run.
func (o *Out) Note(level Level, code Code, args ...string) {
	o.send(Event{Event: "note", Check: &Check{level, code, args}})
}

// Error tells of an error.
func (o *Out) Error(err error) {
	e := AsError(err)
	o.send(Event{Event: "error", Code: e.Code, Args: e.Args, Detail: clip(err.Error(), MaxLine/4)})
}

func (o *Out) finish(result any, err error) {
	defer o.forget()
	if err != nil {
		o.Error(err)
		return
	}
	raw, err := json.Marshal(result)
	if err != nil {
		o.Error(err)
		return
	}
	o.send(Event{Event: "result", Result: raw})
}

// forget lets the next operation begin its stages anew.
func (o *Out) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.progress.last = Progress{}
}

func (o *Out) send(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.progress.flush(o.event)
	o.write(e)
}

func (o *Out) write(e Event) {
	line, err := json.Marshal(e)
	if err == nil && len(line) >= MaxLine {
		line, err = json.Marshal(Event{Event: e.Event, Code: e.Code, Detail: errLong.Error()})
	}
	if err == nil {
		_, err = o.w.Write(append(line, '\n'))
	}
	if err != nil {
		o.cancel()
	}
}

// clip shortens s to n bytes, in valid UTF-8 as JSON needs it.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
