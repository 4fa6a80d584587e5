package boot

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Choice is what a boot loader would do with an entry of a menu.
type Choice struct {
	Kernel, Initrd string   // paths on the stick
	Options        []string // of the kernel's command line
}

// grubDriver has GRUB read the stick's menu and say what it would load: it takes a
// function where it has no such command, and as a program it has no linux16.
const grubDriver = `function linux16 { for word in "$@"; do echo "LINUX $word"; done; }
function initrd16 { echo "INITRD $@"; exit; }
set prefix=(hd0)/boot/grub
set config_directory=(hd0)/boot/grub
set root=hd0
source (hd0)/boot/grub/grub.cfg
set timeout=0
`

var (
	escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\r`)
	loaded  = regexp.MustCompile(`(?m)^(LINUX|INITRD) (\S+)$`)
)

// RunGRUB runs the real GRUB as a program (grub-emu), with an image that nobody
// has mounted as its disk hd0, and gives what it says. args tell where its
// configuration is.
func RunGRUB(ctx context.Context, image string, args ...string) (said string, err error) {
	dir, err := os.MkdirTemp("", "grub-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	disks := filepath.Join(dir, "map")
	if err := os.WriteFile(disks, []byte("(hd0) "+image+"\n"), 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "grub-emu", append([]string{"-m", disks}, args...)...)
	cmd.Env = append(os.Environ(), "TERM=dumb")
	out, err := cmd.CombinedOutput()
	return escapes.ReplaceAllString(string(out), ""), err
}

// ChooseGRUB has the real GRUB read the menu of a stick image that nobody has
// mounted, and choose the entry with this id; "" is the one that starts by
// itself. What GRUB writes into its environment block is written. The menu must
// load kernels with linux16.
func ChooseGRUB(ctx context.Context, stick, id string) (Choice, error) {
	dir, err := os.MkdirTemp("", "grub-")
	if err != nil {
		return Choice{}, err
	}
	defer os.RemoveAll(dir)
	config := grubDriver
	if id != "" {
		config += "set default=" + id + "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "grub.cfg"), []byte(config), 0o600); err != nil {
		return Choice{}, err
	}
	said, err := RunGRUB(ctx, stick, "-r", "host", "-d", dir)
	var words []string
	for _, found := range loaded.FindAllStringSubmatch(said, -1) {
		words = append(words, found[2])
	}
	if err != nil || len(words) < 2 {
		return Choice{}, fmt.Errorf("GRUB started nothing: %v: %s", err, said)
	}
	last := len(words) - 1
	return Choice{words[0], words[last], words[1:last]}, nil
}

// ChooseSyslinux reads the menu of a stick, mounted at root, as syslinux does,
// files that are included too, and gives the entry with this label, "" for the
// default. It shares no code with core/bootmenu.
func ChooseSyslinux(root, label string) (Choice, error) {
	s := syslinux{root: root, entries: map[string]*Choice{}}
	if err := s.read("boot/syslinux/syslinux.cfg"); err != nil {
		return Choice{}, err
	}
	if label == "" {
		label = s.first
	}
	if c := s.entries[label]; c != nil {
		return *c, nil
	}
	return Choice{}, fmt.Errorf("no label %q in the menu of syslinux", label)
}

type syslinux struct {
	root    string
	entries map[string]*Choice
	at      *Choice
	first   string
}

// read goes through a file; one that is included and is not there is nothing.
func (s *syslinux) read(name string) error {
	text, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch key := strings.ToUpper(words[0]); {
		case key == "INCLUDE":
			_ = s.read(words[1])
		case key == "DEFAULT":
			s.first = words[1]
		case key == "LABEL":
			s.at = &Choice{}
			s.entries[words[1]] = s.at
		case s.at == nil:
		case key == "KERNEL" || key == "LINUX":
			s.at.Kernel = words[1]
		case key == "INITRD":
			s.at.Initrd = words[1]
		case key == "APPEND":
			s.at.Options = words[1:]
		}
	}
	return nil
}
