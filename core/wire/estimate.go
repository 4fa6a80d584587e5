package wire

import (
	"context"
)

// Estimate is what is known, at a moment, of the image that the choices make.
// It is the event of OpEstimate, and the last one is its result.
type Estimate struct {
	EstimateRow                // of the chosen compressor
	Rows        []EstimateRow  `json:"rows"`    // of all compressors, the chosen one first; none while the tree is walked
	Largest     []EstimatePart `json:"largest"` // directories that take the most
	Within      string         `json:"within"`  // as Request.Within
	Number      int            `json:"number"`  // as Request.Number
	Inside      []EstimatePart `json:"inside"`  // what takes the most in that directory, by name
	Entries     int64          `json:"entries"` // that are packed; those seen so far while the tree is walked
	Bytes       int64          `json:"bytes"`   // of their data, each once
	Twins       int64          `json:"twins"`   // bytes of files that are packed once as others have the same content
	Changed     int64          `json:"changed"` // bytes of the files in the union's upper layer
	Room        int64          `json:"room"`    // bytes that the image may have; negative when that is not known
	Beside      int64          `json:"beside"`  // bytes that the files beside the image will take
	Work        float64        `json:"work"`    // seconds of the processors that were used
}

// EstimateRow is the estimate for one compressor. Sizes are bytes of the image.
type EstimateRow struct {
	Compressor string  `json:"compressor"`
	Level      int     `json:"level"` // 0: default
	Estimate   int64   `json:"estimate"`
	Error      int64   `json:"standard_error"`
	Bound      int64   `json:"bound"`   // in 99 of 100 cases the image is not larger
	Blocks     int     `json:"blocks"`  // measured with the real compressor
	Whole      bool    `json:"whole"`   // all were
	Seconds    float64 `json:"seconds"` // that packing will take; 0 when not known
	Verdict    string  `json:"verdict"` // "fits", "does_not_fit", "may_not_fit", "" when the room is not known
	Missing    int64   `json:"missing"` // bytes that the room lacks for the bound
}

// EstimatePart is a directory, or a file, and what it takes.
type EstimatePart struct {
	Path   string `json:"path"`   // without a leading slash, as somebody named it
	Bytes  int64  `json:"bytes"`  // as it is
	Stored int64  `json:"stored"` // about, in the image
	Dir    bool   `json:"dir"`
}

type chosenKey struct{}

// Chosen gives the newest OpChoose that came for the running operation. It has
// choices.
func Chosen(ctx context.Context) <-chan Request {
	ch, _ := ctx.Value(chosenKey{}).(chan Request)
	return ch
}

// withChosen makes the channel of one operation.
func withChosen(ctx context.Context) (context.Context, chan Request) {
	ch := make(chan Request, 1)
	return context.WithValue(ctx, chosenKey{}, ch), ch
}

// choose hands other choices to the running operation; older ones that it did
// not take yet are forgotten. Without one they are ignored.
func (s *server) choose(req Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil || req.Choices == nil {
		return
	}
	select {
	case <-s.chosen:
	default:
	}
	s.chosen <- req
}

// Estimate tells what an estimate knows by now.
func (o *Out) Estimate(e Estimate) { o.send(Event{Event: "estimate", Estimate: &e}) }

// Choose gives other choices to the estimate that Do runs, the directory of
// which it tells what takes the room, and the number to know what is of them by.
func (c *Client) Choose(choices Choices, within string, number int) error {
	return c.send(Request{Op: OpChoose, Choices: &choices, Within: within, Number: number})
}
