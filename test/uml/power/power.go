// Package power is what the host and the machine of a power cut test tell each
// other.
package power

// The jobs of the agent.
const (
	Record = "record" // does an action on ubda, every write of it logged on ubdb
	Judge  = "judge"  // looks at the states that the log on ubdb makes of ubda
)

// Job is one job.
type Job struct {
	Kind   string `json:"kind"`
	FS     string `json:"fs"`     // vfat, ext4
	Layout string `json:"layout"` // plain, sqext, links, rootfs; of a menu plain, edge
	Action string `json:"action"` // build, taken, disarm, keep, stage, back, delete, each of them also with -old, record, heal, menu; nodir, once, flusher, armfirst, inplace and what begins with menu- are broken on purpose
	Of     string `json:"of"`     // of heal: which action was interrupted
	Size   int64  `json:"size"`   // of an image, bytes
	Most   int    `json:"most"`   // states to judge, 0: all
	Trees  Trees  `json:"trees"`
}

// Tree tells what each path below the directory of the linuxfs is.
type Tree map[string]string

// Trees are the two states that there may be after healing, on FAT sometimes a
// third, and the one that there must be once the program said that it was done.
type Trees struct {
	Before Tree `json:"before"`
	Middle Tree `json:"middle"`
	After  Tree `json:"after"`
	Done   Tree `json:"done"`
}

// State is one judged power cut.
type State struct {
	Point   int      `json:"point"`   // entries of the log that were applied
	Reorder bool     `json:"reorder"` // the device lost some of what was not flushed, in no order
	Done    bool     `json:"done"`    // the program had said so
	Broken  []string `json:"broken"`  // "P2 ..." what was violated
	Notes   []string `json:"notes"`
}
