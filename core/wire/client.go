package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// Client is the face's side of one helper.
type Client struct {
	in  *bufio.Reader
	out io.WriteCloser
	mu  sync.Mutex   // of out: Cancel and Pause may come from other goroutines
	end func() error // of Close: waits for a helper that Start started
}

// Watch sees the events of an operation: progress, notes, and that it was
// paused (true) or goes on (false). The time in between is none of its work.
// What is nil sees nothing.
type Watch struct {
	Progress Report
	Estimate func(Estimate)
	Note     func(Check)
	Paused   func(bool)
}

// NewClient greets the helper at the other end, with the titles that entries of
// boot menus are to have, none to leave them as they are. An input that ends before
// the helper is ready means that it never ran: io.EOF is in the chain.
func NewClient(in io.Reader, out io.WriteCloser, titles Titles) (*Client, error) {
	c := &Client{in: bufio.NewReaderSize(in, MaxLine), out: out}
	e, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("cannot hear the helper: %w", err)
	}
	if e.Event == "error" {
		return nil, e.failure()
	}
	if e.Event != "ready" || e.Protocol != Protocol {
		return nil, Fail(BadRequest, fmt.Errorf("helper speaks protocol %d, not %d", e.Protocol, Protocol))
	}
	hello := Request{Op: OpHello, Protocol: Protocol}
	if titles != (Titles{}) {
		hello.Titles = &titles
	}
	return c, c.send(hello)
}

func (c *Client) read() (Event, error) {
	line, err := readLine(c.in)
	if err != nil {
		return Event{}, err
	}
	var e Event
	return e, decodeStrict(line, &e)
}

func (c *Client) send(req Request) error {
	line, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if len(line) >= MaxLine {
		return Fail(Usage, errLong, errLong.Error())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err = c.out.Write(append(line, '\n')); err != nil {
		return Fail(HelperDied, err)
	}
	return nil
}

// Do runs one operation to its end and decodes its result. Once ctx is done
// the helper is asked to stop, and Do ends when it has: with Cancelled, or
// with a result that came first.
func (c *Client) Do(ctx context.Context, req Request, w Watch, result any) error {
	if ctx.Err() != nil {
		return Fail(Cancelled, ctx.Err())
	}
	if err := c.send(req); err != nil {
		return err
	}
	asked := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(asked)
		_ = c.Cancel() // a helper that is gone shows in read
	})
	defer func() {
		if !stop() {
			<-asked // a late request must not reach the next operation
		}
	}()
	for {
		e, err := c.read()
		if err != nil {
			return Fail(HelperDied, err)
		}
		if done, err := w.see(e, result); done {
			return err
		}
	}
}

// see takes one event; done tells that it was the last of the operation.
func (w Watch) see(e Event, result any) (done bool, err error) {
	switch e.Event {
	case "progress":
		if w.Progress != nil && e.Progress != nil {
			w.Progress(*e.Progress)
		}
	case "estimate":
		if w.Estimate != nil && e.Estimate != nil {
			w.Estimate(*e.Estimate)
		}
	case "note":
		if w.Note != nil && e.Check != nil {
			w.Note(*e.Check)
		}
	case "paused", "resumed":
		if w.Paused != nil {
			w.Paused(e.Event == "paused")
		}
	case "error":
		return true, e.failure()
	case "result":
		if err := json.Unmarshal(e.Result, result); err != nil {
			return true, fmt.Errorf("cannot understand the helper's result: %w", err)
		}
		return true, nil
	default:
		return true, Fail(BadRequest, fmt.Errorf("unknown event %q", e.Event))
	}
	return false, nil
}

func (e Event) failure() error { return Fail(e.Code, errors.New(e.Detail), e.Args...) }

// Cancel asks the helper to stop what it does; Do then ends with Cancelled.
func (c *Client) Cancel() error { return c.send(Request{Op: OpCancel}) }

// Pause asks the helper to let what it does stand still until Resume; Watch
// tells when it took the request. Nothing is lost, and a cancel works as ever.
func (c *Client) Pause() error { return c.send(Request{Op: OpPause}) }

// Resume asks the helper to go on.
func (c *Client) Resume() error { return c.send(Request{Op: OpResume}) }

// HangUp ends the helper's input, which stops whatever it does, and does not
// wait: Do still sees the end.
func (c *Client) HangUp() error { return c.out.Close() }

// Close ends the helper by ending its input, waits for it, and tells how it
// ended.
func (c *Client) Close() error {
	err := c.out.Close()
	if errors.Is(err, fs.ErrClosed) {
		err = nil // by HangUp
	}
	if c.end != nil {
		err = errors.Join(err, c.end())
	}
	return err
}
