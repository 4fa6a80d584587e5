package attack

import (
	"strings"
	"testing"

	"antix-remaster/core/sys"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// TestPromiseS1 starts the helper as nobody should: it ends with 2 and has
// touched nothing, and 126 and 127, which are pkexec's own, never come.
func TestPromiseS1(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	before := v.look()
	env := []string{"PATH=/bin", "LC_ALL=C"}
	starts := []launch{
		{Env: env}, // argc 0; newer kernels make it one empty argument
		{Argv: []string{""}, Env: env},
		{Argv: []string{}},
		{Argv: []string{"h"}}, // no environment
		{Argv: []string{"h"}, UID: 1000, Env: env},
		{Argv: []string{"h"}, UID: 1000, Env: append(env, "PKEXEC_UID=0")},
		{Argv: []string{"h"}, UID: 1000},
	}
	for _, more := range [][]string{{""}, {"build"}, {"--help"}, {"--", ""}, {"-"}, {"{}"}, {strings.Repeat("x", 100000)}, make([]string, 5000)} {
		starts = append(starts, launch{Argv: append([]string{"h"}, more...), Env: env})
	}
	for _, uid := range []string{"", " ", "-1", "+0", "0x0", "1000 0", "1000\n0", "root", "00000000000", "99999999999", "1e3", "٠", "0;id", "$(id)", "1.0", "0\t", strings.Repeat("9", 5000)} {
		for _, key := range []string{"PKEXEC_UID=", "SUDO_UID="} {
			starts = append(starts, launch{Argv: []string{"h"}, Env: append([]string{key + uid}, env...)})
		}
	}
	// The variable of our own second start is nobody's to give.
	starts = append(starts, launch{Argv: []string{"h"}, Env: append([]string{"ANTIX_REMASTER_CALLER=1000"}, sys.Env...)},
		launch{Argv: []string{"h"}, Env: []string{"ANTIX_REMASTER_CALLER=1000", "A=b"}})
	broken := 0
	for _, l := range starts {
		if o := v.started(l, greeting+`{"op":"disarm"}`+"\n"); o.status != 2 || o.stdout != "" {
			broken++
			t.Errorf("argv %.60q, env %.60q, uid %d: status %d, said %.200q", l.Argv, l.Env, l.UID, o.status, o.stdout)
		}
	}
	for _, change := range before.changes(v.look()) {
		broken++
		t.Error(change)
	}
	if v.exists("/var/log/live/antix-remaster.log") || v.exists("/run/antix-remaster") {
		broken++
		t.Error("a start that was refused left a log or the work directory")
	}
	figure.Record(t, "S1", "starts that are not ours: argc 0, arguments, no environment, no root, no user id", len(starts), broken)
}

// honest starts are not refused, whatever the variable says of who calls.
func TestPromiseS1Honest(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	for _, env := range [][]string{{"PKEXEC_UID=1000"}, {"SUDO_UID=0"}, {"A=b"}, {"PKEXEC_UID=4294967294", "SUDO_UID=x"}} {
		o := v.started(launch{Argv: []string{"antix-remaster-helper"}, Env: env}, greeting)
		if o.status != 0 || !strings.Contains(o.stdout, `"ready"`) {
			t.Errorf("%q: status %d: %s%s", env, o.status, o.stdout, o.stderr)
		}
	}
}
