package wire

import (
	"context"
	"io"
	"strings"
	"testing"
)

var german = Titles{Try: "Probe: %s", Rescue: "Rettung: %s starten", Stay: "Rettung: ohne Wechsel starten", Back: "Zurück", Lost: "Notfalls die vorige"}

// TestTitlesReachTheHelper: the greeting of a client holds them for every operation
// after it.
func TestTitlesReachTheHelper(t *testing.T) {
	for _, titles := range []Titles{{}, german} {
		in, toHelper := io.Pipe()
		fromHelper, out := io.Pipe()
		var got []Titles
		go Serve(t.Context(), in, out, func(ctx context.Context, _ Request, _ *Out) (any, error) { //nolint:errcheck // shows in Do
			got = append(got, TitlesOf(ctx))
			return FiledResult{}, nil
		})
		c, err := NewClient(fromHelper, toHelper, titles)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var r FiledResult
			if err := c.Do(t.Context(), Request{Op: OpKeep}, Watch{}, &r); err != nil {
				t.Fatal(err)
			}
		}
		if got[0] != titles || got[1] != titles {
			t.Errorf("%+v, want %+v", got, titles)
		}
		c.HangUp()
	}
	if (Request{Op: OpKeep, Titles: &german}).check() == nil {
		t.Error("titles with an operation were accepted")
	}
}

// TestTitlesAreNotBelieved: what a menu could not show as one line, or without the
// version, is as none.
func TestTitlesAreNotBelieved(t *testing.T) {
	for _, c := range []struct {
		text     string
		one, two bool // usable without, and with a version
	}{
		{"Rettung", true, false}, {"Zurück %s", false, true}, {"%s", false, false}, {"%s %s", false, false}, {"100 % sure", true, false}, {"%d %s", false, true},
		{"", false, false}, {"  ", false, false}, {"a\nb %s", false, false}, {"a\x1b[31m", false, false}, {"\u202e%s x", false, false}, {"\xff %s", false, false},
		{"\u2028", false, false}, {"\x00", false, false}, {strings.Repeat("x", 200), true, false}, {strings.Repeat("x", 201), false, false}, {"'; }\"$x` %s", false, true},
	} {
		t1, t2 := Titles{Stay: c.text}, Titles{Try: c.text, Rescue: c.text}
		if got := t1.usable(); got != t1 && c.one || got != (Titles{}) && !c.one {
			t.Errorf("%q: %+v", c.text, got)
		}
		if got := t2.usable(); got != t2 && c.two || got != (Titles{}) && !c.two {
			t.Errorf("%q with a version: %+v", c.text, got)
		}
	}
	if EnglishTitles.usable() != EnglishTitles {
		t.Error("the English ones cannot be used")
	}
}

func TestListOfTitles(t *testing.T) {
	for _, list := range [][]string{nil, {"a"}, {"%s", "a", "b", "c", "\n"}, append(german.List(), "")} {
		if got := TitlesOfList(list); got != (Titles{}) && len(list) != 5 || got.Lost != "" {
			t.Errorf("%q: %+v", list, got)
		}
	}
	if got := TitlesOfList(german.List()); got != german {
		t.Errorf("%+v", got)
	}
	if got := (Titles{Back: "x"}).Or(german); got.Back != "x" || got.Try != german.Try || (Titles{}).List() != nil {
		t.Errorf("%+v", got)
	}
}
