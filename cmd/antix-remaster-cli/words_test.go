package main

import "testing"

func TestWrap(t *testing.T) {
	if got := wrap("one two  three\nfour", "> ", 10); got != "> one two\n> three\n> four\n" {
		t.Errorf("%q", got)
	}
	if got := wrap("one two three", " ", 0); got != " one two three\n" || wrap("", "x", 5) != "" {
		t.Errorf("%q", got)
	}
}
