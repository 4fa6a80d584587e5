package gui

import "antix-remaster/core/wire"

// windowHint is what to do in a window, where the common hint names a command;
// "" for all others.
func windowHint(c wire.Code) string {
	switch c {
	case wire.Pending:
		return tr("Restart to use it, or take it out of the next start.")
	case wire.Blocked:
		return tr("File it away first: nothing is deleted.")
	case wire.SwapRemoves:
		return tr("If you may need it, file it away first: nothing is deleted.")
	case wire.ArchiveBoot:
		return tr("Start the computer normally. If you like this version, go back to it there, from the list of versions.")
	case wire.NothingArmed, wire.LastBootable:
		return tr("Make a new version first.")
	case wire.NoVersion:
		return tr("Look at the list of versions again.")
	case wire.DamageKnown:
		return tr("Choose another version. If you have repaired it, verify it again.")
	case wire.FiledAside:
		return tr("You can go back to it from the list of versions.")
	case wire.DeletePinned:
		return tr("Unpin it first.")
	case wire.DeleteRescue:
		return tr("Delete it by itself, if you are sure.")
	case wire.CopyInUse:
		return tr("Choose another version. If the one in use is damaged, the copy can still be started from where it lies: try it out.")
	case wire.RescueUnproven:
		return tr("When there is time, verify it: choose it in the list of versions, and press Verify.")
	case wire.WayBack:
		return tr("If all works well, keep the running version first.")
	case wire.BeingTried:
		return tr("When you do not need it, delete it by itself.")
	case wire.PolicyUnmet:
		return tr("Ask for less.")
	case wire.NotReadable:
		return tr("Open a terminal, become root there, and type: antix-remaster")
	case wire.TryBeside:
		return tr("File it away first. To use the previous version, go back to it.")
	case wire.AnnexStart:
		return tr("Leave the boot options for persistence as they are now. If it was forgotten, file the older version away: that mends it.")
	case wire.AnnexMismatch:
		return tr("File the older version away: that puts a file for this version in its place. Then start with root persistence again.")
	case wire.AnnexLeft:
		return tr("Start with root persistence, and file the older version away there.")
	case wire.HomeLeave:
		return tr("Pack /home, or copy your files to another place and say so.")
	case wire.Unreadable:
		return tr("Close the programs that change these files, and try again.")
	case wire.NoAgent:
		return tr("Press “Ask for the password in a terminal”, or open a terminal yourself, become root there, and type: antix-remaster")
	case wire.NoPkexec:
		return tr("Install the package pkexec, or open a terminal, become root there, and type: antix-remaster")
	}
	return ""
}
