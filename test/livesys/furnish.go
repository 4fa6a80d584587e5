package livesys

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const versionFile = "/etc/live/version/linuxfs.ver"

// newVID returns a fresh version id as the live tools make them.
func newVID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// VersionEntry is the text of one entry of a version file.
func VersionEntry(vid, title, kernel string) string {
	date := time.Now().Format("2 January 2006 15:04:05 MST")
	return fmt.Sprintf("==== %s\n\ntitle: %s\ncreation date: %s\nkernel: Linux %s\nmachine: x86_64\n\n", vid, title, date, kernel)
}

// furnish makes a live root of a Debian root.
func furnish(root, vid, release string) error {
	dirs := []string{"dev", "proc", "sys", "run", "tmp", "media", "mnt", "live",
		"etc/live/config", "etc/live/bin", "etc/live/version", "etc/live/protect", "usr/libexec"}
	for _, d := range dirs {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			return err
		}
	}
	os.Chmod(filepath.Join(root, "tmp"), 0o777|fs.ModeSticky)
	if err := emptyDev(root); err != nil {
		return err
	}
	files := map[string]string{
		versionFile:                 VersionEntry(vid, "Fresh install", release),
		"/etc/hostname":             "livesys\n",
		"/etc/hosts":                "127.0.0.1 localhost\n127.0.1.1 livesys\n",
		"/etc/antix-version":        "antiX-livesys_x64-base throwaway\n",
		"/root/.bash_history":       "history that no image may carry\n",
		"/home/demo/.bashrc":        "# demo's shell\nPS1='demo$ '\n",
		"/home/demo/.profile":       ". ~/.bashrc\n",
		"/home/demo/.config/a.conf": "[a]\nb=c\n",
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(root, name), text); err != nil {
			return err
		}
	}
	os.Remove(filepath.Join(root, "etc/mtab"))
	if err := os.Symlink("../proc/self/mounts", filepath.Join(root, "etc/mtab")); err != nil {
		return err
	}
	if err := addUser(root); err != nil {
		return err
	}
	return chownTree(filepath.Join(root, "home/demo"), 1000, 1000)
}

// emptyDev drops the device nodes that the installation needed.
func emptyDev(root string) error {
	nodes, _ := filepath.Glob(filepath.Join(root, "dev/*"))
	for _, n := range nodes {
		if err := os.RemoveAll(n); err != nil {
			return err
		}
	}
	return nil
}

// addUser writes the demo user by hand: adduser would need the root running.
func addUser(root string) error {
	lines := map[string]string{
		"passwd": "demo:x:1000:1000:demo:/home/demo:/bin/bash\n",
		"group":  "demo:x:1000:\n",
		"shadow": "demo:*:19000:0:99999:7:::\n",
	}
	for name, line := range lines {
		path := filepath.Join(root, "etc", name)
		text, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		if strings.Contains("\n"+string(text), "\ndemo:") {
			continue
		}
		if err := os.WriteFile(path, append(text, line...), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(filepath.Join(root, "etc/shadow"), 0o640)
}

func chownTree(dir string, uid, gid int) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// copyFile copies the content, not the metadata.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
