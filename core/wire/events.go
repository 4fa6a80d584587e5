package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Protocol is the version of the language; both sides must speak the same.
const Protocol = 5

// Op is what a face asks for.
type Op string

// The operations, one at a time. OpRestart restarts the machine: the answer comes
// when its init was asked, and the helper then ends with everything else.
//
// OpStage makes a version that is on the stick the one that the next boot swaps
// in; OpDisarm puts it back where it was. OpDelete is the only one that deletes
// a version. OpTry gives one an entry in the boot menus of the stick, OpMenu
// takes all entries of ours out of them, or puts them in.
//
// OpEstimate only looks, takes no lock, and goes on until it is cancelled, as sure
// as it can get, or has used the time it was given.
//
// The last four are no operations of their own but concern the one that runs;
// without one they are ignored. While it is paused it keeps its locks and all
// it has made, but mksquashfs is stopped and nothing is read or compared; a
// cancel, and the end of the input, end it then as ever. OpChoose gives other
// choices to an OpEstimate, which goes on with all it has learned.
const (
	OpHello    Op = "hello"
	OpCheck    Op = "check"
	OpEstimate Op = "estimate"
	OpBuild    Op = "build"
	OpDisarm   Op = "disarm"
	OpKeep     Op = "keep"
	OpStage    Op = "stage"
	OpNote     Op = "note"
	OpPin      Op = "pin"
	OpUnpin    Op = "unpin"
	OpVerify   Op = "verify"
	OpDelete   Op = "delete"
	OpTry      Op = "try"
	OpUntry    Op = "untry"
	OpMenu     Op = "menu"
	OpRestart  Op = "restart"
	OpCancel   Op = "cancel"
	OpPause    Op = "pause"
	OpResume   Op = "resume"
	OpChoose   Op = "choose"
)

// Request is one line from a face. It carries choices and names, never a path
// to write to.
type Request struct {
	Op       Op       `json:"op"`
	Protocol int      `json:"protocol,omitempty"` // of OpHello
	Titles   *Titles  `json:"titles,omitempty"`   // of OpHello: for all that comes after it; nil leaves those that the stick has
	Choices  *Choices `json:"choices,omitempty"`  // of OpCheck, OpBuild, OpEstimate and OpChoose
	Plan     string   `json:"plan,omitempty"`     // of OpBuild: hash of the plan that the user saw

	Version   *VersionRef `json:"version,omitempty"`   // of OpStage, OpNote, OpPin, OpUnpin, OpVerify, OpDelete, OpTry and OpUntry
	Note      string      `json:"note,omitempty"`      // of OpNote: one line; "" takes the note away
	Menu      string      `json:"menu,omitempty"`      // of OpMenu: MenuOn or MenuOff
	Seconds   int         `json:"seconds,omitempty"`   // of OpEstimate: time of the processors that it may use; 0: no limit
	Within    string      `json:"within,omitempty"`    // of OpEstimate and OpChoose: directory of which it tells what takes the room; "": the root
	Number    int         `json:"number,omitempty"`    // of OpEstimate and OpChoose: Estimate gives that of the choices that it is of back
	Confirmed bool        `json:"confirmed,omitempty"` // of OpDelete: to delete a pinned version, or the rescue version, was confirmed in words
}

// Choices is what the user decided.
type Choices struct {
	Type       string   `json:"type"`                 // "personal"
	Home       string   `json:"home"`                 // "keep" or "leave"
	HomeLoss   bool     `json:"home_loss,omitempty"`  // leaving /home out was confirmed in words
	Compressor string   `json:"compressor,omitempty"` // zstd xz gzip lz4; "": the running image's
	Level      int      `json:"level,omitempty"`      // zstd 1-22, gzip 1-9; 0: default
	Exclude    []string `json:"exclude,omitempty"`    // patterns
	Include    []string `json:"include,omitempty"`    // patterns of the shipped list to leave out of it
	Title      string   `json:"title,omitempty"`      // one line
	Processors int      `json:"processors,omitempty"` // 0: all
	MemoryMiB  int      `json:"memory_mib,omitempty"` // 0: a quarter of what is available
}

// Stage is a part of the work that a user can be shown.
type Stage string

// The stages, in order.
const (
	StagePrepare Stage = "prepare"
	StageScan    Stage = "scan"
	StagePack    Stage = "pack"
	StageWrite   Stage = "write_out"
	StageRead    Stage = "read_back"
	StageCompare Stage = "compare"
	StageArm     Stage = "arm"

	StageWalk   Stage = "walk"   // of OpVerify, after StageRead
	StageRescue Stage = "rescue" // of OpKeep, last: both of another version

	StageISO     Stage = "iso"      // a LiveCD is written
	StageISORead Stage = "iso_read" // and read back
)

// Progress tells how far the work is. Done never decreases within a stage.
type Progress struct {
	Stage Stage `json:"stage"`
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	Bytes int64 `json:"bytes,omitempty"` // of the image written so far
}

// Report is how workers tell of progress; they know nobody who watches.
type Report func(Progress)

// Level says how much a check matters.
type Level string

// The levels: a stop forbids the run.
const (
	Stop Level = "stop"
	Warn Level = "warn"
	Note Level = "note"
)

// Check is one thing found before, or learned during, a run.
type Check struct {
	Level Level    `json:"level"`
	Code  Code     `json:"code"`
	Args  []string `json:"args,omitempty"`
}

// Refusal is the error of a run that this check forbids.
func (c Check) Refusal() error { return Fail(c.Code, errors.New("refused by a check"), c.Args...) }

// StopOf is the check that forbids a run because of an error.
func StopOf(err error) Check {
	e := AsError(err)
	return Check{Level: Stop, Code: e.Code, Args: e.Args}
}

// Event is one line from the helper.
type Event struct {
	Event    string          `json:"event"` // ready, progress, estimate, note, paused, resumed, result, error
	Protocol int             `json:"protocol,omitempty"`
	Progress *Progress       `json:"progress,omitempty"`
	Check    *Check          `json:"check,omitempty"` // of note
	Estimate *Estimate       `json:"estimate,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"` // of result, by operation
	Code     Code            `json:"code,omitempty"`   // of error
	Args     []string        `json:"args,omitempty"`
	Detail   string          `json:"detail,omitempty"` // the whole chain of the error
}

// CheckResult is the result of OpCheck.
type CheckResult struct {
	Checks []Check `json:"checks"`
	Plan   string  `json:"plan"`  // hash
	Bound  int64   `json:"bound"` // upper bound of the new image, bytes
	Room   int64   `json:"room"`  // bytes that the image may have

	// As they would be packed: holes count nothing, hard links once.
	Home         int64 `json:"home"`         // bytes in /home, also when it is to be left empty; 0 when it is not in the system
	Uncompressed int64 `json:"uncompressed"` // bytes of all that is packed
}

// BuildResult is the result of OpBuild.
type BuildResult struct {
	Name       string   `json:"name"` // of the armed file: "linuxfs.new"
	VersionID  string   `json:"version_id"`
	Title      string   `json:"title"`
	Size       int64    `json:"size"` // bytes
	SHA256     string   `json:"sha256"`
	Compressor string   `json:"compressor"`
	Entries    int64    `json:"entries"`     // compared
	FromMedium bool     `json:"from_medium"` // read past the cache
	Changed    []string `json:"changed"`     // quoted names that changed since packing began
	ChangedAll int      `json:"changed_all"` // how many there are
	Companions []string `json:"companions"`
	Seconds    float64  `json:"seconds"` // without pauses
}

// FiledResult is the result of OpDisarm and OpKeep.
type FiledResult struct {
	Archives []string `json:"archives"` // "archive/0003"
	Files    []string `json:"files"`    // former names
	Back     string   `json:"back"`     // of OpDisarm: place where a staged version was put back; else ""
}

// RestartResult is the result of OpRestart.
type RestartResult struct {
	Init string `json:"init"` // what restarts the machine: "systemd", "runit", "sysvinit", "busybox"
}

// MaxLine is the longest line either side may send, in bytes.
const MaxLine = 64 << 10

var errLong = errors.New("line longer than 64 KiB")

// decodeStrict refuses unknown fields and anything behind the object.
func decodeStrict(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one object in a line")
	}
	return nil
}
