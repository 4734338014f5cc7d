"""What people do in a story: at the console, by a deployment, as operators. The other verbs are in `verbs`."""

from dataclasses import replace
from typing import Any

from failover_lambda.contract import ProbeKind, Settings, from_plain
from failover_lambda.model import Verb
from tests.spec.stage import Stage


def put(stage: Stage, where: str, *card: str) -> None:
    """The address is put on a worker, on `nobody` or on a `stranger`; `elsewhere`: on another card of that worker."""
    cloud = stage.world.cloud
    if where == "nobody":
        cloud.association = None
        return
    cloud.put_address(stage.workers[0].name if where == "stranger" else where)
    assert cloud.association is not None
    if where == "stranger":
        cloud.association = replace(
            cloud.association, instance_id="i-stranger", network_interface_id="eni-stranger", private_ip="10.0.9.9"
        )
    if card:
        cloud.association = replace(cloud.association, network_interface_id="eni-other", private_ip="10.0.1.99")


def ask(stage: Stage, verb: str, *about: str) -> str:
    """An operator asks for something: switchover, failover, pause, ...; `about` as NAME=VALUE."""
    words = dict(part.split("=", 1) for part in about)
    numbers = {name: float(value) for name, value in words.items() if name in ("patience_s", "duration_s", "drain_s")}
    others: dict[str, Any] = {name: value for name, value in words.items() if name == "worker"}
    if "order" in words:
        others["order"] = tuple(words["order"].split(","))
    others |= {"unproven": True} if words.get("unproven") == "true" else {}
    return f"request {stage.world.ask(Verb(verb), **numbers, **others)}"


def tag(stage: Stage, owner: str) -> None:
    """The address carries the owner tag of this site."""
    stage.world.cloud.owner = owner


def settings(stage: Stage, *changes: str) -> None:
    """`pulumi up` with other settings: the next arbiter has them, and the one that leads hands over to it."""
    stage.deploy(changed(stage.world.settings, changes))


def remove(stage: Stage, worker: str) -> None:
    """`pulumi up` without this worker."""
    old = stage.world.settings
    stage.deploy(replace(old, workers=tuple(each for each in old.workers if each.name != worker)))


def changed(old: Settings, changes: tuple[str, ...]) -> Settings:
    """The settings with some of them changed, each as NAME=VALUE; a comma stands for a blank."""
    values: dict[str, Any] = {}
    for change in changes:
        name, _, text = change.replace(",", " ").partition("=")
        kind = type(getattr(old, name))
        values[name] = from_plain(kind, {"true": True, "false": False}.get(text) if kind is bool else _read(kind, text))
    return replace(old, **values)


def _read(kind: type[Any], text: str) -> Any:
    return text if issubclass(kind, ProbeKind | str) else kind(text)
