package bootmenu

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A menu as sticks with the newer GRUB menus have it: variables that other files
// set, words behind the title, and options that the user chose in menus.
const newGRUB = `# the menu of a live stick
if [ -s $prefix/config/defaults.cfg ]; then
source $prefix/config/defaults.cfg
fi
set default=linux
menuentry " Testix 1 (May 2024)" "$kernel" "$initrd" "$kopts" --id=linux {

kernel="$2"
initrd="$3"
shift 3

linux /antiX/${kernel} quiet splasht $@
initrd /antiX/${initrd}.gz
}

#--own menuentry " Own" {
#--own linux /antiX/vmlinuz quiet own
#--own }

menuentry " "$"Check the medium"  "$kernel" "$kopts" --id=checkmd5 {
linux /antiX/vmlinuz quiet $@ checkmd5
initrd /antiX/initrd.gz
}
if [ -f $prefix/config/bootmenu.cfg ]; then
source $prefix/config/bootmenu.cfg
fi
menuentry " "$"Help" --hotkey=H {
cat $prefix/theme/help.txt
read unused
}
set timeout=60
`

const oldGRUB = `loadfont /boot/grub/fonts/font.pf2
set timeout=60
# search --no-floppy --set=root --fs-uuid 1234-ABCD
set default=0
menuentry " Testix (text menus)" --unrestricted --class testix {
gfxpayload=1024x768
search --no-floppy --set=root --file '/antiX/the "id"' # where it is
linux   /antiX/vmlinuz quiet menus
initrd	/antiX/ucode.gz /antiX/initrd.gz
}
submenu ">>> More <<<" {
menu_color_normal=white/black
menuentry " Failsafe" --hotkey=F {
linux16 /antiX/vmlinuz \
   quiet nomodeset \
   failsafe
initrd16 /antiX/initrd.gz
}
menuentry 'Plain; it'\''s "quoted" \' { linuxefi ($root)/antiX/vmlinuz "quiet" a=\"b; initrdefi ($root)/antiX/initrd.gz; }
}
function more {
menuentry "never" { linux /antiX/vmlinuz never
}
}
if [ "${in_64_bit}" ]; then menuentry "Memory" {
chainloader /boot/mt.efi
}
else
menuentry "Both ways" {
if true; then linux /antiX/vmlinuz a
else linux /antiX/vmlinuz b
fi
initrd /antiX/initrd.gz
}
fi`

const gfxSyslinux = `# the menu of a live stick
UI gfxboot gfx-cpio readme.msg
timeout 600

default live

MENU TITLE Welcome to Testix

LABEL failsafe
    MENU LABEL Failsafe_Boot
    KERNEL /antiX/vmlinuz
    APPEND quiet nomodeset failsafe
    INITRD /antiX/initrd.gz

LABEL live
    MENU LABEL  ^Testix (May 2024)
    KERNEL /antiX/vmlinuz
    APPEND quiet splasht
    INITRD /antiX/initrd.gz

LABEL harddisk
    MENU LABEL Boot_from_Hard_Disk
    COM32 chain.c32
    APPEND hd0

LABEL memtest
    KERNEL /boot/memtest
`

const vesaSyslinux = `default vesamenu.c32
append quiet lang=en_US
label plain
  linux ../../antiX/vmlinuz
  initrd /antiX/ucode.gz,/antiX/initrd.gz
  text help
label no
  kernel /antiX/vmlinuz
  endtext
include more.cfg
menu begin extra
  menu title More
  label old
	menu label Older
	menu default
	kernel /antiX/vmlinuz
	append initrd=/antiX/initrd1.gz quiet toram
  label none
	kernel /antiX/vmlinuz
	append -
menu end
label other
  kernel /live/vmlinuz
  append x`

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       Kind
		want       Menu
	}{
		{"new GRUB", newGRUB, GRUB, Menu{Default: 0, Entries: []Entry{
			{ID: "linux", Title: "Testix 1 (May 2024)", Args: []string{`"$kernel"`, `"$initrd"`, `"$kopts"`}, Loader: "linux",
				Kernel: "/antiX/${kernel}", Initrd: []string{"/antiX/${initrd}.gz"}, Options: []string{"quiet", "splasht", "$@"},
				Search: "kernel=\"$2\"\ninitrd=\"$3\"\nshift 3"},
			{ID: "checkmd5", Title: "Check the medium", Args: []string{`"$kernel"`, `"$kopts"`}, Loader: "linux",
				Kernel: "/antiX/vmlinuz", Initrd: []string{"/antiX/initrd.gz"}, Options: []string{"quiet", "$@", "checkmd5"}},
			{Title: "Help"},
		}}},
		{"old GRUB", oldGRUB, GRUB, Menu{Default: 0, Entries: []Entry{
			{Title: "Testix (text menus)", Args: []string{"--unrestricted", "--class", "testix"}, Loader: "linux",
				Kernel: "/antiX/vmlinuz", Initrd: []string{"/antiX/ucode.gz", "/antiX/initrd.gz"}, Options: []string{"quiet", "menus"},
				Search: "gfxpayload=1024x768\nsearch --no-floppy --set=root --file '/antiX/the \"id\"' # where it is"},
			{Title: "Failsafe", Loader: "linux16", Kernel: "/antiX/vmlinuz", Initrd: []string{"/antiX/initrd.gz"},
				Options: []string{"quiet", "nomodeset", "failsafe"}, Menu: []string{">>> More <<<"}},
			{Title: `Plain; it's "quoted" \`, Loader: "linuxefi", Kernel: "($root)/antiX/vmlinuz", Initrd: []string{"($root)/antiX/initrd.gz"},
				Options: []string{`"quiet"`, `a=\"b`}, Menu: []string{">>> More <<<"}},
			{Title: "Memory"}, {Title: "Both ways"},
		}}},
		{"gfxboot", gfxSyslinux, Syslinux, Menu{Default: 1, Entries: []Entry{
			{ID: "failsafe", Title: "Failsafe_Boot", Loader: "kernel", Kernel: "/antiX/vmlinuz", Initrd: []string{"/antiX/initrd.gz"},
				Options: []string{"quiet", "nomodeset", "failsafe"}},
			{ID: "live", Title: "Testix (May 2024)", Loader: "kernel", Kernel: "/antiX/vmlinuz", Initrd: []string{"/antiX/initrd.gz"},
				Options: []string{"quiet", "splasht"}},
			{ID: "harddisk", Title: "Boot_from_Hard_Disk", Options: []string{"hd0"}},
			{ID: "memtest", Title: "memtest", Loader: "kernel", Kernel: "/boot/memtest"},
		}}},
		{"vesamenu", vesaSyslinux, Syslinux, Menu{Default: 1, Entries: []Entry{
			{ID: "plain", Title: "plain", Loader: "linux", Kernel: "../../antiX/vmlinuz", Initrd: []string{"/antiX/ucode.gz", "/antiX/initrd.gz"},
				Options: []string{"quiet", "lang=en_US"}},
			{ID: "old", Title: "Older", Loader: "kernel", Kernel: "/antiX/vmlinuz", Initrd: []string{"/antiX/initrd1.gz"},
				Options: []string{"quiet", "toram"}, Menu: []string{"More"}, inAppend: true},
			{ID: "none", Title: "none", Loader: "kernel", Kernel: "/antiX/vmlinuz", Menu: []string{"More"}},
			{ID: "other", Title: "other", Loader: "kernel", Kernel: "/live/vmlinuz", Options: []string{"x"}},
		}}},
		{"no entry", "set timeout=5\nconfigfile /boot/grub/menu.cfg", GRUB, Menu{Default: -1}},
		{"no label", "INCLUDE menu.cfg", Syslinux, Menu{Default: -1}},
	} {
		for ends, text := range map[string]string{"": c.text, " with Windows line ends": strings.ReplaceAll(c.text, "\n", "\r\n")} {
			got, err := Parse(c.kind, []byte(text))
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s%s: %v\n got %+v\nwant %+v", c.name, ends, err, got, c.want)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		kind Kind
		text string
	}{
		"empty":               {GRUB, ""},
		"prose":               {GRUB, "Press enter to start.\n"},
		"Syslinux as GRUB":    {GRUB, gfxSyslinux},
		"GRUB as Syslinux":    {Syslinux, newGRUB},
		"binary":              {GRUB, "set default=0\n\x00"},
		"large":               {Syslinux, "LABEL a\n" + strings.Repeat("#\n", Limit/2)},
		"another boot loader": {"lilo", "default=a"},
		"deep":                {GRUB, "set default=0\n" + strings.Repeat("submenu a {", 500)},
		"deep menus":          {Syslinux, strings.Repeat("MENU BEGIN\n", 500)},
	} {
		if m, err := Parse(c.kind, []byte(c.text)); err == nil {
			t.Errorf("%s: no error, but %+v", name, m)
		}
	}
}

func TestDefault(t *testing.T) {
	entries := "menuentry zero {\n}\nsubmenu one --id more {\nmenuentry a --id=b {\n}\nmenuentry c {\n}\n}\nmenuentry two --id last {\n}\n"
	for set, want := range map[string]string{
		"":                                   "zero",
		"set default=2\n":                    "two",
		"default=last\n":                     "two",
		"set default='two'\n":                "two",
		"set default=\"1>0\"\n":              "a",
		"set default='more>c'\n":             "c",
		"set default='one>b'\n":              "a",
		"set default=1\n":                    "zero", // a submenu boots nothing by itself
		"set default=9\n":                    "zero",
		"set default=2\nset default=$more\n": "two",
		"set default=2\nfunction f {\nset default=0\n}\n":              "two",
		"set default=2\nif [ -s x ]; then set default=last\nfi\n":      "two",
		"set default=0\nset default_extra=2\n#set default=2\necho x\n": "zero",
	} {
		for _, text := range []string{set + entries, entries + set} {
			m, err := Parse(GRUB, []byte(text))
			if err != nil || m.Default < 0 || m.Entries[m.Default].Title != want {
				t.Errorf("%q: got %d of %+v, %v; want %s", set, m.Default, m.Entries, err, want)
			}
		}
	}
}

func TestBase(t *testing.T) {
	syslinux := func(def, options string) string {
		return "DEFAULT " + def + "\nLABEL text\nKERNEL /antiX/vmlinuz\nAPPEND quiet 3\nLABEL frugal\nKERNEL /antiX/vmlinuz\nAPPEND frugal\n" +
			"LABEL b\nKERNEL /antiX/vmlinuz\nAPPEND " + options + "\nLABEL c\nKERNEL /antiX-2/vmlinuz\n"
	}
	for _, c := range []struct {
		name, text string
		kind       Kind
		folder     string
		want       string // the title, or nothing
	}{
		{"the default", newGRUB, GRUB, "antiX", "Testix 1 (May 2024)"},
		{"the default, though it has menus", oldGRUB, GRUB, "antiX", "Testix (text menus)"},
		{"not the first", gfxSyslinux, Syslinux, "antiX", "Testix (May 2024)"},
		{"relative", vesaSyslinux, Syslinux, "antiX", "Older"},
		{"another folder", vesaSyslinux, Syslinux, "live", "other"},
		{"no such folder", vesaSyslinux, Syslinux, "antiX/archive", ""},
		{"a folder's beginning", newGRUB, GRUB, "anti", ""},
		{"default is text", syslinux("text", "quiet"), Syslinux, "antiX", "text"},
		{"default is elsewhere", syslinux("c", "quiet"), Syslinux, "antiX", "b"},
		{"default is frugal", syslinux("frugal", "quiet"), Syslinux, "/antiX/", "b"},
		{"only special ones", syslinux("c", "quiet xorg=safe"), Syslinux, "antiX", ""},
		{"from an ISO", syslinux("c", "fromiso=/a.iso"), Syslinux, "antiX", ""},
		{"of a frugal installation", syslinux("c", "bdir=x buuid=aaaa-01"), Syslinux, "antiX", ""},
		{"on another device", searching("bbbb-02"), GRUB, "antiX", ""},
		{"on this device", searching("AAAA-01"), GRUB, "antiX", "s"},
		{"on one that is computed", searching("$id"), GRUB, "antiX", "s"},
		{"no entries", "UI menu.c32", Syslinux, "antiX", ""},
	} {
		m, err := Parse(c.kind, []byte(c.text))
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got, ok := m.Base(c.folder, "aaaa-01"); ok != (c.want != "") || got.Title != c.want {
			t.Errorf("%s: got %+v, %v; want %q", c.name, got, ok, c.want)
		}
	}
}

func searching(id string) string {
	return "menuentry s {\n savedefault\n search --no-floppy --fs-uuid --set=root " + id + "\n linux /antiX/vmlinuz\n initrd /antiX/i\n}\n"
}

func TestAppendRemove(t *testing.T) {
	for _, f := range Files {
		for _, menu := range []string{newGRUB, oldGRUB, gfxSyslinux, "", "x", "x\n\n", "x\r\ny\r\n", "x\r", end + "\n" + begin + "\n", begin} {
			with := Append([]byte(menu), f)
			if !bytes.Contains(with, []byte(OwnName)) || !hooked(with) || !bytes.HasPrefix(with, []byte(menu)) {
				t.Errorf("%s: nothing was added to %q: %q", f.Dir, menu, with)
			}
			if again := Append(with, f); !bytes.Equal(again, with) {
				t.Errorf("added twice: %q", again)
			}
			if got := Remove(with); string(got) != menu {
				t.Errorf("got %q, want %q", got, menu)
			}
		}
	}
}

func TestRemoveAround(t *testing.T) {
	section := string(Section(Files[1]))
	for text, want := range map[string]string{
		"a\n" + section + "b\n":                         "a\nb\n",
		"a" + section + "b\n":                           "a\nb\n",
		"a\n" + section[1:] + "b":                       "a\nb",
		section[1:] + "b":                               "b",
		"a\n" + section + "b\n" + section:               "a\nb\n",
		strings.ReplaceAll("a\n"+section, "\n", "\r\n"): "a\r\n",
		"a\n" + strings.TrimSuffix(section, "\n"):       "a\n",
		"a\n" + begin + "\nb\n":                         "a\n" + begin + "\nb\n",
	} {
		if got := Remove([]byte(text)); string(got) != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	moved := Append([]byte("a\n"), File{"elsewhere", "syslinux.cfg", Syslinux})
	if got, want := string(Append(moved, Files[1])), "a\n"+section; got != want {
		t.Errorf("a section for another folder: got %q, want %q", got, want)
	}
	if m, err := Parse(Syslinux, moved); err != nil || !m.Hooked {
		t.Errorf("a menu with our section is not hooked: %+v, %v", m, err)
	}
}

// A stick may hold anything: what was made to take long must not. The limit is
// a tenfold of what a slow machine needs.
func TestNothingTakesLong(t *testing.T) {
	fill := func(head, part string) []byte {
		return []byte(head + strings.Repeat(part, Limit/2/len(part)))
	}
	start := time.Now()
	for _, text := range [][]byte{
		fill("set a=b\n", "{"), fill("", "submenu a {\n"), fill("", "menuentry a {\n}\n"), fill("set a=b\n", "'"), fill("set a=b\n", "${"),
		fill("", begin+"\n"), fill("", end+"\n"), fill("", begin+"\n"+end+"\n"), fill("set default=", ">"),
		fill("", "MENU BEGIN\n"), fill("APPEND "+strings.Repeat("a ", Limit/5)+"\n", "LABEL a\n"),
		fill(head+"\n#: entry a\n", "#: option a\n"), fill(head+"\n#: entry a\n", "#: title \"a\"\n"), fill(head+"\n", "#: entry a\n"),
	} {
		for _, f := range Files[:2] {
			Parse(f.Kind, text)
			Decode(f.Kind, text)
			Append(text, f)
			Remove(text)
		}
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("it took %v", took)
	}
}
