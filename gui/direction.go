package gui

// #cgo pkg-config: gtk+-3.0
// #include <gtk/gtk.h>
import "C"

// mirrored tells whether the language is written from right to left; gotk3 does
// not tell.
func mirrored() bool { return C.gtk_widget_get_default_direction() == C.GTK_TEXT_DIR_RTL }
