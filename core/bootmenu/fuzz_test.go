package bootmenu

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// FuzzMenu reads any text as a menu; what entry there is to begin with can be
// repeated, or is refused, and is then found again.
func FuzzMenu(f *testing.F) {
	for _, text := range []string{newGRUB, oldGRUB, gfxSyslinux, vesaSyslinux, plainMenu, "menuentry a{linux /antiX/b \\\n'c\n d' ${e {", "set default='1>2>\"3"} {
		f.Add(text, "it's ^me\n")
	}
	f.Fuzz(func(t *testing.T, text, title string) {
		for _, file := range []File{Files[0], Files[1]} {
			m, err := Parse(file.Kind, []byte(text))
			if err != nil {
				continue
			}
			if m.Default < -1 || m.Default >= len(m.Entries) || m.Default < 0 && len(m.Entries) > 0 {
				t.Fatalf("the default is %d of %d", m.Default, len(m.Entries))
			}
			b, ok := m.Base("antiX", "")
			if !ok {
				continue
			}
			x := []Extra{{ID: "antix-remaster-a", Title: title, Options: []string{"sqext=old"}, Once: true}}
			if ours, err := Encode(file, b, x); err == nil {
				if _, err := Parse(file.Kind, ours); err != nil {
					t.Fatalf("%v in\n%s", err, ours)
				}
			}
		}
	})
}

// FuzzEntries reads any text as our file; what makes sense is written and read
// again as the same.
func FuzzEntries(f *testing.F) {
	for _, file := range []File{Files[0], Files[1]} {
		text, err := Encode(file, Entry{Loader: "linux", Kernel: "/antiX/vmlinuz"}, extras()[2:4])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(Off(file))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, ours, err := Decode(GRUB, text)
		if !ours || err != nil {
			return
		}
		for _, file := range []File{Files[0], Files[1]} {
			again, err := Encode(file, Entry{Loader: "linux", Kernel: "/antiX/vmlinuz"}, all)
			if err != nil {
				continue // two of a name, or too long
			}
			if back, _, err := Decode(file.Kind, again); err != nil || !slices.EqualFunc(back, all, Extra.same) {
				t.Fatalf("%+v became %+v, %v", all, back, err)
			}
		}
	})
}

// FuzzSection: a menu with our section, without it again, is as it was.
func FuzzSection(f *testing.F) {
	for _, text := range []string{"", "a", "a\r\n", newGRUB, begin, end, begin + "\n" + end, string(Section(Files[0])) + "b"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, file := range Files {
			before := bytes.Clone(text)
			with := Append(text, file)
			if !hooked(with) || !bytes.Equal(Append(with, file), with) {
				t.Fatalf("not hooked, or twice: %q", with)
			}
			if got, want := Remove(with), Remove(text); !bytes.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			if !hooked(text) && !bytes.Equal(Remove(text), text) || !bytes.Equal(text, before) {
				t.Fatalf("a menu that is not ours was changed: %q", text)
			}
		}
	})
}

// FuzzEnvironment: any block is refused, or keeps its size and what is in it.
func FuzzEnvironment(f *testing.F) {
	f.Add(EnvNew(), "a", "b\\\n")
	f.Add([]byte(envHead+"# a\nx=1\\\n2\nx=3\n###"), "x", "")
	f.Fuzz(func(t *testing.T, block []byte, name, value string) {
		got, err := EnvSet(block, name, value)
		if err != nil {
			return
		}
		if v, ok, err := EnvGet(got, name); v != value || !ok || err != nil || len(got) != len(block) {
			t.Fatalf("%q: got %q, %v, %v", got, v, ok, err)
		}
		if other := name + "_"; !strings.Contains(string(block), "\\") {
			was, _, _ := EnvGet(block, other)
			if now, _, _ := EnvGet(got, other); now != was {
				t.Fatalf("%s changed from %q to %q", other, was, now)
			}
		}
	})
}
