package livesys

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// changeSteps are shell scripts that change a running system as its users
// do. Each ends with the first command that fails.
var changeSteps = []struct{ what, script string }{
	{"packages", `
dpkg -r hello
d=$(mktemp -d); mkdir -p $d/DEBIAN $d/usr/share/livesys-added
printf 'Package: livesys-added\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a package that users added\n' >$d/DEBIAN/control
echo added >$d/usr/share/livesys-added/file
dpkg-deb --build $d /var/tmp/livesys-added.deb
dpkg -i /var/tmp/livesys-added.deb
rm -r $d`},
	{"files", `
echo 'edited by the user' >>/etc/motd
echo 'LANG=C.UTF-8' >/etc/default/locale
chown demo:demo /usr/share/livesys-added/file
echo setuid >/usr/local/bin/setuid-program; chmod 4755 /usr/local/bin/setuid-program
cp /bin/true /usr/local/bin/capable; setcap cap_net_raw+ep /usr/local/bin/capable
echo x >/usr/local/share/with-xattr; setfattr -n user.comment -v 'kept by images' /usr/local/share/with-xattr
echo x >/usr/local/share/with-acl; setfacl -m u:demo:rw /usr/local/share/with-acl
touch -d '2001-02-03 04:05:06.789' /usr/local/share/with-acl`},
	{"kinds", `
cd /usr/local/share
echo linked >hard-link-1; ln hard-link-1 hard-link-2
truncate -s 64M sparse; printf end >>sparse
ln -s hard-link-1 soft-link; ln -s /nowhere/at-all dangling-link
mkfifo fifo; mknod char-device c 1 3; mknod block-device b 7 200
mkdir -p empty/directory/tree; mkdir -m 2775 setgid-directory; mkdir -m 1777 sticky-directory`},
	{"deletions", `
rm -r /usr/share/doc/bash /usr/share/common-licenses/GPL-1
d=/usr/share/doc/dash; rm -rf $d; mkdir -p $d; echo 'a new file in a replaced directory' >$d/only-file
rm /etc/issue.net; mkdir /etc/issue.net; rm /etc/issue; ln -s motd /etc/issue
mv /usr/share/doc/tar /usr/share/doc/tar-renamed`},
	{"home", `
h=/home/demo
mkdir -p $h/Pictures $h/Videos $h/.ssh $h/.cache/thumbnails
echo secret >$h/.ssh/id_ed25519; chmod 700 $h/.ssh; chmod 600 $h/.ssh/id_ed25519
echo cached >$h/.cache/thumbnails/1.png
echo 'export EDITOR=vi' >>$h/.bashrc; echo 'rm -rf /' >$h/.bash_history
for n in 1 2 3; do head -c 2M /dev/urandom >$h/Pictures/photo-$n.jpg; done
head -c 12M /dev/urandom >$h/Videos/film.mp4
head -c 4M /dev/zero >$h/zeros.dat
chown -R demo:demo $h/Pictures $h/Videos $h/.ssh $h/.cache $h/.bash_history $h/zeros.dat`},
	{"excluded places", `
mkdir -p /var/log/live /var/cache/apt/archives /var/lib/apt/lists /var/tmp/deep
for f in /tmp /var/tmp /var/tmp/deep /var/log /var/log/live /var/cache/apt/archives /var/lib/apt/lists; do
  echo 'must not be packed' >$f/must-not-be-packed
done
echo must-not-be-packed >/root/.bash_history
mkdir -p /media/stick; echo must-not-be-packed >/media/stick/file
echo must-not-be-packed >/root/Live-usb-storage/more.txt
echo x >/etc/live/protect/remaster; echo x >/etc/live/version/rootfs.ver`},
}

// OddNames are the file names that MakeChanges makes below
// /usr/local/share/odd: each holds its own name.
var OddNames = []string{
	"new\nline", "-leading-dash", "--exclude=x", " spaces ", "tab\there", "quote'single", `quote"double`,
	"glob[x]*?", "{a,b}", "!(x)", "back\\slash", "$(touch owned)", "`id`", "#hash", "trailing.", "ümläut",
	"latin1-\xe9\xff", "...", "~", "%s%n", "\x01control\x7f", strings.Repeat("n", 255),
}

// MakeChanges changes the system as users do: packages removed and added,
// files edited, deleted and replaced, every kind of file, odd names, and
// rubbish in the places that no image contains. It works on the Debian base.
func (s *System) MakeChanges(ctx context.Context) error {
	for _, step := range changeSteps {
		if _, err := s.Shell(ctx, step.script); err != nil {
			return fmt.Errorf("cannot make changes (%s): %w", step.what, err)
		}
	}
	return s.makeOddNames()
}

func (s *System) makeOddNames() error {
	dir := s.Path("/usr/local/share/odd")
	if err := os.MkdirAll(filepath.Join(dir, "-rf", "[dir]*"), 0o755); err != nil {
		return err
	}
	for _, name := range OddNames {
		if err := os.WriteFile(dir+"/"+name, []byte(name), 0o644); err != nil {
			return fmt.Errorf("cannot make an odd name: %w", err)
		}
	}
	return nil
}

// FillHome writes a random file of the size into demo's home, which no
// compressor can make smaller.
func (s *System) FillHome(name string, size int64) error {
	f, err := os.Create(s.Path("/home/demo/" + name))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.Reader, size); err != nil {
		return err
	}
	return f.Chown(1000, 1000)
}
