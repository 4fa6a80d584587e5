// Package guest is the part of test/umllive that runs inside of the machine,
// as its init: it fills a stick, or starts the live system of a stick and runs
// a script in it.
package guest

import (
	"antix-remaster/test/livesys/inside"
	"antix-remaster/test/umllive/peak"
)

// Files of the directory that the host shares; inside it is /mnt.
const (
	JobFile    = "job.json"
	ReportFile = "report.json"
	TreeDir    = "stick"  // what to fill a stick with
	ScriptFile = "script" // run by /bin/sh inside
	AgentFile  = "agent"  // "/mnt/agent tree DIR FILE" describes a tree
	ProgramDir = "programs"
)

// Job is what the machine is started for.
type Job struct {
	Fill     bool // only fill the stick
	Mapped   bool // the stick lies under a device that can be made to fail
	Spec     inside.Spec
	Programs map[string]string // name in ProgramDir -> path inside, where the stick lacks it
}

// Report is what became of it. There is none when the machine was cut off.
type Report struct {
	Error  string
	VID    string // of the system that ran
	Code   int    // exit status of the script
	Memory peak.Memory
}

// Begin and End frame the output of the script on the console.
const (
	Begin = "@@BEGIN"
	End   = "@@END"
)
