package preflight

import (
	"errors"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// Unchangeable tells why nothing on the stick can be changed, whatever it is;
// nil when it may be possible. Errors are wire errors.
func Unchangeable(f live.Facts) error {
	if err := unknown(f); err != nil {
		return err
	}
	return fixed(f)
}

// unknown tells why nothing is known of a live system.
func unknown(f live.Facts) error {
	switch {
	case errors.Is(f.ConfigError, live.ErrOutsideBoot):
		return wire.Fail(wire.ConfigOutside, f.ConfigError, f.ConfigPath)
	case f.ConfigError != nil:
		return wire.Fail(wire.ConfigDamaged, f.ConfigError, f.ConfigPath, f.ConfigError.Error())
	case !f.Live || f.Union.Type == "":
		return wire.Fail(wire.NotLive, nil)
	}
	return nil
}

// fixed tells why the live system that runs cannot change its stick.
func fixed(f live.Facts) error {
	switch {
	case f.FromISO:
		return wire.Fail(wire.FromISO, nil)
	case f.FromArchive:
		return wire.Fail(wire.ArchiveBoot, nil, f.Image.Dir)
	case f.FromRescue:
		return wire.Fail(wire.RescueBoot, nil, f.Image.Name, f.Plain.Name)
	case !f.Remasterable:
		return wire.Fail(wire.NotRemasterable, nil)
	}
	return nil
}
