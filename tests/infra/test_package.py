"""The bundle: what is in it, and that it is the same every time."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra import package
from tests.infra.stand import ROOT


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
    (sources / package.PACKAGE / "data.py").write_bytes(os.urandom(package.BYTES_MAX))

    with pytest.raises(package.BundleError, match=rf"^the watchdog's bundle has \d+ bytes, and at most {package.BYTES_MAX}"):
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
    assert len(bundle.content) < package.BYTES_MAX
    assert all(name.startswith("failover_lambda/") and name.endswith(".py") for name in bundle.names)
    assert not any("azure" in name for name in bundle.names)
    assert {"failover_lambda/contract.py", "failover_lambda/aws/arbiter.py", "failover_lambda/aws/prober.py"} <= set(
        bundle.names
    )


def test_the_bundle_alone_is_enough_to_import_what_needs_no_sdk(tmp_path: Path) -> None:
    path = package.write(package.build(ROOT, "aws"), tmp_path)
    program = "import failover_lambda.aws.prober, failover_lambda.cycle; print(failover_lambda.__file__)"
    environment = {"PYTHONPATH": str(path), "AWS_REGION": "eu-central-1"}

    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith(str(path)), done.stderr
