package guest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// kill runs the command line, and kills its helper some time after a stage has
// begun: kill STAGE MILLISECONDS COMMAND ... It ends as the command does.
func kill(args []string) error {
	delay, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	cmd := exec.Command(args[2], args[3:]...)
	cmd.Stderr = os.Stdout
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	killed := make(chan int, 1)
	for lines, seen := bufio.NewScanner(out), false; lines.Scan(); {
		fmt.Println(lines.Text())
		if !seen && strings.Contains(lines.Text(), `"stage":"`+args[0]+`"`) {
			seen = true
			time.AfterFunc(time.Duration(delay)*time.Millisecond, func() { killed <- killAll("antix-remaster-helper") })
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	select {
	case n := <-killed:
		fmt.Printf("killed %d\n", n)
	default: // it was faster
	}
	os.Exit(cmd.ProcessState.ExitCode())
	return nil
}

// killAll kills every process of the program.
func killAll(program string) (n int) {
	all, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range all {
		exe, _ := os.Readlink(link)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if filepath.Base(exe) == program && unix.Kill(pid, unix.SIGKILL) == nil {
			n++
		}
	}
	return n
}
