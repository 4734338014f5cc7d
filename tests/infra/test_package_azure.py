"""The bundle of Azure's function: what is in it, that it is the same every time, and that it starts alone."""

import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from failover_lambda.azure.life import BURST_S, CADENCE_S, LIFE_S, ONCE_WAIT_S, SCHEDULE
from failover_lambda.contract import Settings
from infra import bytecode, package, sdk
from infra.pace import TIMER_S
from infra.package import Bundle, BundleError
from tests.fakes import make_settings
from tests.infra.stand import ROOT

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
"""The one version of which an interpreter surely is at hand."""

NOWHERE = "3.99"
CARD = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/front"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """With bytecode."""
    return package.build(ROOT, "azure", "Europe/Berlin", python=HERE)


@pytest.fixture(scope="module")
def sources() -> Bundle:
    """Without."""
    return package.build(ROOT, "azure", "Europe/Berlin", python=NOWHERE)


@pytest.fixture(scope="module")
def unpacked(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wwwroot")
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        archive.extractall(folder)
    return folder


def environment() -> dict[str, str]:
    """As the program sets it, with an identity as the platform gives it."""
    settings = Settings.from_environment(make_settings().to_environment() | {"TANDEM_ADDRESS_ID": CARD})
    own = {"TANDEM_RECORD_TABLE": "https://account.blob.core.windows.net/record", "TANDEM_CLIENT_ID": "c"}
    identity = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token", "IDENTITY_HEADER": "h"}
    return settings.to_environment() | own | identity


def run_alone(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Where nothing is installed: as the host's worker has its path, and without the environment's packages."""
    path = f"{folder}:{folder / sdk.SITE_PACKAGES}"
    return subprocess.run(
        [sys.executable, "-P", "-S", "-B", "-c", program],
        env={"PYTHONPATH": path, "PYTHONTZPATH": "", **environment()},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_root_is_what_the_host_reads_and_beside_it_are_core_and_adapters(sources: Bundle) -> None:
    tops = Counter(name.partition("/")[0] for name in sources.names)
    assert set(tops) == {"function_app.py", "host.json", "failover_lambda", "cronsim", ".python_packages"}
    own = {name for name in sources.names if name.startswith("failover_lambda/")}
    assert {"failover_lambda/azure/entry.py", "failover_lambda/rule.py", "failover_lambda/timezones/Europe/Berlin"} <= own
    assert not [name for name in own if "/aws/" in name or "zip_root" in name]
    with zipfile.ZipFile(io.BytesIO(sources.content)) as archive:
        assert archive.read("function_app.py") == (ROOT / "failover_lambda/azure/zip_root/function_app.py").read_bytes()
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_what_comes_from_others_is_the_locked_sdk_and_nothing_compiled_for_this_machine(sources: Bundle) -> None:
    theirs = [name.removeprefix(f"{sdk.SITE_PACKAGES}/") for name in sources.names if name.startswith(sdk.SITE_PACKAGES)]
    assert {name.partition("/")[0] for name in theirs if ".dist-info" not in name} == {
        "azure",
        "certifi",
        "charset_normalizer",
        "idna",
        "isodate",
        "requests",
        "typing_extensions.py",
        "urllib3",
    }
    assert {Path(name).suffix for name in theirs if ".dist-info" not in name} == {".py", ".pem"}
    packages = {"/".join(name.split("/")[:3]) for name in theirs if name.startswith("azure/") and name.count("/") > 2}
    assert {name for name in packages if name.startswith("azure/mgmt")} == {
        "azure/mgmt/compute",
        "azure/mgmt/core",
        "azure/mgmt/network",
    }
    assert not any("storage" in name or "/aio/" in name for name in theirs)


def test_the_distributions_are_all_that_the_clients_need() -> None:
    """Their requirements, followed to the end, without extras."""
    needed, to_follow = set[str](), ["azure-core", "azure-mgmt-network", "azure-mgmt-compute"]
    while to_follow:
        name = to_follow.pop()
        if name in needed:
            continue
        needed.add(name)
        for text in metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                to_follow.append(requirement.name.replace("_", "-").lower())
    assert needed == set(sdk.DISTRIBUTIONS)


def test_every_distribution_travels_with_its_licence_and_its_version(sources: Bundle) -> None:
    told = [name for name in sources.names if ".dist-info/" in name]
    for name in sdk.DISTRIBUTIONS:
        about = f"{name.replace('-', '_')}-{metadata.version(name)}.dist-info/"
        own = [each for each in told if about in each]
        assert any(Path(each).name.startswith("LICENSE") for each in own), name
        assert any(Path(each).name == "METADATA" for each in own), name


def test_the_pinned_versions_travel() -> None:
    pinned = (ROOT / "requirements" / "dev.txt").read_text()
    for name in sdk.DISTRIBUTIONS:
        assert f"\n{name}=={metadata.version(name)}" in f"\n{pinned}"


@pytest.mark.sweep
def test_equal_sources_are_equal_bytes_with_bytecode_and_without(
    bundle: Bundle, sources: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Compiled anew, and not taken from what an earlier build has kept."""
    monkeypatch.setattr(package, "KEPT", str(tmp_path))
    assert package.build(ROOT, "azure", "Europe/Berlin", python=HERE) == bundle
    assert package.build(ROOT, "azure", "Europe/Berlin", python=NOWHERE) == sources


def test_a_bundle_with_bytecode_is_another_one_and_both_are_small(bundle: Bundle, sources: Bundle) -> None:
    assert bundle.digest != sources.digest
    assert len(sources.content) < 3_000_000
    assert len(bundle.content) < package.BYTES_MAX["azure"]


def test_every_source_has_bytecode_that_is_never_compared_with_it(bundle: Bundle) -> None:
    """PEP 552: the flags say that it is valid by hash, and that the hash is not to be checked."""
    tag = f"cpython-{HERE.replace('.', '')}"
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        wanted = {name for name in bundle.names if name.endswith(".py")}
        compiled = {name for name in bundle.names if name.endswith(".pyc")}
        assert len(wanted) == len(compiled)
        for name in wanted:
            folder, _, file = name.rpartition("/")
            pyc = f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc".lstrip("/")
            text = archive.read(pyc)
            assert text[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(text[4:8], "little") == 0b01, pyc
        rule = archive.read(f"failover_lambda/__pycache__/rule.{tag}.pyc")
    assert b"failover_lambda/rule.py" in rule
    assert b"/failover_lambda/rule.py" not in rule, "no path of the machine that built it"


def test_without_an_interpreter_of_that_version_people_are_told(bundle: Bundle, sources: Bundle) -> None:
    assert bundle.warning == ""
    assert not any(name.endswith(".pyc") for name in sources.names)
    assert sources.warning == (
        "no python3.99 is on the PATH, so the watchdog's bundle has no bytecode: the function will take seconds longer to "
        "start, and several hundred megabytes while it does. Install Python 3.99, or set functionPython to the version that "
        "is here"
    )


def test_an_interpreter_on_the_path_is_believed_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    liar = tmp_path / f"python{NOWHERE}"
    liar.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    liar.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert bytecode.interpreter(NOWHERE) == ""
    assert bytecode.interpreter(HERE) == sys.executable


def test_what_was_compiled_is_kept_for_the_same_sources_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[int] = []
    really = bytecode.compiled

    def counted(interpreter: str, files: Mapping[str, bytes]) -> bytecode.Compiled:
        compiled.append(len(files))
        return really(interpreter, files)

    monkeypatch.setattr(bytecode, "compiled", counted)
    first = bytecode.kept(sys.executable, {"a/b.py": b"x = 1", "data": b"1"}, tmp_path)
    assert set(first.files) == {f"a/__pycache__/b.{first.tag}.pyc"}
    assert bytecode.kept(sys.executable, {"a/b.py": b"x = 1", "data": b"2"}, tmp_path) == first
    assert len(compiled) == 1
    other = bytecode.kept(sys.executable, {"a/b.py": b"x = 2"}, tmp_path)
    assert other.files != first.files
    (kept, *_) = tmp_path.iterdir()
    for file in tmp_path.iterdir():
        file.write_bytes(b"half of it")
    assert bytecode.kept(sys.executable, {"a/b.py": b"x = 1"}, tmp_path) == first
    assert (len(compiled), kept.suffix) == (3, ".zip")


def test_a_source_that_cannot_be_compiled_ends_the_build() -> None:
    with pytest.raises(BundleError, match=r"cannot compile the watchdog's bundle: [\s\S]*SyntaxError"):
        bytecode.compiled(sys.executable, {"broken.py": b"def"})


def test_the_bundle_starts_alone_from_its_bytecode(unpacked: Path) -> None:
    """Every module that the entry imports is in the bundle, none is compiled, and none is a compiled library."""
    program = (
        "import sys, failover_lambda.azure.entry as entry\n"
        "entry._CLIENTS.network.network_interfaces, entry._CLIENTS.compute.virtual_machines\n"
        "import requests, charset_normalizer\n"
        "for module in list(sys.modules.values()):\n"
        "    file = getattr(module, '__file__', None) or ''\n"
        "    cached = getattr(module, '__cached__', None)\n"
        f"    if file.startswith({str(unpacked)!r}):\n"
        "        import os\n"
        "        assert file.endswith('.py') and cached and os.path.exists(cached), (file, cached)\n"
        "print(len(sys.modules), sorted({name.partition('.')[0] for name in sys.modules} & {'cryptography', 'aiohttp'}))\n"
    )
    done = run_alone(unpacked, program)
    assert done.stderr == ""
    assert done.stdout.split(" ", 1)[1] == "[]\n"


def test_the_bundle_alone_knows_its_windows(unpacked: Path) -> None:
    program = "import failover_lambda.windows, cronsim; print(cronsim.__file__)"
    assert run_alone(unpacked, program).stdout.startswith(str(unpacked))


def test_the_host_file_samples_nothing_and_fits_the_entrys_times() -> None:
    host = json.loads((ROOT / "failover_lambda/azure/zip_root/host.json").read_text())
    hours, minutes, seconds = (int(part) for part in host["functionTimeout"].split(":"))
    assert 3600 * hours + 60 * minutes + seconds > 60 + max(BURST_S, LIFE_S, ONCE_WAIT_S)
    assert host["logging"]["applicationInsights"]["samplingSettings"] == {"isEnabled": False}
    assert f"*/{CADENCE_S:g} * * * * *" == SCHEDULE
    assert CADENCE_S == TIMER_S  # by which the program reckons outages and the price
    assert host["logging"]["logLevel"]["Host.Function.Console"] == "Information", "our lines are the worker's output"


@pytest.mark.parametrize("name", ["no-such-distribution", "pytest"])
def test_what_is_not_installed_whole_is_not_packed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sdk, "DISTRIBUTIONS", (name,))
    if name == "pytest":
        monkeypatch.setattr(sdk, "_LICENCES", ("NO-SUCH",))
    with pytest.raises(BundleError, match=rf"^{name} is not installed.*: run make setup-dev$"):
        sdk.files()
