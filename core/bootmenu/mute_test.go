package bootmenu

import (
	"slices"
	"strings"
	"testing"
)

// What remembers a choice would make an entry that is tried once the default.
func TestSavedDefault(t *testing.T) {
	m, err := Parse(GRUB, []byte("menuentry s {\n  savedefault\n  set saved_entry=1\n  save_env saved_entry\n  insmod ext2\n  linux /antiX/vmlinuz\n}\n"))
	if err != nil || len(m.Entries) != 1 || m.Entries[0].Search != "insmod ext2" {
		t.Errorf("%+v, %v", m, err)
	}
}

// Mute leaves the lines, their ends and all around them.
func TestMute(t *testing.T) {
	for _, f := range Files {
		for _, menu := range []string{newGRUB, "a", "a\r\n", ""} {
			text := string(Append(Append([]byte(menu), f), File{"elsewhere", f.Name, f.Kind})) + "b\n" + string(Section(f)) + "c"
			muted := string(Mute([]byte(text)))
			m, err := Parse(f.Kind, []byte(muted+"\nLABEL x\nmenuentry x {\n}\n"))
			if len(muted) != len(text) || strings.Count(muted, "\n") != strings.Count(text, "\n") || err != nil || m.Hooked ||
				!strings.HasPrefix(muted, menu) || !strings.HasSuffix(muted, "#\nc") || !strings.Contains(muted, "\nb\n") {
				t.Errorf("%q became %q, %v", text, muted, err)
			}
		}
	}
}

func TestWith(t *testing.T) {
	e := Entry{Options: strings.Fields(`quiet sq=/a/b sqname=c "sqext=d" bdir=e bootdir=f rollback noremaster checkmd5 sqx=1 $@`)}
	got := e.With("sqext=old", "rollback")
	if want := strings.Fields("quiet checkmd5 sqx=1 $@ sqext=old rollback"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(e.Options) != 11 || e.Options[10] != "$@" {
		t.Errorf("the entry itself was changed: %q", e.Options)
	}
}
