package wire

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script makes a program that stands for the helper, or for pkexec.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), helperName)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const scriptReady = `echo '{"event":"ready","protocol":5}'; read -r hello; `

func TestStartAndClose(t *testing.T) {
	helper := script(t, scriptReady+`read -r op; echo '{"event":"result","result":{"archives":["archive/0001"]}}'; read -r more; exit 0`)
	c, err := startProgram(t.Context(), helper, helper)
	if err != nil {
		t.Fatal(err)
	}
	var r FiledResult
	if err := c.Do(t.Context(), Request{Op: OpKeep}, Watch{}, &r); err != nil || r.Archives[0] != "archive/0001" {
		t.Errorf("%v, %+v", err, r)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestCloseTellsHowItEnded(t *testing.T) {
	helper := script(t, scriptReady+`read -r more; echo woe >&2; exit 7`)
	c, err := startProgram(t.Context(), helper, helper)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.HangUp(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err == nil || !strings.Contains(err.Error(), "status 7 (woe)") {
		t.Errorf("Close: %v", err)
	}
}

func TestHelperThatNeverGetsReady(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		pkexec bool
		want   Code
	}{
		"password question closed": {"exit 126", true, Dismissed},
		"nobody asks":              {"echo 'Error executing command as another user: No authentication agent found.' >&2; exit 127", true, NoAgent},
		"not allowed":              {"echo 'Not authorized' >&2; exit 127", true, NotAuthorised},
		"died":                     {"exit 1", true, HelperDied},
		"127 without pkexec":       {"exit 127", false, HelperDied},
		"died after half a line":   {"printf '{\"event\":'; exit 127", true, HelperDied},
		"other protocol":           {`echo '{"event":"ready","protocol":9}'; exit 0`, true, BadRequest},
		"an error at once":         {`echo '{"event":"error","code":"busy","args":["7"]}'; exit 0`, true, Busy},
		"killed":                   {"kill -9 $$", true, HelperDied},
	} {
		t.Run(name, func(t *testing.T) {
			path := script(t, c.text)
			helper := path
			if c.pkexec {
				helper = "/other"
			}
			_, err := startProgram(t.Context(), helper, path)
			if code(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestStartIsCancelled(t *testing.T) {
	path := script(t, "sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := startProgram(ctx, path, path); code(err) != Cancelled || time.Since(begin) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestHelperMissing(t *testing.T) {
	if _, err := startProgram(t.Context(), "/nowhere", "/nowhere"); code(err) != HelperMissing {
		t.Errorf("%v", err)
	}
}

func TestFindHelper(t *testing.T) {
	prefix := t.TempDir()
	self := filepath.Join(prefix, "bin", "antix-remaster-cli")
	put := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := func(path string) {
		t.Helper()
		if got, err := findHelper(self); err != nil || got != path {
			t.Errorf("found %q, %v, want %q", got, err, path)
		}
	}
	installed := filepath.Join(prefix, "libexec/antix-remaster", helperName)
	put(installed)
	want(installed)
	beside := filepath.Join(prefix, "bin", helperName)
	put(beside)
	want(beside)
}
