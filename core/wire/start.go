package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"antix-remaster/core/sys"
)

const (
	helperName = "antix-remaster-helper"
	helperHome = "/usr/libexec/antix-remaster/" + helperName
)

// Exit statuses of pkexec itself, with which our helper never ends, and what it
// says, in English always, when nobody is there to ask (polkit 122).
const (
	pkexecDismissed  = 126
	pkexecNotAllowed = 127
	pkexecNoAgent    = "No authentication agent found"
)

// Start starts the helper: directly when we are root, else through pkexec,
// which asks for the password, on our terminal if there is one. titles are as in
// NewClient. Errors are wire errors. Close the client to end the helper and to wait
// for it.
func Start(ctx context.Context, titles Titles) (*Client, error) {
	return start(ctx, titles, sys.StartTextAgent)
}

// StartFromWindow is Start without a question on the terminal that a window may
// have been started from, where nobody looks: a window of the desktop asks.
func StartFromWindow(ctx context.Context, titles Titles) (*Client, error) {
	return start(ctx, titles, nil)
}

func start(ctx context.Context, titles Titles, ask func() (*sys.TextAgent, error)) (*Client, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, Fail(HelperMissing, err, helperName)
	}
	path, err := findHelper(self)
	if err != nil {
		return nil, err
	}
	if sys.IsRoot() {
		return startProgram(ctx, titles, path, path)
	}
	pkexec, err := sys.Program("pkexec")
	if err != nil {
		return nil, Fail(NoPkexec, err)
	}
	// Without a terminal a window of the desktop may still ask.
	if ask != nil {
		if agent, err := ask(); err == nil {
			defer agent.Stop()
			defer context.AfterFunc(ctx, agent.Stop)() // pkexec waits for it
		}
	}
	return startProgram(ctx, titles, path, pkexec, "--disable-internal-agent", path)
}

// findHelper looks beside the program, where a build puts both, then where
// they are installed.
func findHelper(self string) (string, error) {
	dir := filepath.Dir(self)
	for _, path := range []string{
		filepath.Join(dir, helperName),
		filepath.Join(dir, "..", "libexec", "antix-remaster", helperName),
		helperHome,
	} {
		if sys.IsProgram(path) {
			return path, nil
		}
	}
	return "", Fail(HelperMissing, fmt.Errorf("cannot find %s beside %s", helperName, self), helperHome)
}

// startProgram starts argv and greets the helper behind it. The helper runs
// when its first line has come, and not before.
func startProgram(ctx context.Context, titles Titles, helper string, argv ...string) (*Client, error) {
	p, err := sys.StartPartner(argv[0], argv[1:]...)
	if err != nil {
		return nil, Fail(HelperMissing, err, helper)
	}
	stop := context.AfterFunc(ctx, p.End)
	c, err := NewClient(p.Out, p.In, titles)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		p.End()
		return nil, whyNot(ctx, err, argv[0] != helper, p)
	}
	c.end = func() error {
		_, _ = io.Copy(io.Discard, p.Out) // it must not block on a full pipe
		status, text, err := p.Wait()
		if err != nil {
			return fmt.Errorf("the helper ended with status %d (%s): %w", status, text, err)
		}
		return nil
	}
	return c, nil
}

// whyNot explains a helper that never got ready.
func whyNot(ctx context.Context, err error, pkexec bool, p *sys.Partner) error {
	status, text, endErr := p.Wait()
	chain := errors.Join(err, endErr)
	if text != "" {
		chain = errors.Join(chain, errors.New(text))
	}
	var known *Error
	switch {
	case ctx.Err() != nil:
		return Fail(Cancelled, chain)
	case errors.As(err, &known):
		return err
	case pkexec && errors.Is(err, io.EOF) && status == pkexecDismissed:
		return Fail(Dismissed, chain)
	case pkexec && errors.Is(err, io.EOF) && status == pkexecNotAllowed && strings.Contains(text, pkexecNoAgent):
		return Fail(NoAgent, chain)
	case pkexec && errors.Is(err, io.EOF) && status == pkexecNotAllowed:
		return Fail(NotAuthorised, chain)
	}
	return Fail(HelperDied, chain)
}
