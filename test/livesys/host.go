package livesys

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var library = regexp.MustCompile(`(?m)(/\S+) \(0x[0-9a-f]+\)$`)

// librariesOf lists the libraries that a program of the host needs; a static
// one has none.
func librariesOf(program string) ([]string, error) {
	out, err := exec.Command("ldd", program).Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("cannot list the libraries of %s: %w", program, err)
	}
	var files []string
	for _, m := range library.FindAllStringSubmatch(string(out), -1) {
		files = append(files, m[1])
		if strings.HasPrefix(filepath.Base(m[1]), "libc.so") {
			files = append(files, filepath.Dir(m[1])+"/libgcc_s.so.1") // the end of a thread loads it
		}
	}
	return files, nil
}

// InstallHostProgram copies a program of the host with its libraries into the
// system, for a Mini one, which has only busybox.
func (s *System) InstallHostProgram(name string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("cannot copy into the live system: %w", err)
	}
	files, err := librariesOf(path)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := s.CopyIn(file, file, 0o755); err != nil {
			return err
		}
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	return s.CopyIn(path, "/usr/bin/"+name, 0o755)
}

// InstallHostModules gives the system a directory for the modules of the
// kernel that runs, which is the host's.
func (s *System) InstallHostModules() error {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	dir := "/lib/modules/" + string(release[:len(release)-1])
	return writeFile(s.Path(dir+"/modules.dep"), "")
}

// Loops names the loop devices on files of the system, its linuxfs's included.
func (s *System) Loops() []string {
	var names []string
	for _, l := range loopsWithin(s.PID()) {
		names = append(names, l.name)
	}
	return names
}
