# Builds dom0's initramfs from unpacked packages and this machine's libraries: `sh
# initramfs.sh ROOT INIT GUEST OUT`.
# Not here: what a run adds (lab.py appends a second archive), nor what dom0 does (init).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

root=$1
init=$2
guest=$3
out=$4
utilities=usr/lib/xen-4.17/bin
libraries=usr/lib/x86_64-linux-gnu

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/tmp" "$tree/run" "$tree/lab" "$tree/etc/xen" \
    "$tree/var/log/xen" "$tree/var/lib/xen" "$tree/var/lib/xenstored" "$tree/var/lock" "$tree/lib/modules" \
    "$tree/lib64" "$tree/$libraries" "$tree/$utilities" "$tree/usr/lib/xen-4.17/boot" "$tree/usr/libexec" \
    "$tree/usr/share/qemu/keymaps" "$tree/usr/share/seabios"
ln -s /run "$tree/var/run"
ln -s "/$libraries" "$tree/lib/x86_64-linux-gnu"

cp "$root/bin/busybox" "$tree/bin/"
for name in $("$tree/bin/busybox" --list); do
    [ "$name" = busybox ] || ln -s busybox "$tree/bin/$name"
done

programs="$root/usr/bin/xenstore $root/usr/libexec/xen-qemu-system-i386"
for name in xl xenstored xenconsoled xen-init-dom0 libxl-save-helper xen-hvmctx xenctx xenconsole; do
    cp "$root/$utilities/$name" "$tree/$utilities/"
    programs="$programs $root/$utilities/$name"
done
cp "$root/usr/bin/xenstore" "$tree/bin/"
for name in ls read write list watch exists rm chmod; do
    ln -s xenstore "$tree/bin/xenstore-$name"
done
cp "$root/usr/libexec/xen-qemu-system-i386" "$tree/usr/libexec/"
cp "$root/usr/lib/xen-4.17/boot/hvmloader" "$tree/usr/lib/xen-4.17/boot/"
cp -L "$root"/usr/share/seabios/*bios*.bin "$tree/usr/share/seabios/"
cp -L "$root"/usr/share/seabios/vgabios-*.bin /usr/share/qemu/kvmvapic.bin /usr/share/qemu/linuxboot*.bin \
    "$tree/usr/share/qemu/"
cp /usr/share/qemu/keymaps/en-us "$tree/usr/share/qemu/keymaps/"

# Whatever the programs are linked with, and what hvmassist's own tools need beside that.
for program in $programs; do
    ldd "$program" | awk '$3 ~ /^\// { print $3 }'
done | sort -u | while read -r library; do
    cp -L "$library" "$tree/$libraries/"
done
for name in libxenevtchn.so.1 libxenforeignmemory.so.1 libxencall.so.1 libxenctrl.so.4.17 libxenstore.so.4; do
    cp -L "/$libraries/$name" "$tree/$libraries/"
done
cp -L /lib64/ld-linux-x86-64.so.2 "$tree/lib64/"
echo "/$libraries" >"$tree/etc/ld.so.conf"
ldconfig -r "$tree"

for name in xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs; do
    cp "$(find "$root/lib/modules" -name "$name.ko")" "$tree/lib/modules/"
done
strip --strip-debug "$tree"/lib/modules/*.ko

: >"$tree/etc/xen/xl.conf"
echo 'root:x:0:0:root:/:/bin/sh' >"$tree/etc/passwd"
echo 'root:x:0:' >"$tree/etc/group"
cp "$init" "$tree/init"
chmod 755 "$tree/init"
cp "$guest" "$tree/bin/guest.sh"
(cd "$tree" && find . | sort | cpio -o -H newc -R 0:0 --quiet) >"$out.partial"
mv "$out.partial" "$out"
