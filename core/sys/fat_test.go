package sys

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPlacesAndHold(t *testing.T) {
	path := t.TempDir()
	for _, name := range []string{"a", "a long name with blanks.txt"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d, err := OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	places, ok, err := d.Places()
	if err != nil || !ok || len(places) != 4 {
		t.Errorf("places %v, %v, %v", places, ok, err)
	}
	if _, there := places["a long name with blanks.txt"]; !there {
		t.Errorf("places %v", places)
	}
	held, err := d.Hold("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Remove("a"); err != nil {
		t.Error(err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"a", "gone", "..", "x/y", ""} {
		if _, err := d.Hold(bad); err == nil {
			t.Errorf("%q was held", bad)
		}
	}
}
