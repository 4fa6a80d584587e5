package words

import (
	"errors"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

func TestStopped(t *testing.T) {
	var all []history.Version
	for _, number := range []string{"0001", "0002", "0003"} {
		all = append(all, history.Version{Version: live.Version{Name: "linuxfs.old"}, Archive: number})
	}
	cause := wire.Fail(wire.PlanChanged, errors.New("another one"))
	if err := Stopped(all, 0, cause, english); err != cause {
		t.Errorf("nothing is gone: %v", err)
	}
	e := wire.AsError(Stopped(all, 1, cause, english))
	want := "Deleted: archive/0001/linuxfs.old. Not deleted: archive/0002/linuxfs.old, archive/0003/linuxfs.old. The reason: The stick changed since the check."
	if got := Describe(e.Code, e.Args, english).Text; got != want || !errors.Is(e, cause) {
		t.Errorf("%s (%v)", got, e)
	}
}

func TestKept(t *testing.T) {
	if got := Kept(history.Kept{Why: wire.Fail(wire.DeletePinned, nil, "x")}, english); got != "This version is pinned" {
		t.Error(got)
	}
}

func english(s string) string { return s }
