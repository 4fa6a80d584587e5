package gui

// #cgo pkg-config: gtk+-3.0
// #include <stdlib.h>
// #include <gtk/gtk.h>
// static void name(GtkWidget *w, const char *s) { atk_object_set_name(gtk_widget_get_accessible(w), s); }
import "C"

import (
	"unsafe"

	"github.com/gotk3/gotk3/gtk"
)

// What gotk3 does not bind.

// mirrored tells whether the language is written from right to left.
func mirrored() bool { return C.gtk_widget_get_default_direction() == C.GTK_TEXT_DIR_RTL }

// setSpoken gives a widget a name for who hears the window instead of seeing it.
func setSpoken(w *gtk.Widget, name string) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	C.name((*C.GtkWidget)(unsafe.Pointer(w.GObject)), text)
}
