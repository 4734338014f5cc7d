"""Who deploys the program into a lab: Pulumi's own engine where it is at hand, and the output says which."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lab import pulumi_project
from lab import site as lab_site
from lab.deploying import By, Deployed, Deployer
from lab.site import Options, Site, UnknownProfileError


@pytest.fixture
def deployer(monkeypatch: pytest.MonkeyPatch) -> Deployer:
    """One whose two ways only say which was taken."""
    monkeypatch.setattr(Deployer, "_by_pulumi", lambda _self, command: Deployed(f"the real one, {command}", {}))
    monkeypatch.setattr(Deployer, "_in_process", lambda _self: Deployed("in process", {}))
    monkeypatch.setattr(Deployer, "project", lambda _self: None)
    nothing = cast("Any", None)
    cloud = cast("Any", SimpleNamespace(last_step="the first tick"))
    return Deployer(Path(), cloud, nothing, {})


@pytest.mark.parametrize(
    ("by", "at_hand", "engine", "words"),
    [
        (By.AT_HAND, True, "the real one, pulumi", "with Pulumi's own engine"),
        (By.AT_HAND, False, "in process", "mock runtime; make engine provides the real one"),
        (By.IN_PROCESS, True, "in process", "mock runtime, ending with the first tick"),
        (By.NOBODY, True, "nobody yet: an empty lab waits for pulumi up", ""),
    ],
)
def test_who_deploys_is_chosen_and_said(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch, by: By, engine: str, words: str, *, at_hand: bool
) -> None:
    monkeypatch.setattr(pulumi_project, "command", lambda: Path("pulumi") if at_hand else None)
    said: list[str] = []
    assert deployer.deploy(by, said.append).engine == engine
    assert words in " ".join(said)


@pytest.mark.parametrize(
    ("cloud", "profile", "there"), [("azure", "aws", "azure-new-plane"), ("aws", "azure-new-plane", "instant")]
)
def test_a_profile_of_the_other_cloud_is_refused_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: str, profile: str, there: str
) -> None:
    monkeypatch.setattr(lab_site, "LABS", tmp_path)
    options = Options(cloud=cloud, profile=profile)
    sentence = rf"the emulated {cloud} has no profile '{profile}'; it has: .*{there}"
    with pytest.raises(UnknownProfileError, match=sentence), lab_site.start(options, print):
        pass
    assert not list(tmp_path.iterdir())


def test_a_lab_that_waits_stops_with_what_its_cloud_has_to_say() -> None:
    def says() -> None:
        raise RuntimeError("the lab could not run the function app")

    lab: Any = SimpleNamespace(
        supervisor=SimpleNamespace(wait_for=lambda _what, true, _deadline_s: true()),
        hypervisor=SimpleNamespace(check=lambda: None),
        cloud=SimpleNamespace(check=says),
    )
    with pytest.raises(RuntimeError, match="function app"):
        Site.wait_for(lab, "anything", lambda: True, 1.0)
