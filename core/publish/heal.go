package publish

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"antix-remaster/core/plan"
)

// Heal finishes or undoes what an interrupted action left, exactly what its
// journal names. It tells what it put right, and what it left alone because
// it is not as the journal says. Only the helper calls it, under the lock.
func (m *Medium) Heal() (healed, left []string, err error) {
	m.held = false
	for _, name := range []string{journalPart, checkName} {
		if err := m.removeOwn(name); err != nil {
			return nil, nil, err
		}
	}
	if err := m.removeFillers(); err != nil {
		return nil, nil, err
	}
	kept, err := m.finishRecord()
	if err != nil { // it is only a cache, and must not keep the rest from being put right
		kept = []string{plan.RecordPart}
	}
	healed, left, err = m.healJournal()
	return healed, append(kept, left...), err
}

// healJournal puts right what the journal names.
func (m *Medium) healJournal() (healed, left []string, err error) {
	if err := m.dropUnborn(); err != nil {
		return nil, nil, err
	}
	j, err := m.readJournal()
	if errors.Is(err, errJournal) {
		return nil, []string{JournalName}, nil
	}
	if err == nil && j == nil {
		j = m.current
	}
	if err != nil || j == nil {
		return nil, nil, err
	}
	return m.healAction(j)
}

func (m *Medium) healAction(j *journal) (healed, left []string, err error) {
	in := j.intent
	switch {
	case in.Action == actionDelete:
		return m.finishDelete(j)
	case in.Action == actionStage && in.Copy:
		return m.healFetch(j)
	case in.Action == actionStage && !m.wanted():
		return m.unstage(in)
	case in.Action == actionStage:
		return m.finishStage(j)
	case in.Copy:
		return m.healCopies(j)
	case in.Action == actionBack && m.host != nil && m.wanted(): // Await: the version is still armed
		return nil, nil, m.end()
	case in.Action == actionBack:
		return m.finishBack(j)
	case in.Action == actionFile:
		return m.finishFiling(j)
	}
	return m.healBuild(j)
}

// removeOwn removes a file under a name that only this program uses and that
// holds nothing of worth: it was never published.
func (m *Medium) removeOwn(name string) error {
	e, err := m.dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !e.IsRegular() {
		return err
	}
	return errors.Join(m.remove(m.dir, name), m.flush())
}

// dropUnborn removes a journal of FAT that never got its first line: nothing
// was done by it. Elsewhere a journal appears with its first line.
func (m *Medium) dropUnborn() error {
	e, err := m.dir.Lstat(JournalName)
	if !m.fat || err != nil || e.Size > 0 {
		return nil
	}
	return m.removeOwn(JournalName)
}

// healBuild keeps an image that got armed and removes everything otherwise:
// the companions before the image, so that a second crash finds the same.
func (m *Medium) healBuild(j *journal) (healed, left []string, err error) {
	names := slices.Clone(j.intent.Create)
	switch {
	case !m.dir.Exists(j.intent.Armed):
	case m.isArmed(j) && m.wanted():
		return m.finishArming(j)
	case m.isArmed(j): // a rootfs for a version that never was armed
		names = append(names, j.intent.Armed)
	default:
		// Somebody else's new version may use companions of ours by now.
		left = append(left, j.intent.Armed)
	}
	slices.Reverse(names)
	for _, name := range names {
		if !m.dir.Exists(name) || len(left) > 0 && !strings.HasSuffix(name, ".part") {
			continue
		}
		if !m.isOurs(j, name) || m.isShared(name) {
			left = append(left, name)
			continue
		}
		if err := m.removeAll(m.dir, name); err != nil {
			return healed, left, err
		}
		healed = append(healed, name)
	}
	if err := m.settle(nil, m.dir); err != nil {
		return healed, left, err
	}
	return healed, left, m.end()
}

func (m *Medium) finishArming(j *journal) (healed, left []string, err error) {
	f, err := m.dir.Open(j.intent.Armed, os.O_RDONLY)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if err := m.settle(f, m.dir); err != nil {
		return nil, nil, err
	}
	return []string{j.intent.Armed}, nil, m.end()
}

// isArmed tells whether the armed name holds the image of this journal.
func (m *Medium) isArmed(j *journal) bool {
	f, err := m.dir.Open(j.intent.Armed, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	id, err := identify(f)
	return err == nil && slices.ContainsFunc(j.made, func(n made) bool {
		return n.Made == j.intent.Armed && n.Size == id.Size && n.Head == id.Head && (!m.stable || n.Inode == id.Inode)
	})
}

// isOurs tells whether the entry is the one this journal's build made. Before
// its line was written, nothing had been written into it either.
func (m *Medium) isOurs(j *journal, name string) bool {
	e, err := m.dir.Lstat(name)
	if err != nil || m.isProtected(e) {
		return false
	}
	for _, n := range j.made {
		// A published companion keeps the inode of its part.
		if trimmed(n.Made) == trimmed(name) && (!m.stable || n.Inode == e.Inode) {
			return true
		}
	}
	return (m.fat || strings.HasSuffix(name, ".part")) && (e.IsRegular() && e.Size == 0 || e.IsDir() && m.isEmpty(name))
}

func (m *Medium) isEmpty(name string) bool {
	dir, err := m.dir.Dir(name)
	if err != nil {
		return false
	}
	defer dir.Close()
	names, err := dir.Names()
	return err == nil && len(names) == 0
}
