package livesys

import (
	"os/exec"
	"runtime"
)

// Owned is a program of the host that we started and wait for.
type Owned struct {
	Cmd  *exec.Cmd
	Done <-chan struct{} // closed when it has ended
}

// StartOwned starts the command from a thread that lives until it ends: the
// kernel sends its Pdeathsig when the starting *thread* dies.
func StartOwned(cmd *exec.Cmd) (*Owned, error) {
	done, started := make(chan struct{}), make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
			close(done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return &Owned{Cmd: cmd, Done: done}, nil
}

// Kill ends it at once, and waits until it has ended.
func (o *Owned) Kill() {
	o.Cmd.Process.Kill()
	<-o.Done
}
