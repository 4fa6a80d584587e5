package main

import (
	"context"
	"fmt"

	"antix-remaster/core/history"
	"antix-remaster/core/words"
)

type diffLine struct {
	Event      string               `json:"event"`
	From       listedEntry          `json:"from"`
	To         listedEntry          `json:"to"`
	Packages   bool                 `json:"packages"` // both have a list of packages
	Added      []history.Package    `json:"added"`
	Removed    []history.Package    `json:"removed"`
	Upgraded   []history.Upgrade    `json:"upgraded"`
	Downgraded []history.Upgrade    `json:"downgraded"`
	Sizes      []history.SizeChange `json:"sizes"` // unpacked, by directory of the root; "" are files in it
}

// diff tells what changes from one version to another.
func (a *app) diff(ctx context.Context) error {
	_, all, err := a.look(ctx)
	if err != nil {
		return err
	}
	from, to, err := pair(all, a.words)
	if err != nil {
		return err
	}
	c, err := history.Compare(ctx, from, to)
	if err != nil {
		return err
	}
	if a.json {
		a.object(diffLine{"result", listed(from), listed(to), c.Packages, list(c.Added), list(c.Removed), list(c.Upgraded), list(c.Downgraded), list(c.Sizes)})
		return nil
	}
	a.diffText(from, to, c)
	return nil
}

func list[T any](l []T) []T { return append([]T{}, l...) }

// pair finds both versions. Without a word it is what the next start changes,
// or else what going back changes.
func pair(all []history.Version, named []string) (from, to history.Version, err error) {
	first, second := "running", "previous"
	switch len(named) {
	case 0:
		if _, err := history.Find(all, "armed"); err == nil {
			second = "armed"
		}
	case 1:
		second = named[0]
	default:
		first, second = named[0], named[1]
	}
	if from, err = history.Find(all, first); err == nil {
		to, err = history.Find(all, second)
	}
	return from, to, err
}

func (a *app) diffText(from, to history.Version, c history.Changes) {
	a.say("%s", fmt.Sprintf(tr("From %[1]s (%[2]s) to %[3]s (%[4]s):"), words.VersionName(from), words.Clean(from.File()), words.VersionName(to), words.Clean(to.File())))
	if !c.Packages {
		a.say("%s", tr("One of them has no list of packages."))
	}
	a.packages(tr("Packages added"), len(c.Added), func(i int) string { return c.Added[i].Name + " " + c.Added[i].Version })
	a.packages(tr("Packages removed"), len(c.Removed), func(i int) string { return c.Removed[i].Name + " " + c.Removed[i].Version })
	a.packages(tr("Packages upgraded"), len(c.Upgraded), func(i int) string { return upgrade(c.Upgraded[i]) })
	a.packages(tr("Packages downgraded"), len(c.Downgraded), func(i int) string { return upgrade(c.Downgraded[i]) })
	if c.Packages && len(c.Added)+len(c.Removed)+len(c.Upgraded)+len(c.Downgraded) == 0 {
		a.say("%s", tr("The packages are the same."))
	}
	a.say("%s", tr("Unpacked size of the files in"))
	for _, s := range c.Sizes {
		if s.Before != s.After || a.verbose {
			a.row("/"+s.Dir, fmt.Sprintf("%s -> %s", words.Size(s.Before), words.Size(s.After)))
		}
	}
}

func upgrade(u history.Upgrade) string { return u.Name + " " + u.From + " -> " + u.To }

func (a *app) packages(title string, n int, line func(int) string) {
	if n == 0 {
		return
	}
	a.say("%s", fmt.Sprintf("%s: %d", title, n))
	for i := range n {
		a.item(line(i))
	}
}
