package desktop

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"antix-remaster/test/atspi"
)

// Step is one thing that is done to a program or waited for.
type Step struct {
	what string
	do   func(ctx context.Context, p *player) error
}

// player is who plays steps.
type player struct {
	*Desktop
	app  *atspi.Node
	dir  string   // for the pictures
	shot []string // the files
}

// Press presses the button with this name once it can be pressed.
func Press(name string) Step {
	return Step{"press " + name, func(ctx context.Context, p *player) error { return p.app.Press(ctx, name) }}
}

// Wait waits until something with this role ("" for any) and name is shown.
func Wait(role, name string) Step {
	return Step{"wait for " + name, func(ctx context.Context, p *player) error {
		_, err := p.app.Find(ctx, role, name)
		return err
	}}
}

// Gone waits until nothing with this name is shown any more.
func Gone(name string) Step {
	return Step{"wait for the end of " + name, func(ctx context.Context, p *player) error { return p.app.Gone(ctx, "", name) }}
}

// Choose chooses the radio button, check box or entry of a list with the name.
func Choose(role, name string) Step {
	return Step{"choose " + name, func(ctx context.Context, p *player) error {
		n, err := p.app.Find(ctx, role, name, atspi.Sensitive)
		if err != nil {
			return err
		}
		return n.Do(ctx)
	}}
}

// Write writes the text into the field with this name.
func Write(name, text string) Step {
	return Step{"write into " + name, func(ctx context.Context, p *player) error {
		n, err := p.app.Find(ctx, "text", name, atspi.Sensitive)
		if err != nil {
			return err
		}
		return n.SetText(ctx, text)
	}}
}

// Keys presses keys one after the other: "Tab", "space", "alt+n".
func Keys(keys ...string) Step {
	return Step{fmt.Sprintf("press the keys %v", keys), func(ctx context.Context, p *player) error {
		for _, k := range keys {
			if err := p.Key(ctx, k); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Shot takes a screenshot with this name, without ".png".
func Shot(name string) Step {
	return Step{"take the picture " + name, func(_ context.Context, p *player) error {
		file := filepath.Join(p.dir, name+".png")
		p.shot = append(p.shot, file)
		return p.Screen.Shoot(file)
	}}
}

// Within gives a step more, or less, time than atspi.Patience.
func Within(limit time.Duration, s Step) Step {
	return Step{s.what, func(ctx context.Context, p *player) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return s.do(ctx, p)
	}}
}

// Play plays the steps on the program. Pictures go into dir; their files are
// returned, also beside an error.
func (d *Desktop) Play(ctx context.Context, app *atspi.Node, dir string, steps ...Step) ([]string, error) {
	p := &player{Desktop: d, app: app, dir: dir}
	for i, step := range steps {
		if err := step.do(ctx, p); err != nil {
			return p.shot, fmt.Errorf("step %d of %d, %s: %w", i+1, len(steps), step.what, err)
		}
	}
	return p.shot, nil
}
