package publish

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// WriteRecord replaces the record of the versions, history.json, by text
// (plan.IsRecord). A power cut at any point leaves the old or the new text complete
// under history.json or history.json.part; plan.Record is the rule for reading
// them. It needs no journal: the text tells by itself whether it is complete,
// and what is not is of no worth.
//
// Errors are wire errors: NameTaken for what is no plain file under one of the
// two names, or somebody else's (plan.IsForeign), RecordNewer for one of a newer
// format. Both are left alone.
func (m *Medium) WriteRecord(text []byte) error {
	if !plan.IsRecord(text) {
		return wire.Fail(wire.Internal, fmt.Errorf("the text of %d bytes is no record", len(text)))
	}
	for _, name := range []string{plan.RecordName, plan.RecordPart} {
		text, err := m.readRecord(name)
		switch {
		case errors.Is(err, sys.ErrUnsafe) || err == nil && plan.IsForeign(text):
			return wire.Fail(wire.NameTaken, err, name)
		case err == nil && plan.IsNewer(text):
			return wire.Fail(wire.RecordNewer, nil, name)
		case err != nil:
			return m.failed(name, err)
		}
	}
	_, err := m.finishRecord()
	if err == nil {
		err = m.writePart(text)
	}
	if err == nil {
		err = m.replaceRecord(text)
	}
	if err != nil {
		return m.failed(plan.RecordName, err)
	}
	return nil
}

// finishRecord ends a replacement that was cut: a complete new text takes the
// place of an old one that has gone, and what else is a part of ours is removed.
// It tells of a part that it leaves because that, or the record, is not ours.
func (m *Medium) finishRecord() (left []string, err error) {
	e, err := m.dir.Lstat(plan.RecordPart)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !e.IsRegular() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	part, err := m.readRecord(plan.RecordPart)
	if err != nil {
		return nil, err
	}
	record, err := m.readRecord(plan.RecordName)
	switch {
	case errors.Is(err, sys.ErrUnsafe):
		return nil, nil // not ours: the part stays as it is, too
	case err != nil:
		return nil, err
	case plan.IsForeign(record) || plan.IsForeign(part):
		return []string{plan.RecordPart}, nil
	case !plan.IsRecord(record) && plan.IsRecord(part):
		return nil, m.replaceRecord(part)
	}
	return nil, errors.Join(m.remove(m.dir, plan.RecordPart), m.flush())
}

// readRecord gives nothing when there is no such file.
func (m *Medium) readRecord(name string) ([]byte, error) {
	f, err := m.dir.Open(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, plan.MaxRecord+1))
	if err != nil {
		return nil, nil // it is a cache: what cannot be read is lost, and no more than that
	}
	return text, nil
}

// writePart makes the new text durable beside the old one.
func (m *Medium) writePart(text []byte) error {
	f, err := m.dir.Create(plan.RecordPart)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = m.syncFile(f)
	}
	if err == nil {
		err = m.settle(nil, m.dir)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, m.remove(m.dir, plan.RecordPart))
	}
	return nil
}

// replaceRecord puts the text of the part in the place of the old one. On FAT
// a rename could lose the only copy, so there it is written once more.
func (m *Medium) replaceRecord(text []byte) error {
	if err := errors.Join(m.remove(m.dir, plan.RecordName), m.flush()); err != nil {
		return err
	}
	if !m.fat {
		return errors.Join(m.dir.Rename(plan.RecordPart, m.dir, plan.RecordName), m.settle(nil, m.dir))
	}
	if err := m.writeNew(m.dir, plan.RecordName, text); err != nil {
		return err
	}
	return errors.Join(m.remove(m.dir, plan.RecordPart), m.flush())
}
