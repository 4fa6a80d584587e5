package gui

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// report is what a user can send to somebody who helps.
func report(version string, m *model, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "antix-remaster %s, %s\n\n", version, now.Format(time.RFC3339))
	if m.failure != nil {
		text := describeError(m.failure)
		fmt.Fprintf(&b, "%s\n%s\n%s\n\ntask %s, %s\n", text.Title, text.Text, text.Hint, m.failed, m.failure.Error())
	}
	f := m.intent.Facts
	fmt.Fprintf(&b, "\nlive %v, generation %d, config %s\nboot %+v\nimage %+v\nunion %+v\nhome %+v\npersistence %+v\n",
		f.Live, f.Generation, f.ConfigPath, f.Boot, f.Image, f.Union, f.Home, f.Persistence)
	fmt.Fprintf(&b, "kernel %s, of the next start %s\nfiles %q\nproblems %q\nchoices %+v\nstage %s, %d of %d\n",
		f.RunningKernel, f.BootKernel, f.Files, f.Problems, m.choices, m.meter.stage, m.meter.done, m.meter.total)
	for _, c := range append(slices.Clone(m.now), m.notes...) {
		fmt.Fprintf(&b, "%s %s %q\n", c.Level, c.Code, c.Args)
	}
	return b.String()
}
