// Antix-remaster is the window: a wizard that makes a new version of the running
// live system. It needs no privilege itself; what does goes through the helper.
package main

import (
	"fmt"
	"os"
	"runtime"

	"antix-remaster/gui"
)

// version is set by the build.
var version = "devel"

// GTK lives on the thread that started it.
func init() { runtime.LockOSThread() }

func main() {
	for _, arg := range os.Args[1:] {
		switch arg {
		case "--version":
			fmt.Println("antix-remaster", version)
			return
		case "-h", "--help":
			fmt.Println("Usage: antix-remaster [--version] [--help]\nOpens the window. For terminals and scripts there is antix-remaster-cli.")
			return
		default:
			fmt.Fprintf(os.Stderr, "antix-remaster: %q is not understood; try --help\n", arg)
			os.Exit(2)
		}
	}
	os.Exit(gui.Run(version))
}
