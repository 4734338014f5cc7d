"""The guest script itself, run by a real bash on a machine of files: the disk, the address, and the service behind both."""

import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.guest import DISK_WAIT_S, SCRIPT
from tests.infra.guest_machine import SERVICE, STUB, VOLUME_ID, WAIT_S, Machine

pytestmark = pytest.mark.lab

EXT4 = "USAGE=filesystem TYPE=ext4 UUID=old-1"
ADDRESS = "10.80.0.11"
NewMachine = Callable[..., Machine]


@pytest.fixture
def machine(tmp_path: Path) -> NewMachine:
    return lambda **told: Machine(tmp_path, **told)


def up(machine: Machine) -> None:
    """The first boot, which must succeed."""
    done = machine.setup()
    assert done.returncode == 0, done.stderr + machine.journal


def refused(machine: Machine, words: str) -> None:
    """The first boot fails with these words, changes no disk, and the service cannot be started, now or later."""
    before = machine.disk.read_bytes() if machine.disk.exists() else b""

    done = machine.setup()

    assert done.returncode == 1
    assert "tandem-guest: FAILED: tandem-guest.service failed; journalctl -u tandem-guest.service says why" in done.stderr
    assert f"tandem-guest: FAILED: {words}" in machine.journal
    assert machine.calls("mkfs.ext4") == []
    assert (machine.disk.read_bytes() if machine.disk.exists() else b"") == before
    assert machine.guest("serve").returncode == 1
    assert not machine.start_service()
    assert not machine.serves


def test_bash_can_read_it() -> None:
    bash = shutil.which("bash") or "bash"

    assert subprocess.run([bash, "-n", str(SCRIPT)], check=False).returncode == 0


def test_shellcheck_has_nothing_to_say(machine: NewMachine) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([str(shellcheck), str(machine().script), str(STUB)], capture_output=True, text=True, check=False)

    assert done.stdout == ""


# The disk


def test_a_blank_disk_gets_a_journaling_file_system_and_is_mounted_and_tested(machine: NewMachine) -> None:
    worker = machine()
    worker.attach()
    up(worker)

    assert worker.calls("mkfs.ext4") == ["-q -L tandem-data /dev/nvme1n1"]
    assert worker.fstab == (
        "UUID=root / xfs defaults 0 1\n"
        f"UUID=made-1 /data ext4 defaults,nofail,x-tandem,x-systemd.device-timeout={WAIT_S}s 0 2\n"
    )
    assert worker.mounted
    assert worker.journal.splitlines() == [
        f"tandem-guest: disk {VOLUME_ID} is /dev/nvme1n1",
        "tandem-guest: /dev/nvme1n1 is blank: making an ext4 file system, label tandem-data",
        f"tandem-guest: /etc/fstab: UUID=made-1 /data ext4 defaults,nofail,x-tandem,x-systemd.device-timeout={WAIT_S}s 0 2",
        "tandem-guest: /dev/nvme1n1 is mounted at /data and can be written to",
    ]
    assert list((worker.root / "data").iterdir()) == []


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_used_disk_is_mounted_as_it_is(machine: NewMachine, kind: str) -> None:
    worker = machine()
    worker.attach(b"precious", holds=f"USAGE=filesystem TYPE={kind} UUID=old-1")
    up(worker)

    assert worker.calls("mkfs.ext4") == []
    assert worker.disk.read_bytes().startswith(b"precious")
    assert f"UUID=old-1 /data {kind} defaults,nofail" in worker.fstab
    assert worker.mounted


@pytest.mark.parametrize(
    ("holds", "named"),
    [
        ("PTTYPE=gpt", "gpt"),
        ("PTTYPE=dos", "dos"),
        ("USAGE=raid TYPE=LVM2_member UUID=x", "LVM2_member"),
        ("USAGE=crypto TYPE=crypto_LUKS UUID=x", "crypto_LUKS"),
        ("USAGE=other TYPE=swap UUID=x", "swap"),
    ],
)
def test_a_disk_that_holds_something_else_is_never_formatted(machine: NewMachine, holds: str, named: str) -> None:
    worker = machine()
    worker.attach(holds=holds)

    refused(worker, f"/dev/nvme1n1 holds {named}, which is no file system: it is left as it is")


@pytest.mark.parametrize("offset", [0, 4096, (1 << 20) - 1])
def test_data_of_a_kind_that_nobody_knows_is_never_formatted(machine: NewMachine, offset: int) -> None:
    worker = machine()
    worker.attach(b"\0" * offset + b"x")

    refused(worker, "/dev/nvme1n1 holds data of an unknown kind: it is left as it is")


def test_a_disk_that_cannot_be_read_is_not_taken_for_blank(machine: NewMachine) -> None:
    worker = machine()
    worker.attach()
    worker.disk.write_bytes(b"")

    refused(worker, "/dev/nvme1n1 cannot be read: it is left as it is")


def test_a_disk_with_two_answers_is_never_formatted(machine: NewMachine) -> None:
    worker = machine()
    worker.attach()
    worker.put("blkid-status", "8")

    refused(worker, "blkid cannot tell what /dev/nvme1n1 holds (status 8): it is left as it is")


def test_a_disk_that_comes_late_is_waited_for(machine: NewMachine) -> None:
    worker = machine()
    worker.attach(late=3)
    up(worker)

    assert worker.mounted
    assert len(worker.calls("sleep")) == 3


def test_a_disk_that_never_comes_is_not_waited_for_for_ever(machine: NewMachine) -> None:
    worker = machine()

    refused(worker, f"no disk {VOLUME_ID} after {WAIT_S} s: is it attached?")
    assert worker.calls("sleep") == ["1"] * WAIT_S
    assert not worker.mounted
    assert DISK_WAIT_S > 60


def test_another_disk_is_not_taken_for_the_missing_one(machine: NewMachine) -> None:
    """On Nitro a root disk is an NVMe one of EBS too, and the older names may be anybody's."""
    worker = machine()
    worker.attach(volume_id="vol-0fedcba9876543210")
    worker.root.joinpath("dev/xvdf").symlink_to(worker.disk)

    refused(worker, f"no disk {VOLUME_ID} after {WAIT_S} s")


@pytest.mark.parametrize("name", ["dev/xvdf", "dev/sdf"])
def test_a_machine_without_nvme_has_the_disk_under_its_older_name(machine: NewMachine, name: str) -> None:
    worker = machine()
    worker.disk.write_bytes(b"\0" * (2 << 20))
    worker.root.joinpath(name).symlink_to(worker.disk)
    up(worker)

    assert worker.calls("mkfs.ext4") == ["-q -L tandem-data /dev/nvme1n1"]


def test_a_mount_that_fails_is_a_failure(machine: NewMachine) -> None:
    worker = machine()
    worker.attach(holds=EXT4)
    worker.put("mount-fails")

    refused(worker, "/data: no mount")


def test_a_mount_of_another_disk_is_a_failure(machine: NewMachine) -> None:
    worker = machine()
    worker.attach(holds=EXT4)
    worker.put("mounted", "/dev/nvme9n1\n")

    refused(worker, "/dev/nvme9n1 is mounted at /data, not /dev/nvme1n1")


def test_a_disk_that_takes_no_data_is_a_failure(machine: NewMachine) -> None:
    worker = machine()
    worker.attach(holds=EXT4)
    worker.root.joinpath("data/.tandem-guest").mkdir(parents=True)

    refused(worker, "/data cannot be written to")


def test_a_mount_of_somebody_else_is_left_alone(machine: NewMachine) -> None:
    worker = machine()
    worker.attach(holds=EXT4)
    theirs = "UUID=theirs /data ext4 defaults 0 2\n"
    worker.root.joinpath("etc/fstab").write_text(theirs)

    refused(worker, "/etc/fstab has another disk at /data")
    assert worker.fstab == theirs


def test_the_line_of_an_earlier_disk_gives_way_and_the_lines_of_others_stay(machine: NewMachine) -> None:
    """An image may have been made from a worker."""
    worker = machine(mount_path="/srv/hl7-data")
    worker.attach(holds=EXT4)
    earlier = "UUID=before /data ext4 defaults,nofail,x-tandem,x-systemd.device-timeout=300s 0 2\n"
    worker.root.joinpath("etc/fstab").write_text(f"# one\nUUID=root / xfs defaults 0 1\n{earlier}#/srv/hl7-data\n")
    up(worker)

    assert worker.fstab == (
        "# one\nUUID=root / xfs defaults 0 1\n#/srv/hl7-data\n"
        f"UUID=old-1 /srv/hl7-data ext4 defaults,nofail,x-tandem,x-systemd.device-timeout={WAIT_S}s 0 2\n"
    )
    assert r"start srv-hl7\x2ddata.mount" in worker.calls("systemctl")


# Later boots


def test_a_second_boot_formats_nothing_writes_nothing_and_mounts(machine: NewMachine) -> None:
    worker = machine(address_ip=ADDRESS)
    worker.attach()
    up(worker)
    fstab, content = worker.fstab, worker.disk.read_bytes()

    assert worker.boot().returncode == 0
    assert (worker.fstab, worker.disk.read_bytes()) == (fstab, content)
    assert len(worker.calls("mkfs.ext4")) == 1
    assert worker.mounted
    assert worker.start_service()


def test_a_second_boot_without_the_disk_keeps_the_service_down(machine: NewMachine) -> None:
    worker = machine()
    worker.attach()
    up(worker)
    for link in worker.root.joinpath("dev/disk/by-id").iterdir():
        link.unlink()

    assert worker.boot().returncode == 1
    assert not worker.start_service()


def test_run_twice_it_is_as_run_once(machine: NewMachine) -> None:
    worker = machine(address_ip=ADDRESS)
    worker.attach()
    up(worker)
    fstab = worker.fstab
    up(worker)

    assert worker.fstab == fstab
    assert len(worker.calls("mkfs.ext4")) == 1
    assert [call for call in worker.calls("ip") if call.startswith("addr add")] == [f"addr add {ADDRESS}/32 dev lo"]


# The address


def test_a_second_private_address_is_added_and_tested(machine: NewMachine) -> None:
    worker = machine(address_ip=ADDRESS)
    worker.attach(holds=EXT4)
    up(worker)

    assert f"addr add {ADDRESS}/32 dev lo" in worker.calls("ip")
    assert worker.journal.splitlines()[-1] == f"tandem-guest: address {ADDRESS} added"


def test_an_address_that_the_image_has_taken_by_itself_is_left_as_it_is(machine: NewMachine) -> None:
    worker = machine(address_ip=ADDRESS)
    worker.attach(holds=EXT4)
    worker.put("addresses", f"{ADDRESS}/32\n")
    up(worker)

    assert not [call for call in worker.calls("ip") if call.startswith("addr add")]
    assert worker.journal.splitlines()[-1] == f"tandem-guest: address {ADDRESS} is there"


def test_a_worker_with_one_address_is_asked_for_no_other(machine: NewMachine) -> None:
    worker = machine()
    worker.attach(holds=EXT4)
    up(worker)

    assert worker.calls("ip") == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("no-ip", f"address {ADDRESS} cannot be added"),
        ("forgets-ip", f"the private address {ADDRESS} is missing: nothing arrives through the public one"),
    ],
)
def test_an_address_that_is_not_there_afterwards_is_a_failure(machine: NewMachine, state: str, words: str) -> None:
    worker = machine(address_ip=ADDRESS)
    worker.attach(holds=EXT4)
    worker.put(state)

    refused(worker, words)


def test_the_real_command_adds_the_address_in_a_network_of_its_own(machine: NewMachine) -> None:
    unshare = shutil.which("unshare")
    own_network = [unshare or "unshare", "--map-root-user", "--net"]
    if not (unshare and shutil.which("ip") and subprocess.run([*own_network, "true"], check=False).returncode == 0):
        pytest.skip("no ip, or no network namespaces for this user")
    worker = machine(address_ip=ADDRESS)
    worker.real("ip")
    worker.around = own_network
    worker.attach(holds=EXT4)
    up(worker)

    assert worker.journal.splitlines()[-1] == f"tandem-guest: address {ADDRESS} added"


# The service


def test_the_service_starts_after_disk_and_address(machine: NewMachine) -> None:
    worker = machine(address_ip=ADDRESS)
    worker.attach()
    up(worker)
    assert not worker.serves

    assert worker.guest("serve").returncode == 0
    assert worker.serves
    assert f"enable {SERVICE}" in worker.calls("systemctl")


def test_a_service_that_the_image_started_is_stopped_first(machine: NewMachine) -> None:
    worker = machine()
    worker.attach()
    worker.put(f"active/{SERVICE}")
    up(worker)

    calls = worker.calls("systemctl")
    assert calls.index(f"stop {SERVICE}") < calls.index("restart tandem-guest.service")
    assert worker.guest("serve").returncode == 0


def test_setting_up_again_does_not_stop_a_service_that_may_run(machine: NewMachine) -> None:
    worker = machine()
    worker.attach()
    up(worker)
    worker.guest("serve")
    up(worker)

    assert f"stop {SERVICE}" not in worker.calls("systemctl")
    assert worker.serves


def test_a_service_that_is_not_installed_is_said(machine: NewMachine) -> None:
    worker = machine(service_unit="other.service")
    worker.attach()
    up(worker)
    done = worker.guest("serve")

    assert done.returncode == 1
    assert done.stderr == "tandem-guest: FAILED: other.service cannot be enabled: is it installed?\n"


@pytest.mark.parametrize("lost", ["mounted", "addresses"])
def test_a_restart_of_the_service_without_disk_or_address_is_refused(machine: NewMachine, lost: str) -> None:
    worker = machine(address_ip=ADDRESS)
    worker.attach()
    up(worker)
    assert worker.start_service()
    worker.state.joinpath(lost).unlink()

    assert not worker.start_service()


def test_without_a_service_nothing_is_held_back(machine: NewMachine) -> None:
    worker = machine(service_unit="")
    worker.attach()
    up(worker)

    assert [each.name for each in worker.root.joinpath("etc/systemd/system").iterdir()] == ["tandem-guest.service"]


def test_a_word_that_it_does_not_know_is_refused(machine: NewMachine) -> None:
    worker = machine()
    worker.attach()
    up(worker)

    assert worker.guest("format").stderr == "tandem-guest: FAILED: format is none of setup, boot, check, serve\n"


# With the machine's own blkid and mkfs, on a file


@pytest.fixture
def real(machine: NewMachine) -> Machine:
    if not (shutil.which("blkid", path="/usr/sbin:/sbin") and shutil.which("mkfs.ext4", path="/usr/sbin:/sbin")):
        pytest.skip("no blkid or mkfs.ext4 here")
    worker = machine()
    for command in ("blkid", "mkfs.ext4"):
        worker.real(command)
    return worker


def test_the_real_commands_agree_a_blank_disk_is_formatted_once(real: Machine) -> None:
    real.attach(b"\0" * (16 << 20))
    up(real)
    made, content = real.fstab, real.disk.read_bytes()
    up(real)

    assert "/data ext4 defaults,nofail" in made
    assert real.journal.count("is blank: making an ext4 file system, label tandem-data") == 1
    assert (real.fstab, real.disk.read_bytes()) == (made, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\0" * 446 + b"\x80\x01\x01\x00\x83\xfe\xff\xff\x3f\x00\x00\x00\x00\x10\x00\x00" + b"\0" * 48 + b"\x55\xaa",
            "dos",
        ),
        ((b"\0" * 1024 + struct.pack("<III", 1, 100, 0)).ljust(4086, b"\0") + b"SWAPSPACE2", "swap"),
        (b"LUKS\xba\xbe\x00\x01" + b"\0" * 1024, "crypto_LUKS"),
        (b"something of its own", "data of an unknown kind"),
    ],
)
def test_the_real_commands_agree_what_is_no_file_system_is_left_as_it_is(real: Machine, content: bytes, words: str) -> None:
    real.attach(content)

    refused(real, f"/dev/nvme1n1 holds {words}")
