package livesys

import (
	"context"
	"fmt"
	"strings"

	"antix-remaster/test/boot"
)

// Reboot ends the system, boots its stick for real in User-Mode-Linux, which
// does the swap, and starts the system again with what that boot did. words
// are further boot options for this boot only: "rollback". The options that
// name the linuxfs and the persistence are those of the system.
//
// A stick that does not boot is an error, with the result beside it; the
// system is then down and must be Stopped.
func (s *System) Reboot(ctx context.Context, o boot.Options, words ...string) (boot.Result, error) {
	if err := s.Shutdown(); err != nil {
		return boot.Result{}, err
	}
	o.Generation, o.Persist = s.Generation, s.Persist
	o.Cmdline = append(append(s.bootWords(), o.Cmdline...), words...)
	r, err := boot.Boot(ctx, s.Stick, o)
	if err != nil {
		return r, err
	}
	if r.Fatal != "" {
		return r, fmt.Errorf("the stick does not boot: %s", r.Fatal)
	}
	return r, s.Restart(ctx, func(o *Options) {
		o.DidRemaster, o.DidRollback = r.DidRemaster, r.DidRollback
	})
}

// bootWords are the words of cmdline that an initrd acts on.
func (s *System) bootWords() []string {
	var words []string
	for _, word := range strings.Fields(s.cmdline()) {
		if !strings.HasPrefix(word, "BOOT_IMAGE=") && word != "quiet" && word != "nosplash" {
			words = append(words, word)
		}
	}
	return words
}

// MakeStick makes just the stick image that New would start from and returns
// what it holds.
func MakeStick(ctx context.Context, o Options, image string) (BaseImage, error) {
	o, err := o.withDefaults()
	if err != nil {
		return BaseImage{}, err
	}
	if err := CheckHost(); err != nil {
		return BaseImage{}, err
	}
	s := &System{Options: o, own: true}
	if s.dir, err = NewWorkDir(o.CacheDir); err != nil {
		return BaseImage{}, err
	}
	defer s.Stop()
	s.NewStick = image
	err = s.prepare(ctx)
	return s.Base, err
}
