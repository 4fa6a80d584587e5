package publish

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// JournalName is the journal of an unfinished action, beside the linuxfs; its
// temporary file has a short name too.
const (
	JournalName = plan.JournalName
	journalPart = "remaster.jn_"
)

const journalFormat = 1

// The actions that have a journal.
const (
	actionBuild  = "build"  // makes files; healing removes them unless the image is armed
	actionFile   = "file"   // moves a set of files into the archive; healing finishes it
	actionStage  = "stage"  // moves a set to names beside the linuxfs; healing finishes it (stage.go, fetch.go)
	actionBack   = "back"   // moves the armed set to another place; healing finishes it (putback.go)
	actionDelete = "delete" // removes a set; healing finishes it (delete.go)
)

// intent is the first line of a journal.
type intent struct {
	Format  int      `json:"format"`
	Action  string   `json:"action"`
	Create  []string `json:"create,omitempty"`  // names this action makes
	Armed   string   `json:"armed,omitempty"`   // of a build: complete once it is there
	Archive string   `json:"archive,omitempty"` // directory below archive/; of stage, back and delete "" is beside the linuxfs
	Moves   []move   `json:"moves,omitempty"`
	Version string   `json:"version,omitempty"` // of the set, for linuxfs.ver
	Copy    bool     `json:"copy,omitempty"`    // of all but a build: copies, then deletes (filecopy.go, fetch.go)
	Fresh   bool     `json:"fresh,omitempty"`   // there was no archive before
	Place   bool     `json:"place,omitempty"`   // of back: the directory was there before, and stays
	Drop    bool     `json:"drop,omitempty"`    // of stage: the directory was only made for this, and goes
}

// move is one rename, or copy, from one directory to another one or the same;
// of a removal To is "".
type move struct {
	From  string `json:"from"`
	To    string `json:"to,omitempty"`
	Link  string `json:"link,omitempty"` // a link to From, removed afterwards
	Inode uint64 `json:"inode"`
	Size  int64  `json:"size"`
	Head  string `json:"head,omitempty"` // of the image in stage, back and delete: as in made
}

// name is the one by which the initrd knows the file.
func (mv move) name() string {
	if mv.Link != "" {
		return mv.Link
	}
	return mv.From
}

// made is every further line: something named in Create came into being, or,
// with Size, the image is complete and about to be armed.
type made struct {
	Made  string `json:"made"`
	Inode uint64 `json:"inode"`
	Size  int64  `json:"size,omitempty"`
	Head  string `json:"head,omitempty"` // SHA-256 of the image's first bytes: identify
	// Copied: all moves of this journal have their copy, whole and durable.
	Copied bool `json:"copied,omitempty"`
}

type journal struct {
	intent intent
	made   []made
}

// begin writes the intent, durable, before anything else happens.
func (m *Medium) begin(in intent) error {
	in.Format = journalFormat
	line, err := json.Marshal(in)
	if err != nil {
		return err
	}
	m.current = &journal{intent: in}
	return m.writeFile(m.dir, JournalName, append(line, '\n'))
}

// note appends a line, durable.
func (m *Medium) note(n made) error {
	f, err := m.dir.Open(JournalName, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return err
	}
	line, err := json.Marshal(n)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
	}
	if err == nil {
		err = m.syncFile(f)
	}
	if m.current != nil {
		m.current.made = append(m.current.made, n)
	}
	return errors.Join(err, f.Close())
}

// end removes the journal: the action is complete.
func (m *Medium) end() error {
	if m.held {
		return nil
	}
	if err := m.remove(m.dir, JournalName); err != nil {
		return err
	}
	if err := m.flush(); err != nil {
		return err
	}
	m.current = nil
	return nil
}

var errJournal = errors.New("not a journal of this program")

const (
	maxJournal = 1 << 20
	maxVersion = 64 << 10 // in a journal
)

// readJournal gives nil when there is none.
func (m *Medium) readJournal() (*journal, error) {
	f, err := m.dir.Open(JournalName, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if errors.Is(err, sys.ErrUnsafe) {
		return nil, errors.Join(errJournal, err)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxJournal))
	if err != nil {
		return nil, err
	}
	return m.parseJournal(text)
}

// parseJournal believes nothing: on FAT every user can write the file. Only
// names that this program uses for its own files pass.
func (m *Medium) parseJournal(text []byte) (*journal, error) {
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, maxJournal)
	var j journal
	if !s.Scan() {
		return nil, errJournal
	}
	if err := json.Unmarshal(s.Bytes(), &j.intent); err != nil || j.intent.Format != journalFormat {
		return nil, errors.Join(errJournal, err)
	}
	if err := m.checkIntent(j.intent); err != nil {
		return nil, err
	}
	for s.Scan() {
		var n made
		if json.Unmarshal(s.Bytes(), &n) != nil {
			break // a torn last line: what it tells never happened
		}
		j.made = append(j.made, n)
	}
	return &j, nil
}

var archiveNumber = regexp.MustCompile(`^[0-9]{4,9}$`)

func bad(name string) error { return fmt.Errorf("%w: it names %q", errJournal, name) }

func (m *Medium) checkIntent(in intent) error {
	if slices.Contains([]string{actionStage, actionBack, actionDelete}, in.Action) {
		return m.checkSet(in)
	}
	if in.Action != actionBuild && in.Action != actionFile || (in.Action == actionFile) != (in.Archive != "") {
		return bad(in.Action)
	}
	for _, name := range in.Create {
		if !m.ownName(name) {
			return bad(name)
		}
	}
	if in.Copy && !(m.fat && in.Action == actionFile) {
		return bad(in.Action)
	}
	if in.Armed != "" && in.Armed != m.name+".new" {
		return bad(in.Armed)
	}
	if in.Archive != "" && !archiveNumber.MatchString(in.Archive) {
		return bad(in.Archive)
	}
	for _, mv := range in.Moves {
		if !m.movable(mv.From, mv.Link) || !plainName(mv.To) || mv.Link != "" && !m.movable(mv.Link, "") {
			return bad(mv.From)
		}
	}
	return nil
}

// ownName tells whether a build of this program makes a file of this name.
func (m *Medium) ownName(name string) bool {
	if m.fat && m.isOddMD5(name) {
		return true // WriteMD5 has no other name for it there
	}
	base, ok := strings.CutSuffix(name, ".part")
	if !ok {
		base, ok = strings.CutSuffix(name, ".new")
		ok = ok && base != m.name
	}
	return ok && m.isMember(base)
}

// movable tells whether a set that is filed away may hold this name. The
// target of a link may be any plain name but the linuxfs itself.
func (m *Medium) movable(name, link string) bool {
	if name == m.name && m.host == nil || !plainName(name) {
		return false
	}
	if link != "" || m.isOddMD5(name) || name == m.name {
		return true
	}
	_, suffix, ok := m.split(name)
	return ok && suffix != ""
}

// isMember tells whether base is the linuxfs or one of its companions, of any
// generation: an older initrd may have made them.
func (m *Medium) isMember(base string) bool {
	return m.host == nil && base == m.name+".md5" || slices.Contains(m.members(live.Gen2023), base)
}

func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 255 && !strings.ContainsAny(name, "/\x00\n") &&
		utf8.ValidString(name) // JSON holds nothing else
}
