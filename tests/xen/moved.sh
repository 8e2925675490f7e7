# A guest at GRUB's prompt, which goes to and fro all the time, is saved and restored, and migrated while it runs,
# and still takes commands. With the leaves of viridian, which move Xen's own. Not here: the same with states that
# no descriptor gives (tests/glue/helper). SPDX-License-Identifier: GPL-2.0-only
. rounds.sh

image=d02-grub-legacy.img
more='viridian=1'
bundles_make || return 1
helper_start

# type_command KEY...: what is typed shows up on the screen.
type_command() {
    guest_key "$@"
    guest_wait "grub> $(echo "$*" | tr -d ' ')" 600 || { helper_report; return 1; }
    guest_key $(echo "$*" | sed 's/[a-z]/backspace/g')
}

# moved: a new domain number, under the helper.
moved() {
    [ "$(xl domid guest)" -gt "$domain" ] || return 1
    domain=$(xl domid guest)
    say "$1: domain $domain"
}

begin $image a hypercall && guest_wait '^grub>' $patience || { helper_report; return 1; }
domain=$(xl domid guest)
type_command h e l p || return 1
xl save guest /run/image && xl restore /run/image && moved "saved and restored" || { helper_report; return 1; }
rm /run/image
type_command r o o t || return 1
xl migrate -s '' guest 'xl migrate-receive' && moved "migrated" || { helper_report; return 1; }
type_command m a p || return 1
hvmassist status | sed 's/^/STATUS: /'
sed 's/^/HELPER: /' /run/helper.log
guest_end
