package window

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/gotk3/gotk3/glib"
	"golang.org/x/sys/unix"

	"antix-remaster/gui"
)

// wizards is the name under which the test binary is the window, WIZARDS times
// one after the other in one process.
const wizards = "wizards"

func isProgram() bool { return filepath.Base(os.Args[0]) == wizards }

func showWizards() int {
	runtime.LockOSThread()
	gui.Setup()
	watchLoop()
	times, _ := strconv.Atoi(os.Getenv("WIZARDS"))
	for range max(times, 1) {
		if status := gui.Run("test"); status != 0 {
			return status
		}
	}
	return 0
}

// heart is how the main loop lives: what lies between two of its beats.
type heart struct {
	beats, late   int           // late: after more than loaded of the processor
	longest, work time.Duration // by the clock, and of the processor
	wall, cpu     time.Time
}

const (
	beat    = 5 * time.Millisecond
	allowed = 50 * time.Millisecond // the promise
	loaded  = 10 * allowed          // what a slow machine may make of it
)

// watchLoop prints at each SIGUSR1 how the loop lived since the one before.
func watchLoop() {
	h := &heart{}
	h.reset()
	glib.TimeoutAdd(uint(beat.Milliseconds()), func() bool {
		h.strike()
		return true
	})
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			glib.IdleAdd(func() {
				fmt.Printf("beats %d late %d longest %d work %d\n", h.beats, h.late, h.longest.Microseconds(), h.work.Microseconds())
				h.reset()
			})
		}
	}()
}

func (h *heart) reset() { *h = heart{wall: time.Now(), cpu: threadTime()} }

func (h *heart) strike() {
	wall, cpu := time.Now(), threadTime()
	pause := wall.Sub(h.wall) - beat
	// The clock also counts what other programs of a loaded machine took.
	if h.beats++; cpu.Sub(h.cpu) > loaded {
		h.late++
	}
	h.longest, h.work = max(h.longest, pause), max(h.work, cpu.Sub(h.cpu))
	h.wall, h.cpu = wall, cpu
}

// threadTime is the processor time of this thread, which is the main loop's.
func threadTime() time.Time {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Unix(ts.Unix())
}
