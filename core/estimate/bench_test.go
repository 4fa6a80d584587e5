package estimate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// The benchmark takes from the environment how much it does:
//
//	ANTIX_REMASTER_ESTIMATE_MB     size of a tree, 2000
//	ANTIX_REMASTER_ESTIMATE_SEEDS  seeds, 20
//	ANTIX_REMASTER_ESTIMATE_TREES  names of trees, all; overlay5-from-xz has an old image in xz
//	ANTIX_REMASTER_ESTIMATE_WITH   compressors, all
//	ANTIX_REMASTER_ESTIMATE_WALK   tree for BenchmarkWalk and BenchmarkCancel, /usr
//	ANTIX_REMASTER_ESTIMATE_KEEP   folder in which trees and images stay for the next time
func setting(name, otherwise string) string {
	if v := os.Getenv("ANTIX_REMASTER_ESTIMATE_" + name); v != "" {
		return v
	}
	return otherwise
}

func number(b *testing.B, name, otherwise string) int {
	n, err := strconv.Atoi(setting(name, otherwise))
	check(b, err)
	return n
}

// image is the truth: what mksquashfs makes of a tree.
type image struct {
	path string
	size int64
}

// memoryMiB is what mksquashfs may use.
const memoryMiB = 512

// stand is what the benchmark works with.
type stand struct {
	b      *testing.B
	dir    string
	size   int64
	engine build.Engine
}

// tree makes a tree, or finds it.
func (s stand) tree(name string) string {
	dir := filepath.Join(s.dir, name)
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	part := dir + ".part"
	check(s.b, os.RemoveAll(part))
	check(s.b, os.MkdirAll(part, 0o755))
	if share, ok := strings.CutPrefix(name, "overlay"); ok {
		n, err := strconv.Atoi(share)
		check(s.b, err)
		change(s.b, s.tree("desktop"), part, float64(n)/100)
	} else {
		makers[name](s.b, part, s.size)
	}
	check(s.b, os.Rename(part, dir))
	return dir
}

// pack makes the image of a tree, or finds it.
func (s stand) pack(name, compressor string) image {
	out := filepath.Join(s.dir, name+"."+compressor)
	if _, err := os.Stat(out); err != nil {
		s.mksquashfs(name, compressor, out+".part")
		check(s.b, os.Rename(out+".part", out))
	}
	st, err := os.Stat(out)
	check(s.b, err)
	return image{out, st.Size()}
}

// mksquashfs packs a tree, and gives the time of the processors that it takes.
func (s stand) mksquashfs(name, compressor, out string) time.Duration {
	p, err := sys.Start(sys.Spec{Path: s.engine.Path, Args: []string{s.tree(name), out, "-noappend", "-no-recovery", "-no-progress", "-quiet", "-comp", compressor, "-b", plan.BlockSize, "-mem", strconv.Itoa(memoryMiB) + "M"}})
	check(s.b, err)
	check(s.b, p.Wait())
	return p.CPU()
}

// packTimes packs a tree again and again, between other work, as the machine may be
// slower now and then: until it took a minute, or five times.
type packTimes struct {
	took []float64 // seconds
	sum  float64
}

func (p *packTimes) again(s stand, name, compressor string) {
	if p.sum < 60 && len(p.took) < 5 {
		out := filepath.Join(s.dir, "again.part")
		took := s.mksquashfs(name, compressor, out).Seconds()
		p.took, p.sum = append(p.took, took), p.sum+took
		check(s.b, os.Remove(out))
	}
}

// trial is one run: what was known after so much time of the processors.
type trial struct {
	first           time.Duration // until the first figure with a real block
	after5, after10 Row
}

func (s stand) try(dir, compressor, old string, seed int) trial {
	in := Input{Dir: dir, Choice: Choice{Hows: []How{{Compressor: compressor, Processors: runtime.NumCPU(), MemoryMiB: memoryMiB}}, Room: -1}, Engine: s.engine, Memory: 2 << 30,
		Urgent: true, Seed: uint64(seed), Work: 10 * time.Second, Enough: 0.0002}
	if old != "" {
		f, err := os.Open(old)
		check(s.b, err)
		defer f.Close()
		in.Old, err = ReadOld(s.b.Context(), f)
		check(s.b, err)
	}
	r := Start(s.b.Context(), in)
	var t trial
	for st := range r.States() {
		if len(st.Rows) == 0 || st.Rows[0].Blocks == 0 && !st.Rows[0].Whole {
			continue
		}
		if t.first == 0 {
			t.first = st.Work
		}
		if st.Work <= 5*time.Second {
			t.after5 = st.Rows[0]
		}
		if st.Work <= 10*time.Second {
			t.after10 = st.Rows[0]
		}
	}
	check(s.b, r.Err())
	return t
}

// BenchmarkWalk compares the processor time of a walk to that of `du -s` on the
// same tree, interleaved: the tree of ANTIX_REMASTER_ESTIMATE_WALK, or /usr.
func BenchmarkWalk(b *testing.B) {
	dir := setting("WALK", "/usr")
	var du, walk time.Duration
	entries := 0
	for range b.N {
		cmd := exec.Command("du", "-s", dir)
		check(b, cmd.Run())
		du += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		begin, c := sys.CPUTime(), NewCensus(2<<30)
		check(b, build.Each(b.Context(), dir, plan.Rules{}, c.Visit))
		walk, entries = walk+sys.CPUTime()-begin, len(c.entries)
	}
	b.ReportMetric(walk.Seconds()/du.Seconds(), "du-ratio")
	b.ReportMetric(walk.Seconds()*1e3/float64(b.N), "cpu-ms")
	b.ReportMetric(float64(entries), "entries")
}

// BenchmarkCancel ends estimates of the tree of ANTIX_REMASTER_ESTIMATE_WALK, or
// /usr, at all times of their first six seconds, with the slowest compressor,
// and tells how long after that they were gone.
func BenchmarkCancel(b *testing.B) {
	engine, err := build.FindEngine(b.Context())
	check(b, err)
	var took []float64
	for i := range 40 * b.N {
		ctx, stop := context.WithCancel(b.Context())
		r := Start(ctx, Input{Dir: setting("WALK", "/usr"), Choice: Choice{Hows: []How{{Compressor: "xz", Processors: 1}}, Room: -1},
			Engine: engine, Memory: 2 << 30, Urgent: true, Seed: uint64(i)})
		time.Sleep(time.Duration(i%40) * 150 * time.Millisecond)
		begin := time.Now()
		stop()
		for range r.States() {
		}
		took = append(took, time.Since(begin).Seconds())
	}
	b.ReportMetric(slices.Max(took)*1e3, "ms-slowest")
	b.ReportMetric(median(took)*1e3, "ms-median")
}

func median(v []float64) float64 {
	return middle(v, func(one float64) float64 { return one })
}

// BenchmarkEstimate prints the table of docs/benchmarks.md: for every tree and
// compressor the median and the worst error in percent after 5 and 10 s of
// processor time, how often the bound was exceeded, the bound and the predicted
// time to the truth (medians), the time until the first figure, how often a verdict on
// rooms more than 8 % away was decided and wrong, and how far the crude rules are
// off; and the errors of all together.
func BenchmarkEstimate(b *testing.B) {
	s := stand{b: b, dir: setting("KEEP", b.TempDir()), size: int64(number(b, "MB", "2000")) * 1e6}
	var err error
	s.engine, err = build.FindEngine(b.Context())
	check(b, err)
	trees := strings.Fields(setting("TREES", "desktop minbase documents tiny media overlay5 overlay20 overlay50"))
	fmt.Println("| tree | | truth MB | 5 s: median | worst | 10 s: median | worst | bound missed | bound / truth | blocks | first s | time | decided | wrong | du | upper | ratio |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var off5, off10 []float64
	for _, tree := range trees {
		for _, compressor := range strings.Fields(setting("WITH", strings.Join(plan.Compressors, " "))) {
			five, ten := s.line(tree, compressor, number(b, "SEEDS", "20"))
			off5, off10 = append(off5, five...), append(off10, ten...)
		}
	}
	fmt.Printf("| all | | | %.2f | %.2f | %.2f | %.2f |\n", median(off5), slices.Max(off5), median(off10), slices.Max(off10))
}

// line prints a line of the table, and gives the errors after 5 and 10 s.
func (s stand) line(name, compressor string, seeds int) (off5, off10 []float64) {
	tree, from, other := strings.Cut(name, "-from-")
	truth, old := s.pack(tree, compressor), image{}
	if strings.HasPrefix(tree, "overlay") || other {
		old = s.pack("desktop", cmp.Or(from, compressor))
	}
	var over, first, seconds []float64
	var last Row
	missed, decided, wrong := 0, 0, 0
	var packing packTimes
	for seed := range seeds {
		packing.again(s, tree, compressor)
		t := s.try(s.tree(tree), compressor, old.path, seed)
		off := func(r Row) float64 { return math.Abs(float64(r.Estimate)/float64(truth.size)-1) * 100 }
		off5, off10 = append(off5, off(t.after5)), append(off10, off(t.after10))
		over, first = append(over, float64(t.after10.Bound)/float64(truth.size)), append(first, t.first.Seconds())
		for _, r := range []Row{t.after5, t.after10} {
			if r.Bound < truth.size {
				missed++
			}
		}
		yes, no := verdicts(t.after10, truth.size)
		decided, wrong = decided+yes, wrong+no
		last, seconds = t.after10, append(seconds, t.after10.Seconds*float64(runtime.NumCPU()))
	}
	fmt.Printf("| %s | %s | %.1f | %.2f | %.2f | %.2f | %.2f | %d of %d | %.3f | %d | %.2f | %.2f | %d of %d | %d | %s |\n", name, compressor, float64(truth.size)/1e6,
		median(off5), slices.Max(off5), median(off10), slices.Max(off10), missed, 2*seeds, slices.Max(over), last.Blocks, slices.Max(first),
		median(seconds)/median(packing.took), decided, seeds*len(rooms), wrong, s.crude(tree, truth, old, other))
	return off5, off10
}

// rooms are parts of the truth, all more than 8 % away from it.
var rooms = []float64{0.7, 0.8, 0.85, 0.9, 0.915, 1.085, 1.1, 1.15, 1.2, 1.3}

// verdicts counts for how many rooms a row decides, and how often it is wrong.
func verdicts(r Row, truth int64) (decided, wrong int) {
	for _, share := range rooms {
		room := int64(share * float64(truth))
		switch r.judge(room, math.MaxInt64); {
		case r.Verdict == Fits && share < 1 || r.Verdict == FitsNot && share > 1:
			wrong++
			fallthrough
		case r.Verdict == Fits || r.Verdict == FitsNot:
			decided++
		}
	}
	return decided, wrong
}

// crude is how far the rules that people use are off, in percent.
func (s stand) crude(tree string, truth, old image, other bool) string {
	used := func(name string) float64 {
		out, err := exec.Command("du", "-s", "--block-size=1", s.tree(name)).Output()
		check(s.b, err)
		n, err := strconv.ParseFloat(strings.Fields(string(out))[0], 64)
		check(s.b, err)
		return n
	}
	off := func(guess float64) string { return fmt.Sprintf("%+.0f", (guess/float64(truth.size)-1)*100) }
	now := used(tree)
	if old.path == "" {
		return off(ByTree(int64(now))) + " | | "
	}
	before := used("desktop")
	changed := 0.0
	newer := exec.Command("find", s.tree(tree), "-type", "f", "-newer", old.path, "-printf", "%b\n")
	out, err := newer.Output()
	check(s.b, err)
	for _, n := range strings.Fields(string(out)) {
		blocks, _ := strconv.ParseFloat(n, 64)
		changed += blocks * 512
	}
	rules := off(ByTree(int64(now))) + " | " + off(ByUpper(old.size, int64(changed))) + " | "
	if other { // the factors by which live-remaster goes then are not known here
		return rules
	}
	return rules + off(byRatio(int64(now), old.size, int64(before)))
}

// byRatio is the rule of live-remaster: the system shrinks as the one of the
// image did, for the same compressor.
func byRatio(used, image, before int64) float64 {
	if before == 0 {
		return 0
	}
	return float64(used)*float64(image)/float64(before) + 20e6
}
