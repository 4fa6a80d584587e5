// Package bench measures what the program costs beside the bare mksquashfs,
// as ratios within one run. docs/benchmarks.md names the figures. Run it with
//
//	go test ./test/bench -run '^$' -bench . -benchtime 1x -timeout 2h
package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/plan"
	"antix-remaster/test/livesys"
)

const (
	rounds   = 5
	treeSize = 1 << 30
	memory   = "512"
)

// cost is what one run took.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes resident, of the helper when packing ended
}

func start(b *testing.B) *livesys.System {
	b.Helper()
	dir := b.TempDir()
	if err := livesys.BuildPrograms(dir, runtime.GOARCH); err != nil {
		b.Fatal(err)
	}
	sys, err := livesys.New(b.Context(), livesys.Options{StickSize: 8 << 30, Log: os.Stderr})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { sys.Stop() })
	if err := sys.InstallProgram(dir); err != nil {
		b.Fatal(err)
	}
	return sys
}

// BenchmarkBuild is build minus verify against bare mksquashfs: the same
// arguments, zstd at its default level, the same tree, interleaved.
func BenchmarkBuild(b *testing.B) {
	sys := start(b)
	size := grow(b, sys)
	bare(b, sys) // warms the cache for both
	var ours, theirs []cost
	for i := range rounds {
		// Either goes first in turn: the first finds another cache than the second.
		if i%2 == 0 {
			theirs = append(theirs, bare(b, sys))
		}
		ours = append(ours, built(b, sys))
		if i%2 == 1 {
			theirs = append(theirs, bare(b, sys))
		}
		fmt.Fprintf(os.Stderr, "round %d: mksquashfs %v, build without verify %v\n", i+1, theirs[i], ours[i])
	}
	wall := ratio(ours, theirs, func(c cost) float64 { return c.wall.Seconds() })
	cpu := ratio(ours, theirs, func(c cost) float64 { return c.cpu.Seconds() })
	b.ReportMetric(float64(size)/1e9, "GB-tree")
	b.ReportMetric(wall, "wall-ratio")
	b.ReportMetric(cpu, "cpu-ratio")
	b.ReportMetric(float64(ours[0].peak)/(1<<20), "MiB-helper")
}

func ratio(a, b []cost, of func(cost) float64) float64 { return median(a, of) / median(b, of) }

func median(list []cost, of func(cost) float64) float64 { return middle(list, of) }

func middle[T any](list []T, of func(T) float64) float64 {
	var values []float64
	for _, c := range list {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// grow adds files that compress like the system's own but are no duplicates
// of them, until the tree is large enough.
func grow(b *testing.B, sys *livesys.System) (size int64) {
	b.Helper()
	for shift := byte(0); size < treeSize; shift++ {
		err := filepath.WalkDir(sys.Path("/live/linux/usr"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || size > treeSize {
				return err
			}
			text, err := os.ReadFile(path)
			size += int64(len(text))
			if err != nil || shift == 0 {
				return err
			}
			for i := range text {
				text[i] += shift
			}
			target := sys.Path(fmt.Sprintf("/opt/%d/%d-%s", shift, size, d.Name()))
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				return err
			}
			return os.WriteFile(target, text, 0o644)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return size
}

// bare runs mksquashfs itself on the union without its mounts.
func bare(b *testing.B, sys *livesys.System) cost {
	b.Helper()
	patterns, err := plan.Patterns(nil, nil, false)
	if err != nil {
		b.Fatal(err)
	}
	args := append([]string{"mksquashfs", "/live/aufs", "/live/boot-dev/bare", "-noappend", "-no-recovery", "-comp", "zstd", "-b", plan.BlockSize,
		"-processors", "2", "-mem", memory + "M", "-wildcards", "-e"}, patterns...)
	cmd := sys.Command(context.Background(), args...)
	begin := time.Now()
	if err := sys.RunCommand(cmd); err != nil {
		b.Fatal(err)
	}
	wall := time.Since(begin)
	os.Remove(sys.StickPath("/bare"))
	return cost{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

// built runs a build and takes its proof (read_back to arm) out of the figures.
func built(b *testing.B, sys *livesys.System) cost {
	b.Helper()
	cmd := sys.Command(context.Background(), "antix-remaster-cli", "build", "--yes", "--json", "--compressor", "zstd", "--processors", "2", "--memory", memory)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	if err := sys.Start(cmd); err != nil {
		b.Fatal(err)
	}
	c := follow(out, cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	c.wall += time.Since(begin)
	c.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if _, err := sys.Output(context.Background(), "antix-remaster-cli", "disarm", "--quiet"); err != nil {
		b.Fatal(err)
	}
	os.RemoveAll(sys.StickPath("archive"))
	return c
}

// follow gives what is to be taken off, as negative times.
func follow(out interface{ Read([]byte) (int, error) }, cli int) (c cost) {
	stage, helper := "", 0
	var since time.Time
	var cpu time.Duration
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e struct{ Event, Stage string }
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Event != "progress" || e.Stage == stage {
			continue
		}
		stage = e.Stage
		switch stage {
		case "pack":
			helper = child(cli)
		case "read_back":
			since, cpu = time.Now(), used(helper)
			c.peak = peak(helper)
		case "arm":
			c.wall -= time.Since(since)
			c.cpu -= used(helper) - cpu
		}
	}
	return c
}

// child is the helper that the command line started.
func child(cli int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cli, cli))
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cli))
	for _, task := range tasks {
		if more, _ := os.ReadFile(task); len(more) > 0 {
			text = more
		}
	}
	pid, _ := strconv.Atoi(strings.Fields(string(text) + " 0")[0])
	return pid
}

// used is the processor time of a process and of its ended children.
func used(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	w := strings.Fields(string(text[max(strings.LastIndex(string(text), ")"), 0):]))
	var ticks int64
	for _, field := range []int{12, 13, 14, 15} { // utime stime cutime cstime, counted from ")"
		if len(w) > field {
			n, _ := strconv.ParseInt(w[field], 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func peak(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(text), "\n") {
		if w := strings.Fields(line); len(w) > 1 && w[0] == "VmHWM:" {
			kib, _ := strconv.ParseInt(w[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// BenchmarkStatus is the processor time of one status.
func BenchmarkStatus(b *testing.B) {
	sys := start(b)
	var all []cost
	for range 20 {
		cmd := sys.Command(context.Background(), "antix-remaster-cli", "status", "--json")
		if err := sys.RunCommand(cmd); err != nil {
			b.Fatal(err)
		}
		all = append(all, cost{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()})
	}
	b.ReportMetric(median(all, func(c cost) float64 { return c.cpu.Seconds() * 1000 }), "ms-cpu")
}
