#!/bin/bash
# Every command of a worker that the guest script asks for and a test cannot run: one file under many names. What they
# answer and change lies in $STATE; each call is a line of $STATE/calls.
name=${0##*/}
echo "$name $*" >>"$STATE/calls"

last() { echo "${!#}"; }

start_mount() { # as the unit that systemd makes from fstab, for the one disk there is
    local uuid path
    [ -e "$STATE/mount-fails" ] && exit 1
    read -r uuid path _ < <(grep x-tandem "$TANDEM_ROOT/etc/fstab")
    [ "$(unit_of "$path")" = "$1" ] || exit 1
    [ "UUID=$(blkid -p -s UUID -o value "$TANDEM_ROOT/dev/nvme1n1")" = "$uuid" ] || exit 1
    readlink -f "$TANDEM_ROOT/dev/nvme1n1" >"$STATE/mounted"
}

unit_of() {
    local plain=${1#/}
    plain=${plain//-/\\x2d}
    echo "${plain//\//-}.mount"
}

start_service() { # as systemd does with the drop-in: what it requires first, then the command before the start
    local drop_in=$TANDEM_ROOT/etc/systemd/system/$1.d/50-tandem.conf
    if [ -e "$drop_in" ]; then
        grep -qx "Requires=tandem-guest.service" "$drop_in" && [ -e "$STATE/active/tandem-guest.service" ] || exit 1
        "$TANDEM_ROOT$(sed -n 's/^ExecStartPre=+\([^ ]*\) check$/\1/p' "$drop_in")" check >>"$STATE/journal" 2>&1 || exit 1
    fi
    touch "$STATE/active/$1"
}

run_guest() { # as systemd runs the unit
    local unit=$TANDEM_ROOT/etc/systemd/system/tandem-guest.service
    rm -f "$STATE/active/tandem-guest.service"
    "$TANDEM_ROOT$(sed -n 's/^ExecStart=\([^ ]*\) boot$/\1/p' "$unit")" boot >>"$STATE/journal" 2>&1 || exit 1
    touch "$STATE/active/tandem-guest.service"
}

case $name in
blkid)
    [ -e "$STATE/blkid-status" ] && exit "$(cat "$STATE/blkid-status")"
    [ -e "$STATE/disk" ] || exit 2
    case "$*" in *"-o value"*) sed -n "s/^$3=//p" "$STATE/disk" ;; *) cat "$STATE/disk" ;; esac
    ;;
mkfs.ext4)
    printf 'USAGE=filesystem\nTYPE=ext4\nUUID=made-%s\n' "$(grep -c ^mkfs "$STATE/calls")" >"$STATE/disk"
    printf written | dd of="$(last "$@")" conv=notrunc status=none
    ;;
findmnt) cat "$STATE/mounted" 2>/dev/null ;;
systemd-escape) unit_of "$(last "$@")" ;;
udevadm) # the disk appears when it was waited for so often
    [ "$(grep -c ^udevadm "$STATE/calls")" = "$(cat "$STATE/appears-after" 2>/dev/null)" ] &&
        mv "$STATE/by-id/"* "$TANDEM_ROOT/dev/disk/by-id/"
    ;;
ip)
    case "$*" in
    *"addr show to"*) grep -x "$(last "$@")" "$STATE/addresses" 2>/dev/null ;;
    "addr add "*" dev lo")
        [ -e "$STATE/no-ip" ] && exit 2
        [ -e "$STATE/forgets-ip" ] || echo "$3" >>"$STATE/addresses"
        ;;
    *) exit 2 ;;
    esac
    ;;
systemctl)
    case "$*" in
    daemon-reload) ;;
    "is-active --quiet "*) [ -e "$STATE/active/$3" ] ;;
    "enable "*) [ "$2" = tandem-guest.service ] || [ -e "$STATE/installed/$2" ] ;;
    "stop "*) rm "$STATE/active/$2" ;;
    "restart tandem-guest.service") run_guest ;;
    "start --no-block "*) start_service "$3" ;;
    "start "*.mount) start_mount "$2" ;;
    *) exit 2 ;;
    esac
    ;;
esac
