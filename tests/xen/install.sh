# The one command, and an installation: `hvmassist create` starts a guest with an empty disk and a floppy, which
# writes to the disk and resets; what starts then, as a new domain that nobody tells the helper of, comes from the
# disk. Under hvmassist both times, as the package installs it. Not here: the guest (install.S).
# SPDX-License-Identifier: GPL-2.0-only
. lab.sh

patience=1200
PATH=/usr/sbin:/usr/bin:$PATH
hvmassistd=/usr/sbin/hvmassistd

# guest.sh starts its guests by it.
xl() {
    if [ "$1" = create ]; then
        shift
        hvmassist create --force "$@"
    else
        command xl "$@"
    fi
}

truncate -s 1M /run/disk.img
helper_start
guest_config /run/guest.cfg 'boot="ca"' 'on_reboot="restart"' \
    "$(media -drive if=floppy,format=raw,file=/lab/install.img -drive if=ide,index=0,format=raw,file=/run/disk.img)"
guest_start /run/guest.cfg || { helper_report; return 1; }
guest_wait 'INSTALLED: (big real mode works|FAILED)' $patience || { helper_report; return 1; }
guest_screen | sed '/^$/d; s/^/SCREEN: /'
hvmassist status | sed 's/^/STATUS: /'
sed 's/^/HELPER: /' /run/helper.log
guest_end
[ "$(grep -c 'vCPU 0: registered$' /run/helper.log)" = 2 ] || { say "not two domains"; return 1; }
