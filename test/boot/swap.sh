# What a live initrd does to the boot directory before it mounts the linuxfs:
# contract §6, written from the contract and not from the program's own table.
#
# In:  DIR, NAME (with sqname and sqext applied), GENERATION (2016 or 2023),
#      NOREMASTER and ROLLBACK (not empty: given), REMASTERABLE
# Out: one line "@@..." for what happened

say() { echo "@@$*"; }

# The names that go along with the linuxfs, in order. linuxfs.md5 is a
# literal, whatever NAME is.
COMPANIONS="$NAME rootfs xtra deb xtra.tgz linuxfs.md5"
[ "$GENERATION" = 2016 ] || COMPANIONS="$COMPANIONS state"

move() { [ ! -e "$1" ] || mv -f "$1" "$2"; }

# 2023 clears the way for a rename; 2016 does not, so that a directory is
# moved into one that exists.
make_way() {
	[ "$GENERATION" = 2016 ] && return
	if [ -e "$1" ] && [ -e "$2" ]; then rm -rf "$2"; fi
}

swap() {
	rm -rf "$DIR/xtra.old"
	for f in $COMPANIONS; do
		f="$DIR/$f"
		make_way "$f" "$f.old"
		move "$f" "$f.old"
		move "$f.new" "$f"
	done
	sync
	DID_REMASTER=1
	say REMASTER
}

roll_back() {
	if ! [ -f "$DIR/$NAME.old" ]; then
		say NOOLD "$NAME.old"
		return
	fi
	rm -rf "$DIR/xtra.bak" "$DIR/xtra.bad"
	for f in $COMPANIONS; do
		f="$DIR/$f"
		make_way "$f.bad" "$f.bak"
		move "$f.bad" "$f.bak"
		move "$f" "$f.bad"
		move "$f.old" "$f"
	done
	sync
	DID_ROLLBACK=1
	say ROLLBACK
}

# A rootfs that does not lie beside the linuxfs goes along only in the boot that
# swaps, and only when that boot wants it (contract §6.5). $1 is its directory.
rotate_rootfs() {
	if [ -n "$DID_REMASTER" ]; then
		move "$1/rootfs" "$1/rootfs.old"
		move "$1/rootfs.new" "$1/rootfs"
	elif [ -n "$DID_ROLLBACK" ]; then
		move "$1/rootfs" "$1/rootfs.bad"
		move "$1/rootfs.old" "$1/rootfs"
	fi
}

# The search for the boot device looks for the file itself, before any swap.
find_linuxfs() { [ -e "$DIR/$NAME" ]; }

remaster() {
	[ -n "$REMASTERABLE" ] || return 0
	[ -z "$NOREMASTER" ] || return 0
	if [ -n "$ROLLBACK" ]; then
		roll_back
		return
	fi
	[ -e "$DIR/$NAME.new" ] || return 0
	for f in "$NAME.old" "$NAME.bad"; do
		# The real one waits at a prompt here; this one goes on by itself, as
		# if somebody had pressed "c".
		if [ -e "$DIR/$f" ]; then
			say BLOCKED "$f"
			return
		fi
	done
	swap
}
