package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/livesys"
)

// BenchmarkLiveCD is making a LiveCD, the proof excluded, against cp and fsync of
// the same linuxfs, to the same file system, caches dropped, interleaved: from a
// stick that reads no faster than sticks do, and from the disk of this machine,
// which may be faster than xorriso. And the most memory of our program, proof
// included, and of xorriso. With -short the version is small and there is one round,
// which only shows that it works.
func BenchmarkLiveCD(b *testing.B) {
	sys := start(b)
	check(b, sys.InstallLiveCDTools())
	size, turns := int64(1<<30), rounds
	if testing.Short() {
		size, turns = 200<<20, 1
	}
	stick := sys.LiveDir + "/boot-dev"
	_, err := sys.Shell(b.Context(), "mkdir -p "+stick+"/out "+stick+"/antiX/archive/0001")
	check(b, err)
	check(b, version(b.Context(), sys, size))
	b.Run("disk", func(b *testing.B) { liveCDs(b, sys, turns) })
	b.Run("stick", func(b *testing.B) {
		device, err := sys.Output(b.Context(), "findmnt", "-n", "-o", "SOURCE", stick)
		check(b, err)
		throttle(b, strings.TrimSpace(device))
		liveCDs(b, sys, turns)
	})
}

func liveCDs(b *testing.B, sys *livesys.System, turns int) {
	dir := sys.StickPath("/out")
	var ours, theirs []cost
	var xorriso int64
	for i := range turns {
		c, peak := liveCD(b, sys)
		ours, xorriso = append(ours, c), max(xorriso, peak)
		theirs = append(theirs, timed(b, func() {
			command(b, "sh", "-c", "cp "+sys.StickPath("archive/0001/linuxfs.old")+" "+dir+"/copy && sync "+dir+"/copy")
		}))
		fmt.Fprintf(os.Stderr, "round %d: LiveCD %v, cp %v\n", i+1, ours[i].wall, theirs[i].wall)
		_, err := sys.Shell(b.Context(), "rm "+sys.LiveDir+"/boot-dev/out/*")
		check(b, err)
	}
	b.ReportMetric(ratio(ours, theirs, func(c cost) float64 { return c.wall.Seconds() }), "cp-ratio")
	b.ReportMetric(median(ours, func(c cost) float64 { return float64(c.peak) })/(1<<20), "MiB-peak")
	b.ReportMetric(float64(xorriso)/(1<<20), "MiB-xorriso")
}

// version makes one of size bytes: a whole linuxfs, and what cannot be compressed
// behind it. Its sum is known, as that of one that was verified.
func version(ctx context.Context, sys *livesys.System, size int64) error {
	in, err := os.Open(sys.StickPath("linuxfs"))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(sys.StickPath("archive/0001/linuxfs.old"))
	if err != nil {
		return err
	}
	defer out.Close()
	n, err := io.Copy(out, in)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(out, rand.NewChaCha8([32]byte{}), size-n); err != nil {
		return err
	}
	_, err = sys.Shell(ctx, "cd "+sys.LiveDir+"/boot-dev/antiX/archive/0001; md5sum linuxfs.old >linuxfs.md5.old; chmod 644 *")
	return err
}

// liveCD makes one. Its time ends when the reading back begins.
func liveCD(b *testing.B, sys *livesys.System) (c cost, xorriso int64) {
	cmd := sys.Command(b.Context(), "antix-remaster-cli", "iso", "--version", "1", "--output", sys.LiveDir+"/boot-dev/out/x.iso", "--yes", "--json")
	out, err := cmd.StdoutPipe()
	check(b, err)
	c = timed(b, func() { check(b, sys.Start(cmd)) })
	began := time.Now().Add(-c.wall)
	var last string
	for lines := bufio.NewScanner(out); lines.Scan(); last = lines.Text() {
		var p struct{ Stage string }
		if json.Unmarshal(lines.Bytes(), &p) == nil && p.Stage == "iso" {
			if pid := child(cmd.Process.Pid); pid != 0 {
				xorriso = max(xorriso, peak(pid))
			}
		}
		if p.Stage == "iso_read" {
			if c.peak == 0 {
				c.wall = time.Since(began)
			}
			c.peak = max(c.peak, peak(cmd.Process.Pid))
		}
	}
	check(b, cmd.Wait())
	if !strings.Contains(last, `"event":"result"`) || c.peak == 0 || xorriso == 0 {
		b.Fatalf("not measured: %+v, %d, %s", c, xorriso, last)
	}
	return c, xorriso
}
