// Package guest is the part of test/umllive that runs inside of the machine,
// as its init: it fills a stick, or starts the live system of a stick and runs
// a script in it, or the init of that system.
package guest

import (
	"antix-remaster/core/wire"
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
	BootedFile = "booted" // there once an init was started
)

// Job is what the machine is started for.
type Job struct {
	Fill     bool     // only fill the stick
	Init     []string // the system's own init, with arguments, instead of a script
	Mapped   bool     // the stick lies under a device that can be made to fail
	Spec     inside.Spec
	Programs map[string]string // name in ProgramDir -> path inside, where the stick lacks it
}

// Report is what became of it. There is none when the machine was cut off.
type Report struct {
	Error  string
	VID    string // of the system that ran
	Code   int    // exit status of the script
	Memory peak.Memory
	Again  bool // the kernel started a second time, after the init
}

// Answer is what the helper answered to a restart.
type Answer struct {
	wire.RestartResult
	Error string
}

// Begin and End frame the output of the script on the console.
const (
	Begin = "@@BEGIN"
	End   = "@@END"
)
