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
	killed := make(chan int, 1)
	code, err := follow(args[2:], func(stage string) {
		if stage == args[0] {
			time.AfterFunc(time.Duration(delay)*time.Millisecond, func() { killed <- killAll("antix-remaster-helper") })
		}
	})
	if err != nil {
		return err
	}
	select {
	case n := <-killed:
		fmt.Printf("killed %d\n", n)
	default: // it was faster
	}
	os.Exit(code)
	return nil
}

// follow runs the command, shows what it says, and tells of every stage when it
// begins. It gives the exit status.
func follow(args []string, stage func(string)) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stdout
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return 0, err
	}
	for lines, last := bufio.NewScanner(out), ""; lines.Scan(); {
		fmt.Println(lines.Text())
		_, rest, _ := strings.Cut(lines.Text(), `"stage":"`)
		if name, _, found := strings.Cut(rest, `"`); found && name != last {
			last = name
			stage(name)
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
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
