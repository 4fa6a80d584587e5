package script

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdAt runs a build as root, or with "iso" or "keep" as the first of ARGS that,
// does something when a stage begins, and expects an exit status:
// at STAGE ACTION STATUS ARGS... The action is "cancel"
// (Ctrl-C), "window" (the face dies), "kill" (the helper dies), or a shell
// script that is run inside. The events of the build are the output.
func cmdAt(ts *testscript.TestScript, neg bool, args []string) {
	w := of(ts)
	stage, action, status := args[0], args[1], args[2]
	argv := args[3:]
	if len(argv) == 0 || argv[0] != "iso" && argv[0] != "keep" {
		argv = append([]string{"build"}, argv...)
	}
	cmd := w.Command(context.Background(), append([]string{"antix-remaster-cli", "--yes", "--json"}, argv...)...)
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	cmd.Stderr = ts.Stderr()
	ts.Check(w.Start(cmd))
	// A child that nobody waits for would keep the live system from ending.
	waited := false
	defer func() {
		if !waited {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}()
	seen := false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		fmt.Fprintln(ts.Stdout(), lines.Text())
		if seen || !strings.Contains(lines.Text(), `"stage":"`+stage+`"`) {
			continue
		}
		seen = true
		switch action {
		case "cancel":
			ts.Check(cmd.Process.Signal(syscall.SIGINT))
		case "window":
			ts.Check(cmd.Process.Kill())
		default:
			if action == "kill" {
				action = "pkill -KILL -f '/antix-remaster-[h]elper$'"
			}
			out, err := w.Shell(context.Background(), action)
			if err != nil {
				ts.Fatalf("%s: %v\n%s", action, err, out)
			}
		}
	}
	io.Copy(io.Discard, stdout)
	cmd.Wait()
	waited = true
	if !seen {
		ts.Fatalf("the build never came to the stage %s", stage)
	}
	if got := fmt.Sprint(cmd.ProcessState.ExitCode()); got != status {
		ts.Fatalf("the build ended with %s instead of %s", got, status)
	}
}
