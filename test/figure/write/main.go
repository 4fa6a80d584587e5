// Command write puts collected figures into a document:
//
//	write FIGURES DOCUMENT
package main

import (
	"fmt"
	"os"

	"antix-remaster/test/figure"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: write FIGURES DOCUMENT")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func write(figures, document string) error {
	collected, err := os.ReadFile(figures)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	text, err = figure.Insert(text, collected)
	if err != nil {
		return err
	}
	return os.WriteFile(document, text, 0o644)
}
