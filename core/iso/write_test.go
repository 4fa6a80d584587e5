package iso

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"antix-remaster/core/build"
	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// TestMakeAndWrite makes a LiveCD of a small version, twice by the same plan, and
// with and without a sum that is known.
func TestMakeAndWrite(t *testing.T) {
	root := tree(t, map[string]string{"antiX/vmlinuz": "kernel", "antiX/initrd.gz": "initrd"})
	inside := tree(t, map[string]string{build.VersionFile: "==== 0123456789abcdef\n\ntitle: small\n", "lib/modules/6.1/modules.dep": ""})
	if out, err := exec.Command("mksquashfs", inside, root+"/antiX/linuxfs", "-quiet", "-no-progress").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := factsOf(root)
	f.Plain.Dir, f.BootKernel = root+"/antiX", "6.1"
	v := history.Version{Version: live.ReadVersion("", f, f.Plain.Dir, "linuxfs")}
	linuxfs, err := os.ReadFile(v.Path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(linuxfs)
	for _, known := range []string{"", hex.EncodeToString(sum[:])} {
		v.Record.SHA256 = known
		p, err := Make(t.Context(), f, v, Choices{Output: filepath.Join(t.TempDir(), "x.iso")})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			written(t, p)
		}
	}
	v.Record.SHA256 = hex.EncodeToString(make([]byte, 32))
	p, err := Make(t.Context(), f, v, Choices{Output: filepath.Join(t.TempDir(), "x.iso")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Write(t.Context(), func(wire.Progress) {})
	if left, _ := os.ReadDir(filepath.Dir(p.Output)); wire.AsError(err).Code != wire.VerifyFailed || len(left) > 0 {
		t.Errorf("another sum: %v, left %v", err, left)
	}
}

// written writes an image, looks at what there is, and removes it.
func written(t *testing.T, p Plan) {
	t.Helper()
	var last wire.Progress
	r, err := p.Write(t.Context(), func(now wire.Progress) {
		if now.Stage == last.Stage && now.Done < last.Done {
			t.Errorf("it goes back: %+v after %+v", now, last)
		}
		last = now
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadFile(p.Output)
	sum := sha256.Sum256(all)
	if err != nil || r.Size != int64(len(all)) || r.SHA256 != hex.EncodeToString(sum[:]) || r.Size > p.Size || r.VersionID != "0123456789abcdef" || r.Kernel != "6.1" {
		t.Errorf("%+v, %d bytes planned, %v", r, p.Size, err)
	}
	if last.Stage != wire.StageISORead || last.Done != last.Total {
		t.Errorf("it ended at %+v", last)
	}
	text, _ := os.ReadFile(p.Output + sumSuffix)
	if string(text) != r.SHA256+"  x.iso\n" {
		t.Errorf("the checksum is %q", text)
	}
	if _, err := p.Write(t.Context(), func(wire.Progress) {}); wire.AsError(err).Code != wire.OutputTaken {
		t.Errorf("over another image: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(p.Output)); len(left) != 2 {
		t.Errorf("there is %v", left)
	}
	for _, name := range []string{p.Output, p.Output + sumSuffix} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}
