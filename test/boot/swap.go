package boot

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed swap.sh
var swapScript []byte

// SwapOptions are the parts of Options that the swap depends on.
type SwapOptions struct {
	Generation     int    // 2016 or 2023 (the default)
	Name           string // the linuxfs, sqname and sqext applied; default "linuxfs"
	NoRemaster     bool
	Rollback       bool
	Unremasterable bool // the stick is read-only or the like: no swap at all

	Annex string // directory of a rootfs elsewhere, of a boot that wants it; "" means none
}

// SwapOnly does to a directory on the host what the swap part of a boot does,
// with the same script and the same busybox. Only the fields DidRemaster,
// DidRollback, NoOld, Blocked, Fatal and Console of the result are filled in.
func SwapOnly(ctx context.Context, dir string, o SwapOptions) (Result, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Result{}, err
	}
	if o.Name == "" {
		o.Name = "linuxfs"
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return Result{}, fmt.Errorf("missing busybox (Debian package busybox-static): %w", err)
	}
	cmd := exec.CommandContext(ctx, busybox, "sh", "-s")
	cmd.Stdin = strings.NewReader(string(swapScript) + driver)
	// Without a PATH the shell runs its own mv and rm, as in an initrd: others
	// treat directories and links differently.
	cmd.Env = append([]string{"PATH=/nowhere", "DIR=" + dir, "NAME=" + o.Name,
		"GENERATION=" + Options{Generation: o.Generation}.generation()}, o.flags()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Result{Console: string(out)}, fmt.Errorf("cannot swap in %s: %w: %s", dir, err, out)
	}
	return parse(string(out))
}

// driver takes the place of init.sh. "sync" would only slow a test down.
const driver = `
sync() { :; }
if find_linuxfs; then remaster; [ ! -e "$ANNEX/rootfs" ] || rotate_rootfs "$ANNEX"; else say FATAL "could not find file $NAME"; fi
say END
`

func (o SwapOptions) flags() []string {
	var env []string
	for name, set := range map[string]bool{"NOREMASTER": o.NoRemaster, "ROLLBACK": o.Rollback, "REMASTERABLE": !o.Unremasterable} {
		if set {
			env = append(env, name+"=true")
		}
	}
	if o.Annex != "" {
		env = append(env, "ANNEX="+o.Annex)
	}
	slices.Sort(env)
	return env
}
