// Package wire is the language between the faces (the window, the command
// line) and the root helper: requests, events, error codes and their texts.
// It is the trust boundary: everything that crosses it is checked here.
package wire

import (
	"context"
	"errors"
	"fmt"
)

// Code names one thing that a user can be told.
type Code string

// The codes. The table of texts in messages.go has one row for each.
const (
	Internal      Code = "internal"
	BadRequest    Code = "bad_request"
	Usage         Code = "usage"
	Cancelled     Code = "cancelled"
	Busy          Code = "busy"
	AntixLock     Code = "antix_lock"
	NotAuthorised Code = "not_authorised"
	NoAgent       Code = "no_agent"
	Dismissed     Code = "dismissed"
	NoPkexec      Code = "no_pkexec"
	HelperMissing Code = "helper_missing"
	HelperDied    Code = "helper_died"
	PlanChanged   Code = "plan_changed"

	NotLive         Code = "not_live"
	ConfigDamaged   Code = "config_damaged"
	ConfigOutside   Code = "config_outside"
	NotRemasterable Code = "not_remasterable"
	FromISO         Code = "from_iso"
	ReadOnlyMedium  Code = "read_only_medium"
	WriteCheck      Code = "write_check"
	BootMissing     Code = "boot_missing"
	BootAmbiguous   Code = "boot_ambiguous"
	BootOther       Code = "boot_other"
	ToRAMAway       Code = "toram_away"
	ToRAMLocked     Code = "toram_locked"
	ArchiveBoot     Code = "archive_boot"
	RescueBoot      Code = "rescue_boot"
	ImageMissing    Code = "image_missing"
	ImageDamaged    Code = "image_damaged"
	NoSpace         Code = "no_space"
	TightSpace      Code = "tight_space"
	FATLimit        Code = "fat_limit"
	Pending         Code = "pending"
	Blocked         Code = "blocked"
	SwapRemoves     Code = "swap_removes"
	Unfinished      Code = "unfinished"
	NameTaken       Code = "name_taken"
	NoModules       Code = "no_modules"
	KernelUnknown   Code = "kernel_unknown"
	Compressor      Code = "compressor"
	EngineMissing   Code = "engine_missing"
	EngineOld       Code = "engine_old"
	RootPersistence Code = "root_persistence"
	RootUnsaved     Code = "root_unsaved"
	RootElsewhere   Code = "root_elsewhere"
	RootfsUnused    Code = "rootfs_unused"
	RootfsAside     Code = "rootfs_aside"
	MkfsMissing     Code = "mkfs_missing"
	RootfsElsewhere Code = "rootfs_elsewhere"
	AnnexShared     Code = "annex_shared"
	AnnexSpace      Code = "annex_space"
	AnnexStart      Code = "annex_start"
	AnnexFiled      Code = "annex_filed"
	AnnexMismatch   Code = "annex_mismatch"
	AnnexLeft       Code = "annex_left"
	HomeElsewhere   Code = "home_elsewhere"
	HomeLeave       Code = "home_leave"
	HomeLeft        Code = "home_left"
	Packages        Code = "packages"
	LowMemory       Code = "low_memory"
	Battery         Code = "battery"
	NoRemaster      Code = "no_remaster"
	NoXattrs        Code = "no_xattrs"
	VersionMismatch Code = "version_mismatch"

	EngineFailed  Code = "engine_failed"
	EngineKilled  Code = "engine_killed"
	Unreadable    Code = "unreadable"
	FilledUp      Code = "filled_up"
	PackagesMoved Code = "packages_moved"
	Mismatch      Code = "mismatch"
	NoSense       Code = "no_sense"
	WriteFailed   Code = "write_failed"
	NotFromMedium Code = "not_from_medium"
	ChangedSince  Code = "changed_since"
	LostACLs      Code = "lost_acls"
	Healed        Code = "healed"
	LeftAlone     Code = "left_alone"
	Remains       Code = "remains"
	NotTidied     Code = "not_tidied"

	NothingArmed  Code = "nothing_armed"
	NothingToKeep Code = "nothing_to_keep"
	Protected     Code = "protected"
	SharedTarget  Code = "shared_target"

	StickUnseen      Code = "stick_unseen"
	NoVersion        Code = "no_version"
	VersionAmbiguous Code = "version_ambiguous"
	VersionDamaged   Code = "version_damaged"
	DamageKnown      Code = "damage_known"
	VersionMachine   Code = "version_machine"
	VersionModules   Code = "version_modules"
	NothingToStage   Code = "nothing_to_stage"
	NotMovable       Code = "not_movable"
	OddName          Code = "odd_name"
	LastBootable     Code = "last_bootable"
	DeletePinned     Code = "delete_pinned"
	DeleteRescue     Code = "delete_rescue"
	RescueUnproven   Code = "rescue_unproven"
	RescueDamaged    Code = "rescue_damaged"
	RescueUnseen     Code = "rescue_unseen"
	CopyInUse        Code = "copy_in_use"
	NoMenu           Code = "no_menu"
	TryBeside        Code = "try_beside"
	MenuFailed       Code = "menu_failed"
	VerifyFailed     Code = "verify_failed"
	CannotVerify     Code = "cannot_verify"
	VersionMoved     Code = "version_moved"
	FiledAside       Code = "filed_aside"
	NotRecorded      Code = "not_recorded"
	RecordNewer      Code = "record_newer"

	WayBack      Code = "way_back"
	BeingTried   Code = "being_tried"
	PolicyUnmet  Code = "policy_unmet"
	PruneStopped Code = "prune_stopped"
	NotInside    Code = "not_inside"
	NotReadable  Code = "not_readable"
	OutputTaken  Code = "output_taken"
	NotSaved     Code = "not_saved"

	ISOLabel      Code = "iso_label"
	ISOPackages   Code = "iso_packages"
	ISOUnreadable Code = "iso_unreadable"
	ISONoFile     Code = "iso_no_file"
	ISONoKernel   Code = "iso_no_kernel"
	ISOOwnKernel  Code = "iso_own_kernel"
	ISOPersonal   Code = "iso_personal"
	ISOUnsaved    Code = "iso_unsaved"
	ISOInMemory   Code = "iso_in_memory"
	ISOFATLimit   Code = "iso_fat_limit"
	ISONoSpace    Code = "iso_no_space"
	ISOFull       Code = "iso_full"
	ISONotSaved   Code = "iso_not_saved"
	ISOFailed     Code = "iso_failed"
	ISONotWhole   Code = "iso_not_whole"

	RestartUnknown Code = "restart_unknown"
	RestartFailed  Code = "restart_failed"
)

// Error is an error that a user can act on. Args fill the text of its code in
// order; Err is the whole chain, for "Details" and the log.
type Error struct {
	Code Code
	Args []string
	Err  error
}

func (e *Error) Error() string {
	text := string(e.Code)
	if len(e.Args) > 0 {
		text += fmt.Sprintf(" %q", e.Args)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Fail makes an Error; err may be nil.
func Fail(code Code, err error, args ...string) error {
	return &Error{Code: code, Args: args, Err: err}
}

// AsError finds the Error in a chain. An error without one is Cancelled when a
// cancelled context brought it about, else Internal.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return &Error{Code: Cancelled, Err: err}
	}
	return &Error{Code: Internal, Err: err}
}
