"""The bundle: what is in it, and that it is the same every time."""

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from failover_lambda.model import Window
from infra import package
from infra.timetable import time_zone_content, time_zones
from tests.fakes import make_settings
from tests.infra.stand import ROOT

CRON = ("cronsim/LICENSE", "cronsim/__init__.py", "cronsim/cronsim.py", "cronsim/explain.py")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A project with a watchdog for one cloud."""
    for name in (
        "__init__.py",
        "rule.py",
        "aws/__init__.py",
        "aws/arbiter.py",
        "azure/__init__.py",
        "aws/__pycache__/x.pyc",
    ):
        file = tmp_path / package.PACKAGE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {name}\n")
    (tmp_path / package.PACKAGE / "notes.txt").write_text("not a source")
    return tmp_path


def test_a_bundle_holds_the_core_and_one_clouds_adapters_and_nothing_else(sources: Path) -> None:
    bundle = package.build(sources, "aws")

    assert bundle.names == (
        "cronsim/LICENSE",
        "cronsim/__init__.py",
        "cronsim/cronsim.py",
        "cronsim/explain.py",
        "failover_lambda/__init__.py",
        "failover_lambda/aws/__init__.py",
        "failover_lambda/aws/arbiter.py",
        "failover_lambda/rule.py",
    )
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        assert archive.namelist() == list(bundle.names)
        assert archive.read("failover_lambda/rule.py") == b"# rule.py\n"


def test_time_and_mode_of_the_sources_change_no_byte(sources: Path) -> None:
    before = package.build(sources, "aws")
    for file in sources.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)

    assert package.build(sources, "aws") == before


def test_everybody_may_read_what_the_runtime_unpacks(sources: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(package.build(sources, "aws").content)) as archive:
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_another_source_is_another_bundle(sources: Path) -> None:
    before = package.build(sources, "aws")
    (sources / package.PACKAGE / "rule.py").write_text("# other\n")

    assert package.build(sources, "aws").digest != before.digest


def test_a_name_is_part_of_the_digest(sources: Path) -> None:
    before = package.build(sources, "aws")
    (sources / package.PACKAGE / "rule.py").rename(sources / package.PACKAGE / "rules.py")

    assert package.build(sources, "aws").digest != before.digest


def test_a_cloud_without_adapters_has_no_bundle(sources: Path) -> None:
    with pytest.raises(package.BundleError) as caught:
        package.build(sources, "gcp")

    folder = sources / package.PACKAGE / "gcp"
    assert str(caught.value) == f"{folder} holds no modules, so there is no watchdog for gcp"


def test_a_bundle_that_grew_too_large_is_refused(sources: Path) -> None:
    (sources / package.PACKAGE / "data.py").write_bytes(os.urandom(package.BYTES_MAX["aws"]))

    with pytest.raises(
        package.BundleError, match=rf"^the watchdog's bundle has \d+ bytes, and at most {package.BYTES_MAX['aws']}"
    ):
        package.build(sources, "aws")


def test_equal_bundles_are_one_file(sources: Path, tmp_path: Path) -> None:
    bundle = package.build(sources, "aws")

    path = package.write(bundle, tmp_path / "out")

    assert package.write(bundle, tmp_path / "out") == path
    assert [file.name for file in (tmp_path / "out").iterdir()] == [f"watchdog-{bundle.digest[:16]}.zip"]
    assert path.read_bytes() == bundle.content


def test_the_real_bundle_is_small_and_reproducible() -> None:
    bundle = package.build(ROOT, "aws")

    assert package.build(ROOT, "aws") == bundle
    assert len(bundle.content) < package.BYTES_MAX["aws"]
    assert all(name.startswith("failover_lambda/") and name.endswith(".py") for name in bundle.names if name not in CRON)
    assert not any("azure" in name for name in bundle.names)
    assert {"failover_lambda/contract.py", "failover_lambda/aws/arbiter.py", "failover_lambda/aws/prober.py"} <= set(
        bundle.names
    )


def test_the_one_time_zone_that_is_configured_travels_along(sources: Path) -> None:
    without, with_it = (package.build(sources, "aws", zone) for zone in ("UTC", "America/Argentina/ComodRivadavia"))

    added = "failover_lambda/timezones/America/Argentina/ComodRivadavia"
    assert set(with_it.names) - set(without.names) == {added}
    assert with_it.digest != without.digest
    with zipfile.ZipFile(io.BytesIO(with_it.content)) as archive:
        assert archive.read(added) == time_zone_content("America/Argentina/ComodRivadavia")


def test_a_time_zone_that_does_not_exist_is_in_no_bundle(sources: Path) -> None:
    with pytest.raises(KeyError, match="Europe/Atlantis"):
        package.build(sources, "aws", "Europe/Atlantis")


def test_the_largest_time_zone_fits_and_is_the_same_every_time() -> None:
    largest = max(time_zones(), key=lambda name: len(time_zone_content(name)))
    bundle = package.build(ROOT, "aws", largest)

    assert package.build(ROOT, "aws", largest) == bundle
    assert len(bundle.content) < package.BYTES_MAX["aws"]


def test_the_licence_of_what_travels_along_is_with_it() -> None:
    with zipfile.ZipFile(io.BytesIO(package.build(ROOT, "aws").content)) as archive:
        assert b"Redistribution and use in source and binary forms" in archive.read("cronsim/LICENSE")


@dataclass(frozen=True)
class Part:
    """One installed file, as `importlib.metadata` shows it."""

    path: str

    @property
    def name(self) -> str:
        return Path(self.path).name

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix

    def as_posix(self) -> str:
        return self.path

    def read_binary(self) -> bytes:
        return b""


@pytest.mark.parametrize(
    "installed",
    [
        [],
        ["cronsim/__init__.py", "cronsim/cronsim.py"],
        ["cronsim/cronsim.py", "cronsim-2.8.dist-info/licenses/LICENSE"],
    ],
)
def test_half_a_package_is_not_packed(sources: Path, monkeypatch: pytest.MonkeyPatch, installed: list[str]) -> None:
    half = SimpleNamespace(files=[Part(path) for path in installed])
    monkeypatch.setattr(package.metadata, "distribution", lambda _name: half)

    with pytest.raises(package.BundleError) as caught:
        package.build(sources, "aws")

    assert str(caught.value) == "cronsim is not installed whole, with its licence: run make setup-lab"


def test_the_pinned_versions_travel() -> None:
    """The bundle takes what is installed, and that is what the lock says."""
    pinned = (ROOT / "requirements" / "aws.txt").read_text()

    for name in ("cronsim", "tzdata"):
        assert f"\n{name}=={version(name)} " in f"\n{pinned}"


def test_the_bundle_alone_is_enough_to_import_what_needs_no_sdk(tmp_path: Path) -> None:
    path = package.write(package.build(ROOT, "aws"), tmp_path)
    program = "import failover_lambda.aws.prober, failover_lambda.cycle; print(failover_lambda.__file__)"
    environment = {"PYTHONPATH": str(path), "AWS_REGION": "eu-central-1"}

    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith(str(path)), done.stderr


def program(time_zone: str) -> str:
    """Asks for the window of a night in which the clocks are set back, in the second one of two equal hours."""
    settings = make_settings(
        failback_enabled=True, failback_cron="30 1 * * *", failback_length_minutes=180, failback_time_zone=time_zone
    )
    return (
        "import cronsim\n"
        "from failover_lambda.contract import Settings\n"
        "from failover_lambda.windows import Windows\n"
        f"settings = Settings.from_environment({settings.to_environment()!r})\n"
        "print(cronsim.__file__)\n"
        f"print(Windows(settings).at({moment('2026-10-25 01:15')}))\n"
    )


def moment(text: str) -> float:
    """A time in UTC as seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def run_alone(path: Path, folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Where nothing is installed, and the machine has no time zones: -S leaves the environment's packages out."""
    environment = {"PYTHONPATH": str(path), "PYTHONTZPATH": ""}
    return subprocess.run(
        [sys.executable, "-P", "-S", "-c", program],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("unpacked", [True, False])
def test_the_bundle_alone_knows_its_windows(tmp_path: Path, *, unpacked: bool) -> None:
    """Neither cronsim nor zone data of the machine, as in a function's runtime."""
    path = package.write(package.build(ROOT, "aws", "Europe/Berlin"), tmp_path)
    if unpacked:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "task")
        path = tmp_path / "task"

    done = run_alone(path, tmp_path, program("Europe/Berlin"))

    where, window = done.stdout.splitlines()
    assert where.startswith(str(path)), done.stderr
    assert window == str(Window(opened_s=moment("2026-10-24 23:30"), closes_s=moment("2026-10-25 02:30")))


def test_a_bundle_without_its_time_zone_is_noticed_at_the_start(tmp_path: Path) -> None:
    path = package.write(package.build(ROOT, "aws", "Europe/Berlin"), tmp_path)

    done = run_alone(path, tmp_path, program("Europe/Paris"))

    assert done.returncode == 1
    assert "timezones/Europe/Paris" in done.stderr
