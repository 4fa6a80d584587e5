package wire

import (
	"strings"
	"testing"
)

func TestRequestsAboutVersions(t *testing.T) {
	good := "123-" + strings.Repeat("0f", 32)
	ref := func(place, key string) *VersionRef { return &VersionRef{place, key} }
	for _, r := range []Request{
		{Op: OpStage, Version: ref("old", good)}, {Op: OpPin, Version: ref("archive/0003/linuxfs.old", good)}, {Op: OpUnpin, Version: ref("linuxfs.03", good)},
		{Op: OpTry, Version: ref("old", good)}, {Op: OpUntry, Version: ref("old", good)}, {Op: OpMenu, Menu: MenuOff}, {Op: OpMenu, Menu: MenuOn},
		{Op: OpNote, Version: ref("default", good), Note: strings.Repeat("n", 200)}, {Op: OpNote, Version: ref("bad", good)},
		{Op: OpDelete, Version: ref("archive/999999999/ümlaut.old", good), Confirmed: true}, {Op: OpVerify, Version: ref("new", good)}, {Op: OpKeep}, {Op: "of later"},
	} {
		if err := r.check(); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
	bad := []Request{{Op: OpStage}, {Op: OpDelete}, {Op: OpKeep, Version: ref("old", good)}, {Op: OpBuild, Note: "n"}, {Op: OpPin, Version: ref("old", good), Note: "n"},
		{Op: OpPin, Version: ref("old", good), Confirmed: true}, {Op: OpKeep, Confirmed: true},
		{Op: OpMenu}, {Op: OpMenu, Menu: "maybe"}, {Op: OpKeep, Menu: MenuOn}, {Op: OpTry}, {Op: OpTry, Version: ref("old", good), Menu: MenuOn}}
	for _, place := range []string{"", ".", "..", "../linuxfs", "/etc/passwd", "archive/", "archive/0003", "archive/0003/", "archive/003/linuxfs", "archive/0003/..",
		"archive/0003/a/b", "archive/../linuxfs", "archive//linuxfs", "Archive/0003/x", "x/0003/linuxfs", "-rf", ".hidden", "a\x00", "a\n", "a b", strings.Repeat("a", 300), "\xff", "a\u2028"} {
		bad = append(bad, Request{Op: OpDelete, Version: ref(place, good)})
	}
	for _, key := range []string{"", "-", "1-", "1-00", good + "0", good[:len(good)-1], strings.ToUpper(good), "-" + good, "x" + good, strings.Repeat("9", 19) + good[3:], good + "\n"} {
		bad = append(bad, Request{Op: OpPin, Version: ref("old", key)})
	}
	for _, note := range []string{"a\nb", "\x1b[31m", "\x00", strings.Repeat("n", 201), "\u2028", "\xff", "\u0085"} {
		bad = append(bad, Request{Op: OpNote, Version: ref("old", good), Note: note})
	}
	for _, r := range bad {
		if r.check() == nil {
			t.Errorf("accepted %q, version %+v", r.Op, r.Version)
		}
	}
}
