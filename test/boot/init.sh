#!/bin/sh
# The init of our test initrd: boots a stick image in User-Mode-Linux as a live
# initrd would (contract §3, §6, §7) and reports on the console, one line per
# fact: "@@KEY value". Values that may hold anything are in base64.
#
# Every fork costs 70 ms in UML: builtins are used wherever they will do.
# The shell of the static busybox runs its applets without any link in /bin.
export PATH=/bin
/bin/busybox mount -t proc proc /proc
mount -t devtmpfs dev /dev
echo 1 >/proc/sys/kernel/printk

say() { echo "@@$*"; }

finish() {
	sync
	umount /new /live/rootfs /live/linux /live/persist-dev /live/boot-dev 2>/dev/null
	say END
	poweroff -f
	sleep 60
}

fatal() { say FATAL "$*"; report_dir DIR "$DIR"; finish; }

b64() { base64 -w 0; }

parameters() {
	SQ=/antiX/linuxfs GENERATION=2023 REMASTERABLE=true
	read -r line </proc/cmdline
	for word in $line; do
		value=${word#*=}
		case $word in
		generation=*) GENERATION=$value ;;
		sq=*) SQ=$value ;;
		sqname=*) SQNAME=$value ;;
		sqext=*) SQEXT=$value ;;
		bdir=* | bootdir=*) BDIR=$value ;;
		persist=*) PERSIST=$value ;;
		pdir=*) PDIR=$value ;;
		persistfs=*) PERSISTFS=$value ;;
		persist_static | p_static_root) PERSIST=root,static ;;
		persist_root) PERSIST=root ;;
		noremaster) NOREMASTER=1 ;;
		rollback) ROLLBACK=1 ;;
		stickfs=*) STICKFS=$value ;;
		release=*) RELEASE=$value ;;
		show=*) SHOW="$SHOW $value" ;;
		esac
	done
	NAME=${SQNAME:-${SQ##*/}}
	BDIR=${BDIR:-${SQ%/*}}
	[ -z "$SQEXT" ] || NAME=$NAME.$SQEXT
	DIR=/live/boot-dev/${BDIR#/}
	PDIR=${PDIR:-$BDIR}
	if [ -n "$PERSISTFS" ]; then PDIR=/live/persist-dev/${PDIR#/}; else PDIR=/live/boot-dev/${PDIR#/}; fi
}

# mount_device mounts the device $1 at $2. What has no owners and modes (a file
# system $3) is mounted with those of the user (contract §8).
mount_device() {
	case $3 in
	vfat) mount -t vfat -o noatime,umask=000,dmask=002,fmask=113,shortname=winnt,uid=1000,gid=1000 "$1" "$2" ;;
	*) mount -o noatime "$1" "$2" ;;
	esac
}

find_stick() {
	for module in loop squashfs overlay; do
		insmod /lib/modules/$module.ko
	done
	case $STICKFS$PERSISTFS in *vfat*)
		for module in fat vfat nls_cp437 nls_iso8859-1; do
			insmod /lib/modules/$module.ko
		done ;;
	esac
	mount_device /dev/ubda /live/boot-dev $STICKFS || fatal "could not mount the boot device"
	find_linuxfs || fatal "could not find file $NAME"
	mount -o remount,rw /live/boot-dev || REMASTERABLE=
}

# vid_of sets VID to the last line of the file that begins with "===".
vid_of() {
	VID=
	[ -f "$1" ] || return 0
	while read -r line; do
		case $line in ===*) VID=$line ;; esac
	done <"$1"
}

# check_vid of contract §7 for an overlay: true when the rootfs may be used.
check_vid() {
	ver=/live/rootfs/upper/etc/live/version/rootfs.ver
	vid_of $ver
	root=$VID
	vid_of /live/linux/etc/live/version/linuxfs.ver
	sq=$VID
	[ "$sq" != "$root" ] || return 0
	[ -z "$root" ] || return 1
	for d in etc bin lib var usr; do
		[ ! -e /live/rootfs/upper/$d ] || return 1
	done
	mkdir -p "${ver%/*}" && cp /live/linux/etc/live/version/linuxfs.ver $ver
}

mount_rootfs() {
	UPPER=/live/upper
	case ",$PERSIST," in *,root,*) ;; *) return ;; esac
	[ -z "$PERSISTFS" ] || mount_device /dev/ubdb /live/persist-dev $PERSISTFS
	[ -e "$PDIR/rootfs" ] || { say PERSIST missing; return; }
	[ "$PDIR" = "$DIR" ] || rotate_rootfs "$PDIR"
	mount -o loop "$PDIR/rootfs" /live/rootfs || { say PERSIST broken; return; }
	if check_vid; then
		say PERSIST yes
		UPPER=/live/rootfs
	else
		say PERSIST mismatch
		umount /live/rootfs
	fi
}

mount_union() {
	mount -t tmpfs tmpfs /live/upper
	mount -t squashfs -o loop,ro "$DIR/$NAME" /live/linux || fatal "could not mount $NAME"
	mount_rootfs
	mkdir -p $UPPER/upper $UPPER/work
	mount -t overlay -o lowerdir=/live/linux,upperdir=$UPPER/upper,workdir=$UPPER/work overlay /new ||
		fatal "could not mount the union"
}

report_system() {
	vid_of /live/linux/etc/live/version/linuxfs.ver
	say VID "$VID"
	[ -z "$RELEASE" ] || [ -d "/live/linux/lib/modules/$RELEASE" ] || [ -d "/live/linux/usr/lib/modules/$RELEASE" ] || say NOMODULES "$RELEASE"
	[ -x /new/sbin/init ] || fatal "could not execute init"
	# The proof that its userland runs: programs, their loader, their libraries.
	chroot /new /bin/sh -c 'exec /usr/bin/env true' || fatal "the userland does not run"
	say USERLAND ok
}

report_files() {
	for path in $SHOW; do
		file=/new$path
		case $path in stick:*) file=/live/boot-dev${path#stick:} ;; esac
		if ! [ -f "$file" ]; then
			say NOFILE "$path"
		elif [ "$(stat -L -c %s "$file")" -le 16384 ]; then
			say FILE "$path $(b64 <"$file")"
		else
			say SHA "$path $(sha256sum <"$file" | cut -d ' ' -f 1)"
		fi
	done
}

# Names hold no slash, so "//" ends a record and "/" a field; all in one go.
report_dir() {
	key=$1
	cd "$2" || return
	set --
	for name in * .[!.]*; do
		if [ -e "$name" ] || [ -L "$name" ]; then set -- "$@" "$name"; fi
		[ ! -L "$name" ] || say LINK "$(printf '%s//' "$name" "$(readlink "$name")" | b64)"
	done
	say $key "$(stat -c '%F/%s/%n//' -- "$@" | b64)"
	cd /
}

parameters
. /swap.sh
say START "$NAME"
find_stick
remaster
mount_union
report_system
report_files
report_dir DIR "$DIR"
[ "$PDIR" = "$DIR" ] || report_dir PERSISTDIR "$PDIR"
finish
