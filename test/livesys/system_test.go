package livesys_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/livesys"
)

func start(t *testing.T, o livesys.Options) *livesys.System {
	t.Helper()
	o.Log = os.Stderr
	begin := time.Now()
	sys, err := livesys.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %v", time.Since(begin).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := sys.Stop(); err != nil {
			t.Error(err)
		}
		assertGone(t, sys)
	})
	return sys
}

// assertGone fails when anything of the system is left on the host.
func assertGone(t *testing.T, sys *livesys.System) {
	t.Helper()
	if mounts, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(mounts), "/live/") {
		t.Error("the host sees mounts of the system")
	}
	if loops := livesys.LoopsOf(sys.Stick); len(loops) > 0 {
		t.Errorf("loop devices are left: %v", loops)
	}
	if _, err := os.Stat(sys.Root()); err == nil {
		t.Error("PID 1 still lives")
	}
}

func shell(t *testing.T, sys *livesys.System, script string) string {
	t.Helper()
	out, err := sys.Shell(t.Context(), script)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// want checks that the output of the script contains all the texts.
func want(t *testing.T, sys *livesys.System, script string, texts ...string) {
	t.Helper()
	out := shell(t, sys, script)
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("%s: no %q in\n%s", script, text, out)
		}
	}
}

func TestDefault(t *testing.T) {
	sys := start(t, livesys.Options{})
	want(t, sys, "cat /proc/self/mountinfo", " / /live/boot-dev rw,noatime - ext4 "+sys.BootDev+" ", " / /live/linux ro,", " / /live/aufs-ram rw,noatime - tmpfs ",
		" / / rw,relatime - overlay overlay rw,lowerdir=/live/linux,upperdir=/live/aufs-ram/upper,workdir=/live/aufs-ram/work", " /live/aufs rw,relatime - overlay ",
		"/config /etc/live/config rw,", "/bin /etc/live/bin rw,", "/Live-usb-storage/root /root/Live-usb-storage rw,noatime - ext4")
	want(t, sys, "cat /live/config/initrd.out", `SQFILE_FULL="/live/boot-dev/antiX/linuxfs"`, `BOOT_UUID="`+sys.UUID+`"`, `BOOT_DEV="`+sys.BootDev+`"`, `REMASTERABLE="true"`, `TORAM_ALL=""`)
	want(t, sys, "cat /proc/cmdline; cat /live/config/proc-cmdline; ls /live/config; cat /etc/live/live-dir; tail -n 9 "+"/etc/live/version/linuxfs.ver", "BOOT_IMAGE=/antiX/vmlinuz", "remasterable", "/live\n", "==== "+sys.VID)
	want(t, sys, "readlink -f /dev/disk/by-uuid/"+sys.UUID+"; blkid "+sys.BootDev+"; cat /sys/block/$(basename "+sys.BootDev+")/dev", sys.BootDev+"\n", sys.UUID, "7:")
	if out, err := sys.OutputAs(t.Context(), 1000, "sh", "-c", "id -un; pwd; echo $HOME"); out != "demo\n/home/demo\n/home/demo\n" {
		t.Errorf("as demo: %q, %v", out, err)
	}
	names, err := sys.StickLs()
	if err != nil || !slices.Equal(names, []string{"initrd.gz", "initrd.gz.md5", "linuxfs", "linuxfs.info", "linuxfs.md5", "vmlinuz", "vmlinuz.md5"}) {
		t.Errorf("on the stick: %v, %v", names, err)
	}
}

func TestRunInitramfsLayout(t *testing.T) {
	sys := start(t, livesys.Options{LiveDir: "/run/initramfs", Generation: 2023})
	want(t, sys, "cat /proc/self/mountinfo", " / /run/initramfs/linux ro,", "lowerdir=/live/linux,")
	want(t, sys, "readlink /live; readlink /live/live; cat /live/config/initrd.out; ls /live/live/live/boot-dev/antiX", "run/initramfs\n.\n", `SQFS_MP="/run/initramfs/linux"`, "linuxfs")
}

func Test2016(t *testing.T) {
	sys := start(t, livesys.Options{Generation: 2016, Mini: true})
	if out := shell(t, sys, "cat /live/config/initrd.out"); strings.Contains(out, "TORAM_ALL") || strings.Contains(out, "CRYPT_UUID") {
		t.Errorf("2016 has no such variables:\n%s", out)
	}
}

func TestNames(t *testing.T) {
	sys := start(t, livesys.Options{Mini: true, SqName: "custom.sq", SqExt: "e16", LinkScheme: "03", BootDir: "other/dir", Leftovers: []string{"custom.sq.e16.old", "state.bad", "rootfs.new"}})
	want(t, sys, "cat /live/config/initrd.out /proc/cmdline", `SQFILE_FULL="/live/boot-dev/other/dir/custom.sq.e16"`, "sqname=custom.sq sqext=e16", "bdir=other/dir")
	names, err := sys.StickLs()
	for _, name := range []string{"custom.sq.e16@", "custom.sq.e16.03", "custom.sq.e16.old", "state.bad/", "rootfs.new"} {
		if !slices.Contains(names, name) {
			t.Errorf("no %s on the stick: %v, %v", name, names, err)
		}
	}
}

func TestPersistence(t *testing.T) {
	for name, o := range map[string]livesys.Options{
		"static": {StaticRoot: true, HomePersist: true}, "dynamic": {DynamicRoot: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Mini = true
			sys := start(t, o)
			upper := map[string]string{"static": "/live/persist-root", "dynamic": "/live/aufs-ram"}[name]
			want(t, sys, "cat /proc/self/mountinfo; ls /live/config", "upperdir="+upper+"/upper", "persist-root", map[string]string{"static": "static-root", "dynamic": "save-persist"}[name])
			want(t, sys, "cat /etc/live/version/rootfs.ver; echo kept >/etc/kept", sys.VID)
			if err := sys.Restart(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			kept := shell(t, sys, "cat /etc/kept || true") == "kept"
			if kept != (name == "static") || sys.VIDError != "" {
				t.Errorf("kept %v, %q", kept, sys.VIDError)
			}
		})
	}
}

func TestToRAM(t *testing.T) {
	sys := start(t, livesys.Options{Mini: true, ToRAM: true})
	want(t, sys, "ls /live/boot-dev | wc -l; ls /live/to-ram/antiX; cat /live/config/initrd.out", "0\n", "linuxfs", `DID_TORAM="true"`, `BOOT_MP="/live/boot-dev"`)
	want(t, sys, "mount "+sys.BootDev+" /mnt; ls /mnt/antiX; umount /mnt", "linuxfs.md5")
}

func TestReadOnly(t *testing.T) {
	sys := start(t, livesys.Options{Mini: true, ReadOnlyStick: true})
	want(t, sys, "cat /proc/self/mountinfo /live/config/initrd.out; ls /live/config; touch /live/boot-dev/x 2>&1 || true", "/live/boot-dev ro,", `REMASTERABLE=""`, "Read-only")
}

func TestChanges(t *testing.T) {
	sys := start(t, livesys.Options{Companions: true})
	if err := sys.MakeChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, sys, "getcap /usr/local/bin/capable; getfattr -m - -d /live/aufs-ram/upper/usr/share/doc/dash /usr/local/share/with-xattr; dpkg -l livesys-added; stat -c '%F %h' /live/aufs-ram/upper/usr/share/doc/bash /usr/local/share/hard-link-1",
		"cap_net_raw=ep", `trusted.overlay.opaque="y"`, "user.comment", "ii  livesys-added", "character special file", "regular file 2")
	if entries, err := os.ReadDir(sys.Path("/usr/local/share/odd")); len(entries) != len(livesys.OddNames)+1 {
		t.Errorf("%d odd names, %v", len(entries), err)
	}
}

func TestPolkit(t *testing.T) {
	sys := start(t, livesys.Options{})
	if err := sys.StartPolkit(t.Context(), livesys.Authorised); err != nil {
		t.Fatal(err)
	}
	// pkexec asks about its parent, which must be inside too.
	out, err := sys.OutputAs(t.Context(), 1000, "sh", "-c", "pkexec /usr/bin/id -u; exit $?")
	if out != "0\n" {
		t.Errorf("pkexec: %q, %v", out, err)
	}
}

// TestForgottenLoop: what a program inside forgets is cleaned up too.
func TestForgottenLoop(t *testing.T) {
	sys := start(t, livesys.Options{})
	want(t, sys, "losetup -f --show -r /live/boot-dev/antiX/linuxfs; losetup -f --show -r /live/boot-dev/antiX/vmlinuz; setsid sleep 1000 >/dev/null 2>&1 &", "/dev/loop")
	if err := sys.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestRestartInside: a program that restarts the computer ends only this.
func TestRestartInside(t *testing.T) {
	sys := start(t, livesys.Options{})
	sys.Shell(t.Context(), "reboot -f")
	select {
	case <-sys.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the system still runs")
	}
	if err := sys.Restart(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want(t, sys, "echo up", "up")
}

// TestReboot is the whole way: a new image made inside, a real boot that
// swaps it in, and the live system that comes up from it.
func TestReboot(t *testing.T) {
	dir := t.TempDir()
	next := filepath.Join(dir, "next")
	vid, err := livesys.MiniImage(t.Context(), next, livesys.Mini{Title: "second", Release: "6.1.0-mini"})
	if err != nil {
		t.Fatal(err)
	}
	sys := start(t, livesys.Options{Mini: true, Companions: true})
	if err := sys.CopyIn(next, "/live/boot-dev/antiX/linuxfs.new", 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := sys.Reboot(t.Context(), boot.Options{Release: "6.1.0-mini"})
	if err != nil || r.VID != vid || !r.DidRemaster || sys.VID != vid {
		t.Fatalf("%+v, runs %s, %v", r, sys.VID, err)
	}
	want(t, sys, "cat /live/config/initrd.out; ls /live/boot-dev/antiX", `DID_REMASTER="true"`, "linuxfs.old")
	if r, err = sys.Reboot(t.Context(), boot.Options{}, "rollback"); err != nil || !r.DidRollback || sys.VID == vid {
		t.Fatalf("%+v, runs %s, %v", r, sys.VID, err)
	}
}
