package script

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdISO lists an ISO image with bsdtar, which shares nothing with what made it,
// and says of some files in it whether they are as on the stick, or as the files
// named behind it: iso FILE [INITRD].
func cmdISO(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	image := w.Path(args[0])
	list, err := exec.Command("bsdtar", "tf", image).Output()
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), string(list))
	want := map[string]string{"antiX/linuxfs": w.StickPath("linuxfs"), "antiX/vmlinuz": w.StickPath("vmlinuz"), "antiX/initrd.gz": w.StickPath("initrd.gz")}
	if len(args) > 1 {
		want = map[string]string{"antiX/initrd.gz": w.Path(args[1])}
	}
	for name, file := range want {
		in, err := exec.Command("bsdtar", "xOf", image, name).Output()
		ts.Check(err)
		cmp := exec.Command("cmp", "-", file)
		cmp.Stdin = bytes.NewReader(in)
		if cmp.Run() == nil {
			fmt.Fprintln(ts.Stdout(), "same", name)
		}
		sum, err := exec.Command("bsdtar", "xOf", image, name+".md5").Output()
		ts.Check(err)
		check := exec.Command("md5sum")
		check.Stdin = bytes.NewReader(in)
		got, err := check.Output()
		ts.Check(err)
		if string(got[:32]) != string(sum[:32]) {
			ts.Fatalf("%s.md5 says %s", name, sum)
		}
	}
	menus, err := exec.Command("bsdtar", "xOf", image, "boot/grub/grub.cfg", "boot/isolinux/isolinux.cfg").Output()
	ts.Check(err)
	if !strings.Contains(string(menus), "antix-remaster ###") && strings.Contains(string(menus), "/antiX/vmlinuz") {
		fmt.Fprintln(ts.Stdout(), "menu clean")
	}
}
