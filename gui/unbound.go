package gui

// #cgo pkg-config: gtk+-3.0
// #include <stdlib.h>
// #include <gtk/gtk.h>
// static void name(GtkWidget *w, const char *s) { atk_object_set_name(gtk_widget_get_accessible(w), s); }
// static char *show(const char *uri) {
//   GError *e = NULL;
//   if (gtk_show_uri_on_window(NULL, uri, GDK_CURRENT_TIME, &e)) return NULL;
//   char *text = g_strdup(e->message);
//   g_error_free(e);
//   return text;
// }
import "C"

import (
	"errors"
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

// showURI has the program for it show a folder. No window is named as its parent:
// with one GTK goes on later by itself, and nobody hears of an error.
func showURI(uri string) error {
	text := C.CString(uri)
	defer C.free(unsafe.Pointer(text))
	said := C.show(text)
	if said == nil {
		return nil
	}
	defer C.g_free(C.gpointer(said))
	return errors.New(C.GoString(said))
}
