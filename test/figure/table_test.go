package figure

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestInsert(t *testing.T) {
	file := filepath.Join(t.TempDir(), "figures")
	t.Setenv(Variable, file)
	Record(t, "P10", "sequences", 10, 0)
	Record(t, "S5", "races", 7, 0)
	Record(t, "P2", "crash points", 3, 0)
	Record(t, "P2", "crash points", 5, 0)
	collected, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	old := "| P2 | crash points | `TestInsert` | 1 | 1 | 2000-01-01 |\n| P3 | lost | `TestOther/ext4` | 4 | 0 | 2000-01-01 |\n"
	got, err := Insert([]byte("before\n"+begin+"\nold\n"+old+end+"\nafter\n"), collected)
	if err != nil {
		t.Fatal(err)
	}
	date := time.Now().Format(time.DateOnly)
	want := "before\n" + begin + "\n\n| promise | what was tried | test | tried | violations | date |\n| --- | --- | --- | --- | --- | --- |\n" +
		"| P2 | crash points | `TestInsert` | 5 | 0 | " + date + " |\n" +
		"| P3 | lost | `TestOther/ext4` | 4 | 0 | 2000-01-01 |\n" +
		"| P10 | sequences | `TestInsert` | 10 | 0 | " + date + " |\n" +
		"| S5 | races | `TestInsert` | 7 | 0 | " + date + " |\n\n" + end + "\nafter\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, bad := range []string{"", "no figure\n"} {
		if _, err := Insert([]byte(begin+end), []byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := Insert([]byte("no place"), collected); err == nil {
		t.Error("a document without the lines was taken")
	}
}
