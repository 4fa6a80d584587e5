package words

import (
	"fmt"
	"strings"
	"time"

	"antix-remaster/core/history"
)

// VersionState says in a word or two where a version stands.
func VersionState(s history.State, tr func(string) string) string {
	switch s {
	case history.Default:
		return tr("default")
	case history.Armed:
		return tr("waiting for the next start")
	case history.Previous:
		return tr("previous")
	case history.Bad:
		return tr("set aside by a rollback")
	case history.Backup:
		return tr("set aside by an earlier rollback")
	case history.Archived:
		return tr("archived")
	case history.Spare:
		return tr("not in use")
	}
	return Clean(string(s))
}

// Rescue says what it means that the rescue entry starts a version, "" for others.
func Rescue(v history.Version, tr func(string) string) string {
	if !v.Rescue {
		return ""
	}
	return tr("the rescue entry of the boot menu starts this version")
}

// Standing is all that a version is: "running, default, pinned".
func Standing(v history.Version, tr func(string) string) string {
	var is []string
	if v.Running {
		is = append(is, tr("running"))
	}
	is = append(is, VersionState(v.State, tr))
	if v.Record.Pinned {
		is = append(is, tr("pinned"))
	}
	if v.Record.Try {
		is = append(is, tr("in the boot menu"))
	}
	if v.Rescue {
		is = append(is, tr("rescue"))
	}
	return strings.Join(is, ", ")
}

// VersionName is what a version is called: its title, else its file.
func VersionName(v history.Version) string {
	if v.Title != "" {
		return Clean(v.Title)
	}
	return Clean(v.File())
}

// Verified says when and how a version was verified.
func Verified(r history.Record, tr func(string) string) string {
	at := time.Unix(r.Verified, 0).Local().Format("2006-01-02 15:04")
	switch {
	case r.Damaged:
		return tr("damage was found")
	case r.Verified == 0:
		return tr("never")
	case r.How == history.ByBuild:
		return fmt.Sprintf(tr("%[1]s, compared with the system it was made from"), at)
	case r.How == history.ByDigest:
		return fmt.Sprintf(tr("%[1]s, every byte is as it was"), at)
	}
	return fmt.Sprintf(tr("%[1]s, it can be read to its end; how it was is not known"), at)
}

// Unfit says why a version cannot be started, "" when it can.
func Unfit(v history.Version, tr func(string) string) string {
	if v.Unfit == nil {
		return ""
	}
	m := Describe(v.Unfit.Code, v.Unfit.Args, tr)
	return m.Title + ". " + m.Text
}
