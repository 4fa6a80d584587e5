package attack

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// hostileTexts are put wherever a request has a text.
func hostileTexts() []string {
	return []string{"..", "../..", "../../etc/shadow", "/etc/shadow", "/", "//", "./", "a/../../b", "\x00", "a\x00b", "a\nb", "a\r\nb", "-", "--", "-e",
		"-ef/etc", strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("a", 5000), strings.Repeat("../", 300), "\xff\xfe", "\u2028",
		"\\", "$(touch /tmp/owned)", "`touch /tmp/owned`", "[", "[a", "!(", "*(a)", "%n%s", "personal\x00", " personal", "PERSONAL", "ke\u0065p ", "nul\u0000"}
}

// lines are requests that must be answered with an error: by themselves, or
// since the plan is not the one that was shown.
func lines() []string {
	var out []string
	add := func(change func(*wire.Request)) {
		c := choices()
		req := wire.Request{Op: wire.OpBuild, Choices: &c, Plan: strings.Repeat("0", 64)}
		change(&req)
		text, err := json.Marshal(req)
		if err != nil {
			panic(err)
		}
		out = append(out, string(text))
	}
	for _, text := range hostileTexts() {
		add(func(r *wire.Request) { r.Op = wire.Op(text) })
		add(func(r *wire.Request) { r.Plan = text })
		add(func(r *wire.Request) { r.Choices.Type = text })
		add(func(r *wire.Request) { r.Choices.Home = text })
		add(func(r *wire.Request) { r.Choices.Compressor = text })
		add(func(r *wire.Request) { r.Choices.Title = text })
		add(func(r *wire.Request) { r.Choices.Exclude = []string{text} })
		add(func(r *wire.Request) { r.Choices.Include = []string{text} })
	}
	for _, n := range []int{-1, -1 << 31, 1 << 31, 1<<63 - 1, 1 << 20, 1025} {
		add(func(r *wire.Request) { r.Choices.Processors = n })
		add(func(r *wire.Request) { r.Choices.Level = n })
		add(func(r *wire.Request) { r.Choices.MemoryMiB = n })
	}
	add(func(r *wire.Request) { r.Choices.Exclude = strings.Split(strings.Repeat("x,", 15000), ",") })
	return append(append(out, aboutVersions()...), malformed()...)
}

// otherKey is that of no image.
var otherKey = "7-" + strings.Repeat("0f", 32)

// aboutVersions are requests on versions that are not there, or are others.
func aboutVersions() []string {
	var out []string
	add := func(req wire.Request) {
		text, err := json.Marshal(req)
		if err != nil {
			panic(err)
		}
		out = append(out, string(text))
	}
	for _, op := range []wire.Op{wire.OpStage, wire.OpNote, wire.OpPin, wire.OpUnpin, wire.OpVerify, wire.OpDelete, wire.OpTry, wire.OpUntry} {
		for _, place := range append(hostileTexts(), "default", "new", "old", "bad", "linuxfs", "linuxfs.old", "archive/0001/linuxfs.old", "archive/0001/../../linuxfs",
			"archive/0001", "archive/../linuxfs", "../boot-dev/antiX/linuxfs", "archive/0001/linuxfs.ver", "remaster.jnl", "history.json") {
			add(wire.Request{Op: op, Version: &wire.VersionRef{Place: place, Key: otherKey}, Confirmed: op == wire.OpDelete})
		}
		for _, key := range hostileTexts() {
			add(wire.Request{Op: op, Version: &wire.VersionRef{Place: "old", Key: key}})
		}
		out = append(out, fmt.Sprintf(`{"op":%q}`, op), fmt.Sprintf(`{"op":%q,"version":null}`, op), fmt.Sprintf(`{"op":%q,"version":"old"}`, op),
			fmt.Sprintf(`{"op":%q,"version":{"place":"old","key":%q,"path":"/etc"}}`, op, otherKey), fmt.Sprintf(`{"op":%q,"version":["old"]}`, op))
	}
	for _, text := range hostileTexts() {
		add(wire.Request{Op: wire.OpNote, Version: &wire.VersionRef{Place: "old", Key: otherKey}, Note: text})
	}
	for _, op := range []wire.Op{wire.OpKeep, wire.OpDisarm, wire.OpRestart, wire.OpCheck} {
		add(wire.Request{Op: op, Version: &wire.VersionRef{Place: "old", Key: otherKey}})
		add(wire.Request{Op: op, Note: "x"})
		add(wire.Request{Op: op, Confirmed: true})
	}
	return out
}

// malformed are no requests at all.
func malformed() []string {
	deep := 30000
	out := []string{"", " ", "null", "true", "1", `"build"`, "[]", "[{}]", "{", "}", "{}{}", `{"op":"keep"} {"op":"keep"}`, `{"op":"keep"}x`,
		`{"op":null}`, `{"op":1}`, `{"op":["keep"]}`, `{"op":{"op":"keep"}}`, `{"OP":"keep","path":"/"}`, `{"op":"keep","dir":"/etc"}`, `{"op":"keep","target":"x"}`,
		`{"op":"build","choices":[]}`, `{"op":"build","choices":"personal"}`, `{"op":"build","choices":null}`, `{"op":"build"}`,
		`{"op":"build","choices":{"type":1}}`, `{"op":"build","choices":{"exclude":"x"}}`, `{"op":"build","choices":{"exclude":[1]}}`,
		`{"op":"build","choices":{"output":"/etc/shadow"}}`, `{"op":"build","choices":{"level":1.5}}`, `{"op":"build","choices":{"level":"9"}}`,
		`{"op":"build","choices":{"level":1e400}}`, `{"op":"build","choices":{"processors":99999999999999999999}}`, `{"op":"build","plan":{}}`,
		strings.Repeat("[", deep), strings.Repeat("{\"a\":", deep/5), `{"choices":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "}",
		"{\"op\":\"keep\xff\"}", "\xef\xbb\xbf{\"op\":\"keep\"}", "{\"op\":\"keep\x00\"}", `{"op":"keep\u0000"}`, `{"op":"\ud800"}`,
		`{"op":"hello","protocol":1}`, `{"op":"hello","protocol":5}`, `{"op":"","choices":{}}`, strings.Repeat(" ", wire.MaxLine+1)}
	return out
}

// TestPromiseS4 gives the real helper every kind of wrong request: each is
// answered with an error, and nothing is touched.
func TestPromiseS4(t *testing.T) {
	v := newVictim(t, livesys.Options{Companions: true, Leftovers: []string{"linuxfs.old"}})
	before, broken := v.look(), 0
	table := lines()
	var s *session
	for _, line := range table {
		if s == nil {
			s = v.talk().hello()
		}
		why, over := s.refuses(line)
		if over {
			s = nil
		}
		if why != "" {
			broken++
			t.Errorf("%.200q: %s", line, why)
		}
	}
	for _, change := range before.changes(v.look()) {
		broken++
		t.Error(change)
	}
	figure.Record(t, "S4", "wrong requests to the helper: names, paths, types, depth", len(table), broken)
}

// refuses says one line, and what is wrong with the answer. A line that is no
// request ends the helper.
func (s *session) refuses(line string) (why string, over bool) {
	s.t.Helper()
	s.write(line + "\n")
	e := s.answer(nil)
	if e.Event != "error" || e.Code == wire.Internal {
		s.end()
		return fmt.Sprintf("was answered with %.300q", s.last()), true
	}
	if e.Code != wire.BadRequest {
		return "", false
	}
	if status := s.end(); status != 0 && status != 1 {
		return fmt.Sprintf("ended with %d: %.300s", status, s.errs), true
	}
	return "", true
}

// TestPromiseS4Fuzz changes good requests at random. What is still a request
// may be answered as one; the helper never dies of it and the running linuxfs
// stays.
func TestPromiseS4Fuzz(t *testing.T) {
	v := newVictim(t, livesys.Options{Companions: true})
	sum, err := v.Sha("linuxfs")
	must(t, err)
	before := v.look()
	good := append(lines(), `{"op":"delete","version":{"place":"new","key":"`+otherKey+`"},"confirmed":true}`, `{"op":"keep"}`, `{"op":"disarm"}`, `{"op":"check","choices":{"type":"personal","home":"keep","compressor":"lz4","title":"x","processors":1,"memory_mib":64}}`)
	tries, broken := often(150, 10000), 0
	for seed := range tries {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		s := v.talk().hello()
		line := mutated(r, good[r.IntN(len(good))])
		s.write(line + "\n")
		s.in.Close() //nolint:errcheck // cancels what it may have begun
		status := s.end()
		if status != 0 && status != 1 || strings.Contains(s.errs.String(), "goroutine ") {
			broken++
			t.Errorf("seed %d: %.200q: status %d: %.1000s", seed, line, status, s.errs)
		}
	}
	if now, err := v.Sha("linuxfs"); err != nil || now != sum {
		t.Errorf("the linuxfs changed: %v", err)
	}
	for _, change := range before.changes(v.look()) {
		broken++
		t.Error(change)
	}
	figure.Record(t, "S4", "requests changed at random", tries, broken)
}

func mutated(r *rand.Rand, line string) string {
	b := []byte(line)
	for range 1 + r.IntN(6) {
		if len(b) == 0 {
			return "x"
		}
		i := r.IntN(len(b))
		switch r.IntN(5) {
		case 0:
			b[i] = byte(r.IntN(256))
		case 1:
			b = append(b[:i], b[min(len(b), i+1+r.IntN(20)):]...)
		case 2:
			b = append(b[:i:i], append([]byte(hostileTexts()[r.IntN(20)]), b[i:]...)...)
		case 3:
			j := r.IntN(len(b))
			b[i], b[j] = b[j], b[i]
		default:
			b[i] ^= 1 << r.IntN(8)
		}
	}
	return string(b)
}

// A second request while one runs is refused, and ends the first cleanly.
func TestPromiseS4Second(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	v.write("/opt/noise", noise(16<<20), 0o600)
	before, broken := v.look(), 0
	seconds := []string{`{"op":"build"}`, `{"op":"keep"}`, `{"op":"disarm"}`, `{"op":"check"}`, `{"op":"restart"}`,
		`{"op":"delete","version":{"place":"old","key":"` + otherKey + `"}}`, `{"op":"stage"}`, `{"op":"hello","protocol":1}`, "garbage"}
	for _, second := range seconds {
		s := v.talk().hello()
		refused := false
		e := s.build(slow(), stage(wire.StagePack, func() { s.write(second + "\n") }))
		for ; e.Event != ""; e = s.answer(nil) {
			refused = refused || e.Code == wire.BadRequest
			if e.Event == "result" {
				t.Errorf("%s: the build went on to its end", second)
			}
		}
		if status := s.end(); status != 1 || !refused {
			broken++
			t.Errorf("%s: status %d, last %.200q", second, status, s.last())
		}
	}
	soon(t, "the end of all children", func() bool { return len(v.processes("mksquashfs")) == 0 })
	for _, change := range before.changes(v.look()) {
		broken++
		t.Error(change)
	}
	figure.Record(t, "S4", "second requests while a build runs", len(seconds), broken)
}
