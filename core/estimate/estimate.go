// Package estimate tells before a run how it will go: how large the image will
// be, how sure that is, and how long the run will take.
package estimate

import (
	"cmp"
	"context"
	"os"
	"sync"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
)

// How says what a run is going to compress with.
type How struct {
	Compressor string
	Level      int // 0: default
	Processors int
	MemoryMiB  int // that the engine may use; 0: 64
}

func (h How) memory() int { return cmp.Or(h.MemoryMiB, 64) }

// Choice is what may change while the estimate runs.
type Choice struct {
	Rules plan.Rules // what is left out
	Hows  []How      // compressors, the chosen one first
	Room  int64      // bytes that the image may have; negative when that is not known

	Within string // directory of which State.Inside tells; "": the root
	Number int    // State gives it back
}

// Input is what an estimate works on.
type Input struct {
	Dir    string     // the tree that is packed
	Always plan.Rules // what no choice packs: it is not walked
	Choice
	Old    *Old         // of the image that runs; nil when there is none, or it is damaged
	Walked *Census      // of Dir when it was walked before; nil walks it
	Engine build.Engine // the real compressor
	Temp   string       // folder for samples of a few MiB, in memory at best; "" is that for temporary files
	Memory int64        // bytes of memory that may be used
	Seed   uint64

	Work   time.Duration // time of the processors after which it ends; 0: none
	Wall   time.Duration // the same by the clock, for slow media
	Enough float64       // a row is done when it is as sure as this part of it; 0: when all was measured
	Stay   bool          // wait for other choices when all is known, until the context ends
	Urgent bool          // somebody waits for it: no low priority
	Settle bool          // end as soon as the first row's verdict is not MayNotFit
}

// State is what is known at a moment.
type State struct {
	Rows    []Row // as Choice.Hows
	Entries int64 // that are packed; so far, while the tree is walked
	Bytes   int64 // of their data, each once
	Twins   int64 // bytes of files that are packed once as others have the same content
	Walked  bool
	Largest []Part // directories that take the most
	Within  string // as Choice.Within
	Number  int    // as Choice.Number; 0 while the tree is walked
	Inside  []Part // what takes the most in that directory
	Work    time.Duration
}

// Row is the estimate for one compressor. Sizes are bytes of the image.
type Row struct {
	How      How
	Estimate int64
	Error    int64   // standard error of Estimate
	Bound    int64   // in 99 of 100 cases the image is not larger
	Blocks   int     // measured with the real compressor
	Whole    bool    // everything was measured
	Seconds  float64 // that packing will take; 0 when not known yet
	Verdict  Verdict
	Missing  int64 // bytes that Room lacks for Bound; 0 when it fits
	degrees  int   // of freedom, that Error has
}

// Run is an estimate that goes on.
type Run struct {
	in     Input
	states chan State
	done   chan struct{}
	err    error

	mu        sync.Mutex
	wake      chan struct{}      // there are other choices
	chosen    *Choice            // to be taken over
	interrupt context.CancelFunc // of what is being measured
}

// Start begins. States gives what is known; the end of ctx ends it.
func Start(ctx context.Context, in Input) *Run {
	r := &Run{in: in, states: make(chan State, 1), done: make(chan struct{}), wake: make(chan struct{}, 1)}
	go r.run(ctx)
	return r
}

// States gives the newest state; what nobody took in time is replaced. It is
// closed at the end.
func (r *Run) States() <-chan State { return r.states }

// Err tells after the end why it ended too early; nil when it did not.
func (r *Run) Err() error {
	<-r.done
	return r.err
}

// Choose changes the choices. Nothing that was learned is lost, and the tree is
// not walked again.
func (r *Run) Choose(c Choice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.chosen = &c
	select {
	case r.wake <- struct{}{}:
	default:
	}
	if r.interrupt != nil {
		r.interrupt()
	}
}

// publish replaces a state that nobody took.
func (r *Run) publish(s State) {
	select {
	case <-r.states:
	default:
	}
	r.states <- s
}

// temp is a folder in memory where there is one.
func (in Input) temp() string {
	const shared = "/dev/shm"
	if st, err := os.Stat(shared); in.Temp == "" && err == nil && st.IsDir() {
		return shared
	}
	return in.Temp
}
