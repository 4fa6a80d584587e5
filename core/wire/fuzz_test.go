package wire

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

func FuzzRequest(f *testing.F) {
	for _, s := range []string{"", "\n", hello, hello + `{"op":"build","choices":{"type":"personal","home":"keep","exclude":["a"]},"plan":"x"}` + "\n",
		hello + `{"op":"cancel"}` + "\n" + `{"op":"keep"}` + "\n",
		hello + `{"op":"keep"}` + "\n" + `{"op":"pause"}` + "\n" + `{"op":"resume","plan":"x"}` + "\n" + `{"op":"pause"}` + "\n", hello + strings.Repeat("[", 5000) + "\n",
		hello + `{"op":"delete","version":{"place":"archive/0001/linuxfs.old","key":"7-` + strings.Repeat("0", 64) + `"},"confirmed":true}` + "\n" + `{"op":"note","note":"x"}` + "\n", hello + `{"op":"x","op":"y"}` + "\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		_ = Serve(t.Context(), bytes.NewReader(in), &out, func(_ context.Context, req Request, _ *Out) (any, error) {
			if req.Op == OpCancel || req.Op == OpPause || req.Op == OpResume {
				t.Errorf("%s is no operation", req.Op)
			}
			if v := req.Version; aboutVersion[req.Op] != (v != nil) || v != nil && (strings.Contains(v.Place, "..") && strings.Contains(v.Place, "/../") || strings.HasPrefix(v.Place, "/")) {
				t.Errorf("accepted %+v", req)
			}
			return req, nil
		})
		for _, line := range bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n")) {
			var e Event
			if err := decodeStrict(line, &e); err != nil || len(line) >= MaxLine {
				t.Errorf("the helper said %q: %v", line, err)
			}
		}
	})
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

func FuzzEvent(f *testing.F) {
	ready := `{"event":"ready","protocol":5}` + "\n"
	for _, s := range []string{"", ready, `{"event":"error","code":"busy"}` + "\n", ready + `{"event":"progress","progress":{"stage":"pack","done":1,"total":2}}` + "\n" +
		`{"event":"note","check":{"level":"warn","code":"battery","args":["1"]}}` + "\n" + `{"event":"result","result":{"name":"linuxfs.new"}}` + "\n",
		ready + `{"event":"resumed"}` + "\n" + `{"event":"paused"}` + "\n" + `{"event":"paused"}` + "\n",
		ready + `{"event":"progress"}` + "\n" + `{"event":"note"}` + "\n" + `{"event":"result"}` + "\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := NewClient(bytes.NewReader(in), nowhere{io.Discard})
		if err != nil {
			return
		}
		w := Watch{Progress: func(Progress) {}, Note: func(c Check) { Describe(c.Code, c.Args, T) }, Paused: func(bool) {}}
		var r BuildResult
		if err := c.Do(t.Context(), Request{Op: OpBuild}, w, &r); err != nil {
			e := AsError(err)
			Describe(e.Code, e.Args, T)
		}
	})
}
