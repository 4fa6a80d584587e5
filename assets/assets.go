// Package assets holds the files that the window is made of.
package assets

import "embed"

// UI has the pages (NAME.ui) and the style sheet (style.css).
//
//go:embed ui
var UI embed.FS
