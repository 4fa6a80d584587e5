package words

import (
	"antix-remaster/core/history"
	"antix-remaster/core/wire"
)

// Kept says why no policy deletes a version.
func Kept(k history.Kept, tr func(string) string) string {
	e := wire.AsError(k.Why)
	return Describe(e.Code, e.Args, tr).Title
}

// Stopped is the error of deleting versions one after the other when err ended
// it after so many: it names what is gone and what is not.
func Stopped(versions []history.Version, gone int, err error, tr func(string) string) error {
	if gone == 0 {
		return err
	}
	files := func(all []history.Version) string {
		var names []string
		for _, v := range all {
			names = append(names, v.File())
		}
		return wire.List(names, 12)
	}
	e := wire.AsError(err)
	return wire.Fail(wire.PruneStopped, err, files(versions[:gone]), files(versions[gone:]), Describe(e.Code, e.Args, tr).Title)
}
