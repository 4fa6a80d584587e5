package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

func main() {
	ctx := context.Background()
	for i := range 8 {
		b := time.Now()
		d, err := desktop.Start(ctx, desktop.Options{Options: livesys.Options{Log: os.Stderr}, Polkit: livesys.Authorised})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i, "up", time.Since(b), d.Sys.BootDev, d.Sys.Loops())
		ns, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", d.Sys.PID()))
		show := func() {
			out, _ := exec.Command("sh", "-c", `losetup -a; for t in /proc/[0-9]*/task/[0-9]*; do grep -q "/live/aufs-ram" $t/mountinfo 2>/dev/null && echo "$t $(readlink $t/ns/mnt) $(cat $t/stat | cut -c1-60)"; readlink $t/root | grep -v '^/$'; done; echo ours: `+ns+`; ps axo pid,ppid,stat,wchan:20,args | grep -iE 'kworker.*(D|R)|unmount|loop|zz|Xvfb' | head -30; cat /proc/net/unix | grep -E 'user/1000|at-spi|X11|system_bus' `).CombinedOutput()
			fmt.Printf("%s\n", out)
		}
		timer := time.AfterFunc(4*time.Second, show)
		b = time.Now()
		err = d.Stop()
		took := time.Since(b)
		fmt.Println(i, err, took)
		timer.Stop()
		if took > 4*time.Second {
			time.Sleep(3 * time.Second)
			break
		}
	}
}
