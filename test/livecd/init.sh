#!/bin/sh
# The initrd of these tests: it looks for the linuxfs as a live initrd does, on
# every medium that there is, and says on the serial console which version it is.
/bin/busybox mkdir -p /proc /sys /dev /cd /linux
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1
echo "@@KERNEL $(uname -r)"
echo "@@CMDLINE $(cat /proc/cmdline)"
while read -r module; do insmod "/modules/$module" || echo "no module $module"; done </modules/order
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	for dev in /dev/sr0 /dev/sda /dev/vda; do
		[ -b "$dev" ] && mount -t iso9660 -o ro "$dev" /cd 2>/dev/null && break 2
	done
	sleep 1
done
echo "@@MEDIUM $dev"
for name in vmlinuz initrd.gz; do
	[ "$(md5sum </cd/antiX/$name | cut -c-32)" = "$(cut -c-32 /cd/antiX/$name.md5)" ] && echo "@@SUM $name"
done
mount -t squashfs -o ro,loop /cd/antiX/linuxfs /linux && echo "@@MODULES $(ls /linux/lib/modules)"
grep '^===' /linux/etc/live/version/linuxfs.ver | tail -n 1 | sed 's/^=* /@@VID /'
chroot /linux /bin/true && echo "@@USERLAND"
echo "@@END"
sync
poweroff -f
