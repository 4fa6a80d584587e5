package live

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const goodConfig = `# a comment
BOOT_MP="/live/boot-dev"
LIVE_DIR="/live"
SQFILE_DIR="/live/boot-dev/antiX"
SQFILE_FULL="/live/boot-dev/antiX/linuxfs"
SQFILE_NAME="linuxfs"
SQFS_MP="/live/linux"
VID_FILE="/etc/live/version/linuxfs.ver"
`

func TestHostileConfig(t *testing.T) {
	good := func(change ...string) string { return strings.NewReplacer(change...).Replace(goodConfig) }
	for name, c := range map[string]struct {
		text    string
		want    error
		problem string // part of a text in Facts.Problems
	}{
		"good":                 {goodConfig, nil, ""},
		"CRLF":                 {good("\n", "\r\n"), nil, ""},
		"no last newline":      {strings.TrimSuffix(goodConfig, "\n"), nil, ""},
		"indented":             {good("\nSQ", "\n\t SQ"), nil, ""},
		"doubled slashes":      {good("boot-dev/antiX/", "boot-dev//antiX//"), nil, ""},
		"empty":                {"", ErrConfigDamaged, "no usable BOOT_MP"},
		"comments only":        {"# a\n\n# b\n", ErrConfigDamaged, "damaged"},
		"cut in a line":        {goodConfig[:len(goodConfig)-9], ErrConfigDamaged, "cut off"},
		"cut between lines":    {good("VID_FILE=\"/etc/live/version/linuxfs.ver\"\n", ""), ErrConfigDamaged, "VID_FILE"},
		"binary":               {goodConfig + "\x00\x01\x02", ErrConfigDamaged, "binary"},
		"random":               {"\x7fELF\x02\x01\x01\xff\xfe\n", ErrConfigDamaged, "no assignment"},
		"10 MB":                {goodConfig + strings.Repeat("#", 10<<20), ErrConfigDamaged, "more than"},
		"unquoted":             {good(`"linuxfs"`, "linuxfs"), ErrConfigDamaged, "no assignment"},
		"single quotes":        {good(`"linuxfs"`, "'linuxfs'"), ErrConfigDamaged, "no assignment"},
		"export":               {good("SQFILE_NAME", "export SQFILE_NAME"), ErrConfigDamaged, "no assignment"},
		"newline in a value":   {good("linuxfs\"\nSQFS", "linux\nfs\"\nSQFS"), ErrConfigDamaged, "no assignment"},
		"text across lines":    {goodConfig + "VID_ERROR=\"one\ntwo\"\n", nil, "no assignment"},
		"command as name":      {good(`="linuxfs"`, `="$(reboot)"`), ErrConfigDamaged, "SQFILE_NAME"},
		"backticks as name":    {good(`="linuxfs"`, "=\"`reboot`\""), ErrConfigDamaged, "SQFILE_NAME"},
		"two commands":         {good(`="linuxfs"`, `="linuxfs"; reboot; x="y"`), ErrConfigDamaged, "SQFILE_NAME"},
		"name with slash":      {good(`="linuxfs"`, `="../linuxfs"`), ErrConfigDamaged, "SQFILE_NAME"},
		"name with dash":       {good(`="linuxfs"`, `="-noappend"`), ErrConfigDamaged, "SQFILE_NAME"},
		"names differ":         {good(`="linuxfs"`, `="other"`), ErrConfigDamaged, "SQFILE_FULL"},
		"relative":             {good(`"/live/boot-dev"`, `"boot-dev"`), ErrConfigDamaged, "BOOT_MP"},
		"directory outside":    {good(`"/live/boot-dev/antiX"`, `"/etc"`), ErrOutsideBoot, "SQFILE_DIR"},
		"file outside":         {good(`antiX/linuxfs"`, `antiX/../../linux"`), ErrOutsideBoot, "SQFILE_FULL"},
		"outside by dots":      {good(`boot-dev/antiX"`, `boot-dev/../../etc"`), ErrOutsideBoot, "SQFILE_DIR"},
		"beside":               {good(`boot-dev/antiX"`, `boot-device"`), ErrOutsideBoot, "SQFILE_DIR"},
		"dots inside":          {good(`boot-dev/antiX"`, `boot-dev/x/../antiX"`), ErrConfigDamaged, "SQFILE_DIR"},
		"command in a path":    {goodConfig + "PERSIST_FILE=\"$(touch /tmp/x)\"\n", nil, "PERSIST_FILE"},
		"escape in a path":     {goodConfig + "PERSIST_FILE=\"/a/\x1b[31m\"\n", nil, "PERSIST_FILE"},
		"path in a UUID":       {goodConfig + "BOOT_UUID=\"../../../etc/shadow\"\n", nil, "BOOT_UUID"},
		"climbing relatively":  {goodConfig + "PERSIST_PATH=\"../..\"\n", nil, "PERSIST_PATH"},
		"last value wins":      {"SQFILE_NAME=\"/\"\n" + goodConfig, nil, ""},
		"name like a variable": {goodConfig + "9X=\"1\"\n", nil, "no assignment"},
	} {
		root := t.TempDir()
		put(t, root, "live/config/initrd.out", []byte(c.text))
		f, err := Read(context.Background(), root)
		must(t, err)
		if !f.Live || !errors.Is(f.ConfigError, c.want) || (c.want == nil) != (f.ConfigError == nil) {
			t.Errorf("%s: ConfigError %v, want %v", name, f.ConfigError, c.want)
		}
		all := strings.Join(f.Problems, "\n")
		if !strings.Contains(all, c.problem) {
			t.Errorf("%s: problems %q do not tell %q", name, f.Problems, c.problem)
		}
		if c.want != nil && f.Image.Dir != "" && errors.Is(c.want, ErrOutsideBoot) {
			t.Errorf("%s: the image is still %+v", name, f.Image)
		}
		if c.want == nil && (f.Image.Dir != "/live/boot-dev/antiX" || f.Image.Name != "linuxfs") {
			t.Errorf("%s: the image is %+v", name, f.Image)
		}
	}
}

func TestConfigIsNoOrdinaryFile(t *testing.T) {
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "live/config"), 0o755))
	must(t, syscall.Mkfifo(filepath.Join(root, "live/config/initrd.out"), 0o644))
	f, err := Read(context.Background(), root) // must not wait for a writer
	if err != nil || !errors.Is(f.ConfigError, ErrConfigDamaged) {
		t.Errorf("a pipe: %v, %v", f.ConfigError, err)
	}
	root = t.TempDir()
	must(t, os.Symlink("live", filepath.Join(root, "live")))
	if f, err = Read(context.Background(), root); err != nil || !errors.Is(f.ConfigError, ErrConfigDamaged) {
		t.Errorf("a link to itself: %v, %v", f.ConfigError, err)
	}
	root = t.TempDir()
	put(t, root, "live", []byte("a file of an installed system"))
	if f, err = Read(context.Background(), root); err != nil || f.Live {
		t.Errorf("a file: live %v, %v", f.Live, err)
	}
}

func TestReadRefuses(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Read(context.Background(), filepath.Join(t.TempDir(), "gone")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no root: %v", err)
	}
}

func TestGeneration(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   Generation
	}{
		{Config{"INITRD_VERSION": "5.4.22", "LIVE_DIR": "/live"}, Gen2016},
		{Config{"BIOS_MP": ""}, Gen2023},
		{Config{"INITRD_VERSION": "8.30.14-x14"}, Gen2023},
		{Config{"INITRD_VERSION": "10"}, Gen2023},
		{Config{"LIVE_DIR": "/run/initramfs"}, Gen2023},
		{Config{}, Gen2016},
	} {
		if got := c.config.generation(); got != c.want {
			t.Errorf("%v: %d, want %d", c.config, got, c.want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(goodConfig))
	f.Add([]byte("A=\"$(x)\"\r\nSQFILE_DIR=\"/live/boot-dev/..\"\nBOOT_MP=\"/live\"\n"))
	f.Add([]byte("BOOT_MP=\"/\"\nSQFILE_DIR=\"//\"\nSQFILE_NAME=\"a\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _, err := parseConfig(data)
		if err == nil {
			_, err = c.check(bytes.Contains(data, []byte("VID")))
		}
		for name, v := range c {
			if strings.ContainsAny(v, "\n\x00") {
				t.Errorf("%s holds %q", name, v)
			}
		}
		if err != nil {
			return
		}
		for _, name := range []string{"SQFILE_DIR", "SQFILE_FULL"} {
			if _, ok := below(c[name], c["BOOT_MP"]); !ok || strings.Contains(c[name]+"/", "/../") || !filepath.IsAbs(c[name]) {
				t.Errorf("accepted %s=%q with BOOT_MP=%q", name, c[name], c["BOOT_MP"])
			}
		}
		if strings.ContainsAny(c["SQFILE_NAME"], "/ \"'`$;") {
			t.Errorf("accepted the name %q", c["SQFILE_NAME"])
		}
	})
}
