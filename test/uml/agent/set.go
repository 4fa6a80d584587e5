package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/test/superblock"
	"antix-remaster/test/uml/power"
)

// place is where the version lies that an action moves or removes, and the
// directory of the archive that it goes to.
type place struct {
	in     string // directory, "" is beside the linuxfs
	suffix string
	to     publish.Set // of put back
}

// second is a directory beside an older one.
const second = "archive/0002"

// places are those of the actions that act upon a version.
var places = map[string]place{
	"keep": {"", ".old", publish.Set{}}, "disarm": {"", ".new", publish.Set{}},
	"stage": {second, ".old", publish.Set{}}, "stage-old": {"", ".old", publish.Set{}},
	"back": {"", ".new", publish.Set{Archive: "0002"}}, "back-old": {"", ".new", publish.Set{}},
	"armfirst": {"", ".old", publish.Set{}},
	"delete":   {second, ".old", publish.Set{}}, "delete-old": {"", ".old", publish.Set{}},
}

// furnishSet writes the version of an action, its companions, and an older one.
func furnishSet(job power.Job, action string, image func(name string, seed, size int64)) {
	p, ok := places[action]
	if !ok {
		return
	}
	at := func(name string) string { return path.Join(p.in, name) + p.suffix }
	image(at(name(job)), 11, job.Size)
	write(dir+"/"+at("xtra.tgz"), 12, 5000)
	write(dir+"/"+at("state")+"/a", 13, 100)
	write(dir+"/"+at("state")+"/d/e", 14, 5000)
	if action == "disarm" {
		return
	}
	writeImage(dir+"/archive/0001/"+name(job)+".old", 15, 30_000)
	if p.in != "" || p.to.Archive != "" {
		write(dir+"/"+second+"/linuxfs.ver", 16, 300)
	}
}

// onSet does what a user asks of a version.
func onSet(m *publish.Medium, job power.Job) (err error) {
	ctx, n := context.Background(), name(job)
	p := places[job.Action]
	set := publish.Set{Archive: strings.TrimPrefix(p.in, "archive/"), Image: n + p.suffix}
	switch job.Action {
	case "stage", "stage-old":
		_, err = m.Stage(ctx, set, nil)
	case "back", "back-old":
		_, err = m.PutBack(ctx, publish.Set{Archive: p.to.Archive, Image: n + ".old"}, nil)
	case "delete", "delete-old":
		_, err = m.Delete(ctx, set, nil)
	case "record":
		err = m.WriteRecord(recordText(2))
	default:
		err = fmt.Errorf("unknown action %s", job.Action)
	}
	return err
}

// brokenSet stages the previous version before it is out of the way, or writes
// the record over the old one: both are known to be wrong.
func brokenSet(job power.Job, device string) error {
	if job.Action == "inplace" {
		f, err := os.Create(dir + "/history.json")
		must(err)
		_, err = f.Write(recordText(2))
		must(errors.Join(err, f.Sync(), f.Close()))
		return sys.FlushDevice(device)
	}
	d, err := os.Open(dir)
	must(err)
	defer d.Close()
	must(os.Link(dir+"/"+name(job)+".old", dir+"/"+name(job)+".new"))
	must(d.Sync())
	must(os.Remove(dir + "/" + name(job) + ".old"))
	return d.Sync()
}

// recordText is the text of a record, of some clusters.
func recordText(version int) []byte {
	return fmt.Appendf(nil, `{"format":%d,"versions":{},"notes":%q}`+"\n", version, strings.Repeat(fmt.Sprint(version), 9000))
}

// imageReader is what looks like a whole image.
func imageReader(seed, size int64) io.Reader {
	return io.MultiReader(strings.NewReader(superblock.Of(size)), content(seed, size-superblock.Size))
}

func writeImage(path string, seed, size int64) { writeFrom(path, imageReader(seed, size)) }

// middle is the third state that there may be on FAT: a move beside the linuxfs
// goes by way of the archive, and there the version lies.
func middle(job power.Job, before power.Tree) power.Tree {
	if job.FS != "vfat" || !strings.HasSuffix(job.Action, "-old") || job.Action == "delete-old" {
		return nil
	}
	suffix := places[job.Action].suffix
	out := power.Tree{"/" + second: "dir"}
	for p, what := range before {
		top, _, _ := strings.Cut(p[min(1, len(p)):], "/")
		if base, ok := strings.CutSuffix(top, suffix); ok && isMember(job, base) {
			p = "/" + second + p
		}
		out[p] = what
	}
	return out
}

func isMember(job power.Job, base string) bool {
	for _, c := range live.Companions(live.Gen2023, name(job)) {
		if c == base {
			return true
		}
	}
	return false
}

// images are the names of whole versions but the linuxfs itself, and what
// they are.
func images(job power.Job, t power.Tree) map[string]string {
	out := map[string]string{}
	for p := range t {
		base, archived := path.Base(p), strings.HasPrefix(p, "/archive/")
		rest, ok := strings.CutPrefix(base, name(job))
		known := rest == ".new" || rest == ".old" || rest == ".bad"
		if ok && known && (archived || path.Dir(p) == "/") && whole(t, p) != "" {
			out[p] = whole(t, p)
		}
	}
	return out
}

// nextBoots holds that no start stops at the prompt of a blocked swap or finds
// no linuxfs, that did not before.
func (s *verdict) nextBoots(t power.Tree) {
	for _, gen := range []live.Generation{live.Gen2016, live.Gen2023} {
		for _, o := range []live.BootOptions{{}, {Rollback: true}, {NoRemaster: true}} {
			o.Generation, o.Name, o.Remasterable = gen, name(s.job), true
			now, was := live.NextBoot(entries(t), o).Kind, live.NextBoot(entries(s.job.Trees.Before), o).Kind
			if now != was && (now == live.OutcomeBlocked || now == live.OutcomeMissing) {
				s.bad("P2 the next start is %s, of %d", now, gen)
			}
		}
	}
}

// entries is what the model of the swap looks at.
func entries(t power.Tree) live.Dir {
	out := live.Dir{}
	for p, what := range t {
		kind := live.KindFile
		if what == "dir" {
			kind = live.KindDir
		} else if !strings.Contains(what, " ") {
			kind = live.KindLink
			if t["/"+what] == "" {
				kind = live.KindDangling
			}
		}
		out[strings.TrimPrefix(p, "/")] = kind
	}
	return out
}

// foundRecord holds that the old or the new text is complete, and the new one
// once the program said that it was done.
func (s *verdict) foundRecord() {
	if s.job.Action != "record" && s.job.Action != "inplace" && s.job.Of != "record" {
		return
	}
	main, _ := os.ReadFile(dir + "/" + plan.RecordName)
	part, _ := os.ReadFile(dir + "/" + plan.RecordPart)
	got := plan.Record(main, part)
	switch isNew := bytes.Equal(got, recordText(2)); {
	case s.Done && !isNew:
		s.bad("P3 the record is %.20q", got)
	case !isNew && !bytes.Equal(got, recordText(1)):
		s.bad("P2 the record is %.20q", got)
	}
}
