# Tandem's part of a worker: its data disk and, where it has one, its second private address. The service starts only
# where both are there and were tested: a worker without its disk must not look healthy.
#
#   setup  (first boot, by cloud-init) install this file and its unit, hold the service back, run the unit
#   boot   (every boot, by the unit)   find, format if blank, mount and test the disk; add and test the address
#   check  (before each start of the service) both are still there
#   serve  (first boot, after the user's own part) enable and start the service
set -u

ROOT=${TANDEM_ROOT:-} # the tests' own tree
SELF=/usr/local/sbin/tandem-guest
UNIT=tandem-guest.service
UNITS=/etc/systemd/system
FSTAB=/etc/fstab
MARK=x-tandem # an option that means nothing to anybody else
LABEL=tandem-data
HEAD=1048576 # bytes that are zero on a disk that never held anything

say() { echo "tandem-guest: $*"; }

fail() {
    echo "tandem-guest: FAILED: $*" >&2
    exit 1
}

# The disk

disk=

find_disk() {
    local path
    for path in $DISK_LINKS; do
        disk=$ROOT$path
        [ -e "$disk" ] && return 0
    done
    # A name can mean another disk at each boot, so only where nothing makes links.
    [ -n "$OLDER_NAMES" ] || return 1
    compgen -G "$ROOT$OLDER_UNLESS" >/dev/null && return 1
    for path in $OLDER_NAMES; do
        disk=$ROOT$path
        [ -e "$disk" ] && return 0
    done
    return 1
}

wait_for_disk() {
    local waited=0
    until find_disk; do
        [ "$waited" -lt "$WAIT_S" ] || fail "no disk $DATA_DISK after $WAIT_S s: is it attached?"
        [ "$waited" -gt 0 ] || say "waiting up to $WAIT_S s for disk $DATA_DISK"
        udevadm settle --timeout=1
        sleep 1
        waited=$((waited + 1))
    done
    disk=$(readlink -f "$disk")
    say "disk $DATA_DISK is $disk"
}

of_disk() { blkid -p -s "$1" -o value "$disk"; }

make_if_blank() {
    local status
    blkid -p "$disk" >/dev/null
    status=$?
    case $status in
    0) [ "$(of_disk USAGE)" = filesystem ] ||
        fail "$disk holds $(of_disk PTTYPE)$(of_disk TYPE), which is no file system: it is left as it is" ;;
    2) make_file_system ;;
    *) fail "blkid cannot tell what $disk holds (status $status): it is left as it is" ;;
    esac
}

make_file_system() {
    # "Nothing known" is not "nothing": only a disk that reads as zeros was never written to.
    [ "$(head -c "$HEAD" "$disk" | wc -c)" -eq "$HEAD" ] || fail "$disk cannot be read: it is left as it is"
    [ "$(head -c "$HEAD" "$disk" | tr -d '\0' | wc -c)" -eq 0 ] ||
        fail "$disk holds data of an unknown kind: it is left as it is"
    say "$disk is blank: making an ext4 file system, label $LABEL"
    mkfs.ext4 -q -L "$LABEL" "$disk" </dev/null || fail "mkfs.ext4 on $disk"
}

# The last field: it is checked at boot, for a worker may be stopped without being shut down.
enter_in_fstab() {
    local line others uuid
    uuid=$(of_disk UUID)
    [ -n "$uuid" ] || fail "the file system on $disk has no UUID"
    line="UUID=$uuid $DATA_MOUNT_PATH $(of_disk TYPE) defaults,nofail,$MARK,x-systemd.device-timeout=${WAIT_S}s 0 2"
    [ -e "$ROOT$FSTAB" ] || : >"$ROOT$FSTAB"
    others=$(grep -v ",$MARK," "$ROOT$FSTAB")
    awk -v path="$DATA_MOUNT_PATH" '$1 !~ /^#/ && $2 == path { found = 1 } END { exit found }' <<<"$others" ||
        fail "$FSTAB has another disk at $DATA_MOUNT_PATH"
    grep -qxF "$line" "$ROOT$FSTAB" && return 0
    say "$FSTAB: $line"
    { printf '%s\n' ${others:+"$others"} "$line" >"$ROOT$FSTAB.tandem" && chmod 0644 "$ROOT$FSTAB.tandem" &&
        mv "$ROOT$FSTAB.tandem" "$ROOT$FSTAB"; } || fail "$FSTAB cannot be written"
    systemctl daemon-reload || fail "systemd does not read $FSTAB"
}

mounted() { findmnt -n -v -o SOURCE --mountpoint "$DATA_MOUNT_PATH"; }

mount_disk() {
    mkdir -p "$ROOT$DATA_MOUNT_PATH"
    if [ -z "$(mounted)" ]; then
        # Through systemd, which checks the file system first.
        systemctl start "$(systemd-escape --path --suffix=mount "$DATA_MOUNT_PATH")" || fail "$DATA_MOUNT_PATH: no mount"
    fi
    [ "$(mounted)" = "$disk" ] || fail "$(mounted) is mounted at $DATA_MOUNT_PATH, not $disk"
    check_disk
    say "$disk is mounted at $DATA_MOUNT_PATH and can be written to"
}

check_disk() {
    local probe=$ROOT$DATA_MOUNT_PATH/.tandem-guest
    [ -n "$(mounted)" ] || fail "nothing is mounted at $DATA_MOUNT_PATH"
    { : >"$probe" && rm "$probe"; } || fail "$DATA_MOUNT_PATH cannot be written to"
}

# The address. On the loopback device, because what manages the network card takes an address away that it does not know
# (systemd#13555, keepalived#1385); packets for it are taken on every card.

has_address() { [ -n "$(ip -o -4 addr show to "$ADDRESS_IP/32")" ]; }

add_address() {
    [ -n "$ADDRESS_IP" ] || return 0
    if has_address; then
        say "address $ADDRESS_IP is there"
        return
    fi
    ip addr add "$ADDRESS_IP/32" dev lo || fail "address $ADDRESS_IP cannot be added"
    check_address
    say "address $ADDRESS_IP added"
}

check_address() {
    [ -z "$ADDRESS_IP" ] || has_address ||
        fail "the private address $ADDRESS_IP is missing: nothing arrives through the public one"
}

# The service

hold_service() {
    [ -n "$SERVICE_UNIT" ] || return 0
    mkdir -p "$ROOT$UNITS/$SERVICE_UNIT.d"
    cat >"$ROOT$UNITS/$SERVICE_UNIT.d/50-tandem.conf" <<END || fail "$SERVICE_UNIT cannot be held back"
[Unit]
Requires=$UNIT
After=$UNIT
[Service]
ExecStartPre=+$SELF check
END
    if systemctl is-active --quiet "$SERVICE_UNIT" && ! systemctl is-active --quiet "$UNIT"; then
        say "$SERVICE_UNIT was started by the image: stopped until disk and address are there"
        systemctl stop "$SERVICE_UNIT" || fail "$SERVICE_UNIT cannot be stopped"
    fi
}

install_unit() {
    mkdir -p "$ROOT${SELF%/*}" "$ROOT$UNITS"
    install -m 0755 "$0" "$ROOT$SELF" || fail "$SELF cannot be written"
    cat >"$ROOT$UNITS/$UNIT" <<END || fail "$UNIT cannot be written"
[Unit]
Description=Tandem: data disk and addresses of this worker
Wants=network-online.target
After=network-online.target local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$SELF boot
TimeoutStartSec=$((WAIT_S + 900))
StandardOutput=journal+console
StandardError=journal+console
[Install]
WantedBy=multi-user.target
END
}

setup() {
    hold_service
    install_unit
    { systemctl daemon-reload && systemctl enable "$UNIT"; } || fail "$UNIT cannot be enabled"
    systemctl restart "$UNIT" || fail "$UNIT failed; journalctl -u $UNIT says why"
}

boot() {
    wait_for_disk
    make_if_blank
    enter_in_fstab
    mount_disk
    add_address
}

serve() {
    systemctl is-active --quiet "$UNIT" || fail "$SERVICE_UNIT is not started, because $UNIT did not succeed"
    systemctl enable "$SERVICE_UNIT" || fail "$SERVICE_UNIT cannot be enabled: is it installed?"
    # Not waited for: it may itself wait for the end of the first boot.
    systemctl start --no-block "$SERVICE_UNIT" || fail "$SERVICE_UNIT cannot be started"
    say "$SERVICE_UNIT is started"
}

case ${1:-setup} in
setup) setup ;;
boot) boot ;;
check) check_disk && check_address ;;
serve) serve ;;
*) fail "$1 is none of setup, boot, check, serve" ;;
esac
