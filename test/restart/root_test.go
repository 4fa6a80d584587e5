package restart

import "antix-remaster/test/livesys"

// Files of the directory that the host shares.
const (
	answerFile = "answer.json" // what the helper said
	downFile   = "down"        // what the init did on the way down
)

// root has three inits; the machine is told which one to start. The script is
// run by sysvinit and by runit, the unit by systemd. Each asks the helper for a
// restart as soon as it is started, and tells of its end.
var root = livesys.Debian{
	Name:     "inits",
	Packages: []string{"sysvinit-core", "runit", "systemd"},
	Files: map[string]string{
		"/etc/went-down":                    wentDown,
		"/etc/init.d/proof":                 script,
		"/etc/systemd/system/proof.service": unit,
	},
	Run: []string{
		"update-rc.d proof defaults",
		"systemctl enable proof.service",
		"rm /etc/rcS.d/S*", // takes long, and the live start has done the most of it
	},
}

// wentDown writes down who takes the system down, and what is left of the
// helper at that moment. The helper itself runs until the init ends it.
const wentDown = `#!/bin/sh
helper=0
for exe in /proc/[0-9]*/exe; do
	case $(readlink "$exe") in */antix-remaster-helper) helper=$((helper + 1)) ;; esac
done 2>/dev/null
{
	echo "by=$*"
	echo "helper=$helper"
	echo "locks=$(grep -c ":$(stat -c %i /live/boot-dev/antiX) " /proc/locks)$(ls /live/config/locked 2>/dev/null)"
	echo "mounts=$(cat /proc/[0-9]*/mounts 2>/dev/null | grep -c antix-remaster)"
} >>/mnt/` + downFile + `
sync
`

const script = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          proof
# Required-Start:    $remote_fs
# Required-Stop:     $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Restarts, and tells of it
### END INIT INFO
case $1 in
start)
	/mnt/agent restart /mnt/` + answerFile + ` </dev/null >/dev/null 2>&1 &
	;;
stop)
	if [ -e /run/runit.runlevel ]; then
		/etc/went-down "runit, stage 3, runlevel $(cat /run/runit.runlevel)"
	else
		/etc/went-down "sysvinit, runlevel $RUNLEVEL"
	fi
	;;
esac
`

const unit = `[Unit]
Description=Restarts, and tells of it

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '/mnt/agent restart /mnt/` + answerFile + ` &'
ExecStop=/bin/sh -c '/etc/went-down "systemd, $(systemctl is-system-running), $(systemctl list-jobs --plain --no-legend | grep -o "reboot.target")"'

[Install]
WantedBy=multi-user.target
`
