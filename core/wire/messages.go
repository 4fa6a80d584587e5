package wire

import (
	"fmt"
	"maps"
	"slices"
)

// Message is what a user is told: what happened, what it means, what to do.
type Message struct{ Title, Text, Hint string }

// Exit statuses of the command line.
const (
	ExitDone       = 0
	ExitFailed     = 1
	ExitUsage      = 2
	ExitRefused    = 3
	ExitBusy       = 4
	ExitCancelled  = 5
	ExitNotAllowed = 6
)

type row struct {
	exit  int
	title string
	text  string // %s: the code's arguments, in order
	hint  string
}

// Describe gives the texts of a code; tr translates an English msgid. Missing
// arguments are shown as "?", so that a text never fails.
func Describe(code Code, args []string, tr func(string) string) Message {
	r, ok := table[code]
	if !ok {
		r = table[Internal]
	}
	return Message{tr(r.title), fill(tr(r.text), args), fill(tr(r.hint), args)}
}

// ExitStatus is the exit status of a run that ended with this code.
func ExitStatus(code Code) int {
	if r, ok := table[code]; ok {
		return r.exit
	}
	return ExitFailed
}

// Codes are all codes that there are, in no order.
func Codes() []Code { return slices.Collect(maps.Keys(table)) }

// fill puts args into the verbs %[1]s, %[2]s … of text.
func fill(text string, args []string) string {
	values := make([]any, 9)
	for i := range values {
		values[i] = "?"
		if i < len(args) {
			values[i] = args[i]
		}
	}
	return fmt.Sprintf(text+"%.0[9]s", values...)
}

// T marks an English text for translation.
func T(msgid string) string { return msgid }

var table = map[Code]row{
	Internal: {ExitFailed, T("Something unexpected went wrong"),
		T("The program met a situation it does not know. Your system that boots was not changed."),
		T("Look at the details, and please report them.")},
	BadRequest: {ExitFailed, T("The two halves of the program do not understand each other"),
		T("The window or command line and its helper are probably of different versions. Nothing was changed."),
		T("Install antix-remaster again, then start it again.")},
	Usage: {ExitUsage, T("That is not how this command is used"), T("%[1]s"),
		T("See antix-remaster-cli --help.")},
	Cancelled: {ExitCancelled, T("Cancelled"),
		T("The work was stopped and everything it had begun was removed. Your system is as it was."),
		T("You can start again whenever you like.")},
	Busy: {ExitBusy, T("Another remaster is already running"),
		T("Process %[1]s is working on this live system. Two at once would spoil each other."),
		T("Wait until it has finished, or cancel it there.")},
	AntixLock: {ExitBusy, T("live-remaster or persist-save is running"),
		T("Another antiX tool holds the lock file %[1]s."),
		T("Wait until it has finished. If you are sure that none is running, delete that file.")},
	NotAuthorised: {ExitNotAllowed, T("Not allowed"),
		T("This needs the administrator's password, and permission was not given. Nothing was changed."),
		T("Try again with the right password, or start the program from a root terminal.")},
	NoAgent: {ExitNotAllowed, T("Nobody asks for the password"),
		T("This needs the administrator's password, and no program that asks for it is running on this desktop. Nothing was changed."),
		T("Put sudo before the command.")},
	Dismissed: {ExitNotAllowed, T("The password question was closed"),
		T("Without the administrator's password nothing can be changed, and nothing was."),
		T("Start again and type the password when asked.")},
	NoPkexec: {ExitNotAllowed, T("There is no way to ask for the password"),
		T("This needs the administrator's rights, and the program pkexec, which asks for the password, is not installed. Nothing was changed."),
		T("Put sudo before the command, or install the package pkexec.")},
	HelperMissing: {ExitFailed, T("A part of the program is missing"),
		T("The helper %[1]s cannot be started. Nothing was changed."),
		T("Install antix-remaster again.")},
	HelperDied: {ExitFailed, T("The helper stopped unexpectedly"),
		T("The work was not finished. Your system that boots was not changed; what was begun is removed at the next start."),
		T("Start again. If it happens again, look at the log and report it.")},
	PlanChanged: {ExitRefused, T("The stick changed since the check"),
		T("What lies on the stick is not what was shown to you a moment ago. Nothing was touched."),
		T("Look at the summary again and start once more.")},

	NotLive: {ExitRefused, T("This is not a live system"),
		T("Only a system started from an antiX or MX live stick, or from a frugal folder, can be remastered. No configuration of a live start was found."),
		T("Start the computer from your live stick and try again there.")},
	ConfigDamaged: {ExitRefused, T("The description of this live system is damaged"),
		T("The file %[1]s, which the live start wrote, cannot be understood: %[2]s."),
		T("Restart the live system: the file is written anew at every start.")},
	ConfigOutside: {ExitRefused, T("The description of this live system makes no sense"),
		T("The file %[1]s names a linuxfs that does not lie on the boot device. Nothing is touched in such a place."),
		T("Restart the live system. If the message comes back, report it.")},
	NotRemasterable: {ExitRefused, T("This live system cannot be remastered"),
		T("The live start found no boot device that it could write to."),
		T("Start from a USB stick or a frugal folder that is not write protected. A CD or DVD cannot be changed.")},
	FromISO: {ExitRefused, T("This system runs from an ISO file"),
		T("The linuxfs lies inside an ISO file, and nothing can be written there."),
		T("Make a live stick or a frugal installation from the ISO file, start from it, and remaster there.")},
	ReadOnlyMedium: {ExitRefused, T("The boot device is write protected"),
		T("%[1]s can only be read, so there is no place for a new version."),
		T("Look for a small switch on the stick. If its file system has errors, repair it on another computer.")},
	WriteCheck: {ExitRefused, T("Writing to the stick does not work"),
		T("A small test file could not be written to %[1]s and read back unchanged. A stick that does this is not safe to write a system on."),
		T("Save your files, and use another stick.")},
	BootMissing: {ExitRefused, T("The boot device cannot be found"),
		T("The stick or disk this system was started from (%[1]s) is not there."),
		T("Plug the stick in again and try once more.")},
	BootAmbiguous: {ExitRefused, T("Two sticks look the same"),
		T("These devices are copies of each other, and both could be the one this system was started from: %[1]s."),
		T("Unplug the one you do not want to change, and try again.")},
	BootOther: {ExitRefused, T("This is another stick"),
		T("The version on %[1]s is not the one that is running. It was probably exchanged, or changed by another computer."),
		T("Plug in the stick this system was started from.")},
	ToRAMAway: {ExitRefused, T("The stick is not plugged in"),
		T("This system runs in memory, and its stick (%[1]s) has been taken out. The new version must be written there."),
		T("Plug the stick in again and try once more.")},
	ToRAMLocked: {ExitRefused, T("The encrypted stick is locked"),
		T("This system runs in memory, and its encrypted stick was locked again after the start."),
		T("Unlock it, or start again without the boot option toram.")},
	ArchiveBoot: {ExitRefused, T("You are trying out an archived version"),
		T("This system was started from the archive folder %[1]s. A new version cannot be made in there."),
		T("Start the computer normally, and remaster then.")},
	RescueBoot: {ExitRefused, T("This is a rescue start"),
		T("This system was started from %[1]s, a version that is set aside. A normal start looks for %[2]s."),
		T("Start the computer normally, and try again there. If there is no %[2]s any more, rename %[1]s to %[2]s first.")},
	ImageMissing: {ExitRefused, T("The linuxfs is not there"),
		T("There is no file %[1]s on the boot device, so the next start would fail."),
		T("Do not restart now. If a file %[1]s.old is there, start with the boot option sqext=old.")},
	ImageDamaged: {ExitRefused, T("The linuxfs on the stick is damaged"),
		T("%[1]s is not a complete system image: %[2]s."),
		T("Save your files. Check the stick before you use it again.")},
	NoSpace: {ExitRefused, T("There may not be enough room on the stick"),
		T("This could need up to %[1]s, and %[2]s are free for it on %[3]s. %[4]s are missing."),
		T("Move files to another place, empty the archive folder, choose the stronger compressor xz, or use a bigger stick.")},
	TightSpace: {ExitRefused, T("It will be tight on the stick"),
		T("After the new version about %[1]s would remain free."),
		T("Old versions can be removed later to make room.")},
	FATLimit: {ExitRefused, T("The new version could be too big for this stick"),
		T("The stick is formatted with FAT, where no file can be larger than 4 GiB. The new version could reach %[1]s."),
		T("Choose the stronger compressor xz, leave big files out, or use a stick formatted with ext4.")},
	Pending: {ExitRefused, T("A new version is already waiting"),
		T("%[1]s is there and becomes the system at the next start. It is never replaced."),
		T("Restart to use it, or take it out of the next start with: antix-remaster-cli disarm.")},
	Blocked: {ExitRefused, T("An older version is in the way"),
		T("%[1]s is still there from an earlier change. As long as it is, the next start would not switch to a new version but stop and wait for a key."),
		T("File it away safely with: antix-remaster-cli keep.")},
	SwapRemoves: {ExitRefused, T("Older parts will be removed"),
		T("The switch to the new version deletes or mixes up what an earlier one left: %[1]s."),
		T("If you may need it, first do: antix-remaster-cli keep.")},
	Unfinished: {ExitRefused, T("Unfinished files of another program are on the stick"),
		T("%[1]s was left by another tool. It is not ours, so it stays."),
		T("If no other remaster is running, you can delete it to gain room.")},
	NameTaken: {ExitRefused, T("A name we need is taken"),
		T("%[1]s already exists on the stick and was not made by this program. It is left alone."),
		T("Rename or move it, and try again.")},
	NoModules: {ExitRefused, T("The kernel would find no modules"),
		T("The stick starts the kernel %[1]s, but this system holds no modules for it (/lib/modules/%[1]s). The new version would start without drivers."),
		T("Install the package of that kernel again, or update the kernel on the stick first.")},
	KernelUnknown: {ExitRefused, T("The kernel on the stick could not be read"),
		T("It is not known which kernel the next start uses, so its modules were only checked for the running kernel %[1]s."),
		T("If you changed the kernel on the stick, make sure that its package is installed.")},
	Compressor: {ExitRefused, T("The kernel cannot read this compression"),
		T("A version compressed with %[1]s would not start: the kernel %[2]s does not know it."),
		T("Choose another compressor.")},
	EngineMissing: {ExitRefused, T("mksquashfs is not installed"),
		T("The program that packs a system, mksquashfs, is missing."),
		T("Install the package squashfs-tools.")},
	EngineOld: {ExitRefused, T("mksquashfs is too old"),
		T("mksquashfs %[1]s is installed; it does not know %[2]s."),
		T("Update the package squashfs-tools, or choose another compressor.")},
	RootPersistence: {ExitRefused, T("Root persistence is switched on"),
		T("Your changes are kept in the file %[1]s. It belongs to the version that runs now; the new version would start with it set aside, and this program cannot make a fresh one yet."),
		T("Start without root persistence and remaster there, or use live-remaster.")},
	RootfsAside: {ExitRefused, T("Saved root changes will be set aside"),
		T("%[1]s holds saved changes of this system. They belong to the version that runs now, and the switch to the new version renames the file."),
		T("They are kept, and come back when you go back to this version.")},
	RootfsElsewhere: {ExitRefused, T("Saved root changes lie in another place"),
		T("Your root changes are kept in %[1]s, which is not beside the linuxfs. The start that switches would rename that file to rootfs.old, in place of an older one of that name, and your changes would be out of use. Nothing was changed."),
		T("Start without root persistence and try again there. Leave it off in the start that switches, too.")},
	HomeElsewhere: {ExitRefused, T("/home is not packed"),
		T("/home lies outside of the system (%[1]s). It stays where it is and works with the new version too."), ""},
	HomeLeave: {ExitRefused, T("Your own files would be lost"),
		T("/home lives in this system and holds %[1]s. The new version would have an empty /home, and after the restart these files are gone."),
		T("Keep /home, or copy your files to another place and confirm with: --confirm \"leave my files out\".")},
	HomeLeft: {ExitRefused, T("Your own files are left out"),
		T("/home lives in this system and holds %[1]s. You confirmed that the new version has an empty /home."),
		T("Copy what you need to another place before you restart.")},
	Packages: {ExitRefused, T("The package manager is at work"),
		T("Process %[1]s is installing or removing packages. A version made now would be half changed."),
		T("Wait until it has finished, and try again.")},
	LowMemory: {ExitRefused, T("Too little memory is free"),
		T("Only %[1]s of memory are free; packing needs at least %[2]s. Your changes live in memory too."),
		T("Close some programs, the web browser first, and try again.")},
	Battery: {ExitRefused, T("The computer runs on its battery"),
		T("%[1]s %% are left. Packing a system takes a while and much power."),
		T("Plug in the power supply.")},
	NoRemaster: {ExitRefused, T("The boot option noremaster is set"),
		T("This start had the option noremaster. If it is set again, the next start does not switch to the new version."),
		T("Remove noremaster from the boot options when you restart.")},
	NoXattrs: {ExitRefused, T("This kernel hides file capabilities"),
		T("The running kernel cannot read extended attributes of a squashfs. Programs like ping may need their rights set again in the new version."),
		T("Start with another kernel to keep them.")},
	VersionMismatch: {ExitRefused, T("Root persistence was refused in this start"),
		T("The live start said: %[1]s"),
		T("Changes of this session are packed; what is in the refused file is not.")},

	EngineFailed: {ExitFailed, T("Packing failed"),
		T("mksquashfs stopped with an error: %[1]s. Nothing was changed, and nothing was left behind."),
		T("Look at the log, then try again.")},
	EngineKilled: {ExitFailed, T("Packing was interrupted"),
		T("mksquashfs was ended from outside (signal %[1]s). Often there was too little memory. Nothing was changed."),
		T("Close some programs and try again.")},
	Unreadable: {ExitFailed, T("Some files could not be read"),
		T("%[1]s file(s) could not be read or vanished while they were packed, so the new version would not be complete: %[2]s. It was not made ready, and nothing was left behind."),
		T("Close programs that change these files, leave them out with --exclude, and try again.")},
	FilledUp: {ExitFailed, T("The stick filled up"),
		T("There was not enough room to finish. The unfinished file was removed; your system is as it was."),
		T("Move files to another place, choose the stronger compressor xz, or use a bigger stick.")},
	PackagesMoved: {ExitFailed, T("Packages were changed during the run"),
		T("Programs were installed or removed while the system was packed, so the new version would be half changed. It was not made ready."),
		T("Let the package manager finish, and try again.")},
	Mismatch: {ExitFailed, T("The new version is not what was packed"),
		T("%[1]s difference(s) were found when it was compared with this system: %[2]s. It was not made ready, and nothing was left behind."),
		T("The stick or the memory may be faulty. Try again; if it happens again, use another stick.")},
	NoSense: {ExitFailed, T("The new version would not start"),
		T("It lacks %[1]s. It was not made ready, and nothing was left behind."),
		T("Look at what you excluded.")},
	WriteFailed: {ExitFailed, T("Writing to the stick failed"),
		T("%[1]s could not be written safely. What was begun was removed as far as possible; your system that boots was not changed."),
		T("Check that the stick is plugged in firmly. If it happens again, save your files and use another stick.")},
	NotFromMedium: {ExitFailed, T("Compared, but not past the cache"),
		T("This medium cannot be read past the memory cache, so the proof does not cover the stick itself."), ""},
	ChangedSince: {ExitFailed, T("Some files changed meanwhile"),
		T("%[1]s file(s) changed on the running system since packing began: %[2]s. The new version holds them as they were when they were packed."), ""},
	LostACLs: {ExitFailed, T("Access lists are not kept"),
		T("Some files have attributes (%[1]s) that an image cannot hold. Their plain permissions are kept."), ""},
	Healed: {ExitFailed, T("An interrupted run was cleaned up"),
		T("An earlier run did not finish. Put right: %[1]s."), ""},
	LeftAlone: {ExitFailed, T("Something was left as it is"),
		T("An earlier run did not finish, but %[1]s is not as that run left it, so it was not touched."),
		T("Look at it yourself, and delete it when you do not need it.")},

	Remains: {ExitFailed, T("What was begun could not be removed"),
		T("The work stopped, and cleaning up failed too: %[1]s. Your system that boots was not changed."),
		T("Check that the stick is plugged in firmly, then start again: the next run cleans up first.")},
	NotTidied: {ExitFailed, T("Something could not be put back"),
		T("The work itself is done. Afterwards this went wrong: %[1]s."),
		T("A restart puts it right.")},

	NothingArmed: {ExitRefused, T("No new version is waiting"),
		T("There is no %[1]s, so the next start changes nothing."),
		T("Make a new version first: antix-remaster-cli build.")},
	NothingToKeep: {ExitRefused, T("Nothing is left to file away"),
		T("No previous version is beside the running one."),
		T("There is nothing to do: you can make a new version at any time.")},
	Protected: {ExitRefused, T("This version is needed"),
		T("%[1]s is what this system runs from, or what the next start uses. It is never moved."),
		T("Start the computer normally, and try again then.")},
	SharedTarget: {ExitRefused, T("Two versions share one file"),
		T("%[1]s and %[2]s are links to the same image, so it cannot be filed away."),
		T("Remove the link that is too much.")},

	StickUnseen: {ExitRefused, T("The stick cannot be seen"),
		T("This system runs in memory and its stick (%[1]s) is not mounted, so it is not known which versions are on it."),
		T("Plug the stick in and open it in the file manager, then try again.")},
	NoVersion: {ExitRefused, T("There is no such version"),
		T("Nothing on the stick is called %[1]s."),
		T("See what is there with: antix-remaster-cli versions.")},
	VersionAmbiguous: {ExitUsage, T("More than one version is meant"),
		T("%[1]s could be any of these: %[2]s."),
		T("Say more digits of the version id, or name the file as it stands here.")},
	VersionDamaged: {ExitRefused, T("This version cannot be used"),
		T("%[1]s is not a complete system image: %[2]s."),
		T("Choose another version.")},
	DamageKnown: {ExitRefused, T("This version is damaged"),
		T("When %[1]s was verified last, it was not what it had been, or it could not be read to its end."),
		T("Choose another version. If you have repaired it, verify it again: antix-remaster-cli verify.")},
	VersionMachine: {ExitRefused, T("This version is for another kind of computer"),
		T("%[1]s was made for %[2]s, and this system runs on %[3]s. It holds no modules for the kernel on the stick."),
		T("Choose another version.")},
	VersionModules: {ExitRefused, T("The kernel on the stick does not fit this version"),
		T("The stick starts the kernel %[2]s, and %[1]s holds no modules for it, only for: %[3]s. It would start without drivers."),
		T("Choose another version, or put a kernel on the stick that this version has modules for.")},
	NothingToStage: {ExitRefused, T("There is nothing to do"),
		T("The next start uses %[1]s anyway."),
		T("Restart when you like, or choose another version.")},
	NotMovable: {ExitRefused, T("This file is left alone"),
		T("%[1]s was not put there by a switch, a rollback or this program, so it is never moved or deleted."),
		T("Rename or delete it yourself if you are sure.")},
	OddName: {ExitRefused, T("This name cannot be used"),
		T("%[1]s has signs in its name that no version of this program has, so nothing is done with it or written down about it."),
		T("If it is yours, rename it and try again.")},
	LastBootable: {ExitRefused, T("This is the last version that starts"),
		T("Without %[1]s nothing on the stick could be started."),
		T("Make a new version first: antix-remaster-cli build.")},
	DeletePinned: {ExitRefused, T("This version is pinned"),
		T("You pinned %[1]s, so that it is not deleted."),
		T("Unpin it first, or confirm with: --confirm \"delete a pinned version\".")},
	VerifyFailed: {ExitFailed, T("The version is damaged"),
		T("%[1]s is not whole: %[2]s."),
		T("Do not start it. Save your files: the stick may be failing. Then make a new version, on another stick if you can.")},
	CannotVerify: {ExitFailed, T("The version could not be examined"),
		T("This computer could not read all of %[1]s: %[2]s. That says nothing about the version: it was not found damaged, nor whole."),
		T("Close some programs or restart the computer, and try again. A kernel that does not know its compression cannot read it either.")},
	VersionMoved: {ExitFailed, T("The version is in another place now"),
		T("It could not be put where it was to go. It is whole, and lies in %[1]s; it is not used by the next start."),
		T("Try again from there.")},
	FiledAside: {ExitFailed, T("What was in the way is filed already"),
		T("The version was not made the next one, but what would have been in the way was filed before. It is whole, and lies in %[1]s, where the boot option rollback does not look."),
		T("To go back to it: antix-remaster-cli rollback, with the number of that folder.")},
	NotRecorded: {ExitFailed, T("The list of versions was not brought up to date"),
		T("The work itself is done. Only what is written down about %[1]s could not be saved: %[2]s."),
		T("Check that the stick is plugged in firmly and has some room.")},

	RestartUnknown: {ExitFailed, T("Please restart by hand"),
		T("This program does not know how this system is restarted: its first process is %[1]s. Nothing was changed."),
		T("Close your programs, and restart from the menu of the desktop.")},
	RestartFailed: {ExitFailed, T("The restart did not begin"),
		T("%[1]s was asked to restart the computer, and it did not work: %[2]s. Nothing was changed."),
		T("Close your programs, and restart from the menu of the desktop.")},
}
