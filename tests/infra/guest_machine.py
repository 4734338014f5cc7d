"""A Linux machine as the guest script sees it: a tree of files, a disk, and commands that keep what they changed."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.aws.guest import data_disk
from infra.guest import INSTALLED, Guest, script

COMMANDS = ("blkid", "findmnt", "ip", "mkfs.ext4", "sleep", "systemctl", "systemd-escape", "udevadm")
STUB = Path(__file__).with_name("guest_commands.sh")
BY_ID = "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"
WAIT_S = 5
SERVICE = "engine.service"
VOLUME_ID = "vol-0123456789abcdef0"
MEBIBYTE = 1 << 20


class Machine:
    """One worker, switched off; `setup` is its first boot."""

    def __init__(self, folder: Path, **told: str) -> None:
        self.root, self.state, self._bin = folder / "root", folder / "state", folder / "bin"
        for each in (self._bin, self.state / "active", self.state / "installed", self.state / "by-id"):
            each.mkdir(parents=True)
        for each in ("dev/disk/by-id", "etc"):
            (self.root / each).mkdir(parents=True)
        self.root.joinpath("etc/fstab").write_text("UUID=root / xfs defaults 0 1\n")
        self.script = folder / "00-tandem-guest"
        self.around: list[str] = []
        """What runs its programs: a network of its own, for example."""
        self.tell(**told)
        for name in COMMANDS:
            self._bin.joinpath(name).symlink_to(STUB)
        self.install(SERVICE)

    def tell(self, **told: str) -> None:
        """Give it another user data."""
        usual = {"mount_path": "/data", "service_unit": SERVICE, "address_ip": ""}
        values: Mapping[str, Any] = {"disk": data_disk(VOLUME_ID), **usual, "user_data": "", **told}
        self.script.write_text(script(Guest(**values), wait_s=WAIT_S))
        self.script.chmod(0o700)

    # What it is

    @property
    def disk(self) -> Path:
        return self.root / "dev/nvme1n1"

    def attach(self, content: bytes = b"", *, holds: str = "", volume_id: str = VOLUME_ID, late: int = 0) -> None:
        """Attach the data disk, 2 MiB; `holds` is what blkid would say of it, `late` after how many looks it appears."""
        self.disk.write_bytes(content.ljust(2 * MEBIBYTE, b"\0"))
        if holds:
            self.put("disk", holds.replace(" ", "\n") + "\n")
        folder = self.state / "by-id" if late else (self.root / BY_ID).parent
        folder.joinpath(Path(BY_ID).name + volume_id.replace("-", "")).symlink_to(self.disk)
        if late:
            self.put("appears-after", str(late))

    def install(self, service: str) -> None:
        """Install a service; nobody starts it."""
        self.put(f"installed/{service}")

    def put(self, name: str, text: str = "") -> None:
        """Set something of its state, see guest_commands.sh."""
        self.state.joinpath(name).write_text(text)

    def real(self, command: str) -> None:
        """Let the script use this machine's own command."""
        found = shutil.which(command, path="/usr/sbin:/sbin:/usr/bin:/bin")
        assert found
        stub = self._bin / command
        stub.unlink()
        stub.symlink_to(found)

    # What happens to it

    def setup(self) -> "subprocess.CompletedProcess[str]":
        """As cloud-init does it at the first boot."""
        return self._run(self.script)

    def boot(self) -> "subprocess.CompletedProcess[str]":
        """Any later boot: nothing is mounted, nothing runs, and systemd starts the unit."""
        self.state.joinpath("mounted").unlink(missing_ok=True)
        self.state.joinpath("addresses").unlink(missing_ok=True)
        for each in self.state.joinpath("active").iterdir():
            each.unlink()
        return self._run(self._bin / "systemctl", "restart", "tandem-guest.service")

    def guest(self, command: str) -> "subprocess.CompletedProcess[str]":
        """The installed script with one of its commands."""
        return self._run(self.root / INSTALLED.removeprefix("/"), command)

    def start_service(self) -> bool:
        """Whether systemd would start the service now."""
        return self._run(self._bin / "systemctl", "start", "--no-block", SERVICE).returncode == 0

    def _run(self, program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": f"{self._bin}:/usr/bin:/bin", "STATE": str(self.state), "TANDEM_ROOT": str(self.root)}
        shell = ["bash"] if program == self.script else []
        command = [*self.around, *shell, str(program), *arguments]
        return subprocess.run(command, env=environment, cwd=os.sep, capture_output=True, text=True, timeout=60, check=False)

    # What is seen of it afterwards

    @property
    def fstab(self) -> str:
        return self.root.joinpath("etc/fstab").read_text()

    @property
    def journal(self) -> str:
        """What the unit said."""
        path = self.state / "journal"
        return path.read_text().replace(str(self.root), "") if path.exists() else ""

    @property
    def mounted(self) -> bool:
        return self.state.joinpath("mounted").exists()

    @property
    def serves(self) -> bool:
        return self.state.joinpath("active", SERVICE).exists()

    def calls(self, command: str) -> list[str]:
        """The arguments of each call of a command so far."""
        path = self.state / "calls"
        lines = path.read_text().replace(str(self.root), "").splitlines() if path.exists() else []
        return [line.partition(" ")[2] for line in lines if line.partition(" ")[0] == command]
