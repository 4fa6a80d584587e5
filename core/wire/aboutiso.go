package wire

import "maps"

func init() { maps.Copy(table, aboutISO) }

// aboutISO is the part of the table about LiveCD images.
var aboutISO = map[Code]row{
	ISOLabel: {ExitUsage, T("This label cannot be used"),
		T("%[1]s is no volume label: only the letters A to Z, digits, and the signs _ . + - can be in it, and at most 32 of them."),
		T("Choose another label.")},
	ISOPackages: {ExitRefused, T("A LiveCD needs more programs"),
		T("What makes a LiveCD, or what starts one and is not on this stick, is in packages that are not installed: %[1]s. Nothing was begun."),
		T("Install these packages, and try again.")},
	ISOUnreadable: {ExitRefused, T("A file of the stick may not be read"),
		T("%[1]s can only be read by the administrator, or not at all. A LiveCD is made with your own rights, so it cannot go into one."),
		T("Make the file readable for everyone: chmod a+r, as administrator. Then try again.")},
	ISONoFile: {ExitRefused, T("The stick lacks what starts it"),
		T("There is no %[1]s on it, without which a LiveCD does not start."),
		T("Put that file on the stick first, for example with live-kernel-updater.")},
	ISONoKernel: {ExitRefused, T("No kernel fits this version"),
		T("The stick starts the kernel %[2]s, and %[1]s holds no modules for it, only for: %[3]s. In itself it has no kernel with an initrd for a live system, either."),
		T("Choose another version, or put a kernel on the stick that this version has modules for.")},
	ISOOwnKernel: {ExitFailed, T("The kernel of the version is taken"),
		T("The version holds no modules for the kernel on the stick, %[2]s. The LiveCD starts the version's own kernel, %[1]s."),
		T("Try the LiveCD before you rely on it.")},
	ISOPersonal: {ExitFailed, T("The LiveCD will be personal"),
		T("It holds all that this version holds: users, passwords, keys, saved networks, and files in /home if they were packed. Whoever gets it can read all of that."),
		T("Give it away only if you know that nothing in it is private.")},
	ISOUnsaved: {ExitFailed, T("Changes since then are not in it"),
		T("A LiveCD holds the version as it was made. What you changed on the running system since then does not go into it."),
		T("To have it in the LiveCD, make a new version first.")},
	ISOFATLimit: {ExitRefused, T("The LiveCD is too big for that folder"),
		T("It will have %[1]s, and %[2]s is on a medium that is formatted with FAT, where no file can be larger than 4 GiB. Nothing was begun."),
		T("Choose a folder on a medium with another format, such as ext4 or exFAT.")},
	ISONoSpace: {ExitRefused, T("There is not enough room in that folder"),
		T("The LiveCD needs %[1]s, and %[2]s are free in %[3]s. %[4]s are missing. Nothing was begun."),
		T("Choose another folder, or make room there.")},
	ISOFull: {ExitFailed, T("The folder filled up"),
		T("There was not enough room in %[1]s to finish. What was begun was removed."),
		T("Choose another folder, or make room there.")},
	ISOFailed: {ExitFailed, T("The LiveCD could not be made"),
		T("xorriso, which makes it, stopped: %[1]s. What was begun was removed."),
		T("If it says that something could not be read, the stick may be failing: save your files.")},
	ISONotWhole: {ExitFailed, T("The LiveCD did not come out right"),
		T("%[1]s was read back and is not as it should be: %[2]s. It was removed."),
		T("Try another folder, on another medium if you can.")},
}
