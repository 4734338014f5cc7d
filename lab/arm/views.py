"""How a document is shown: with ids, ETag, states and back-references in it, and nothing secret. Pure.

Parent and children bear the same ETag, and a child's text inside its parent is the text at its own path, as in the
recordings of azure-cli (test_network_nic_subresources.yaml).
"""

import copy
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lab.arm.bodies import as_object, items, named, properties, text
from lab.arm.default_rules import default_rules
from lab.arm.ids import key_of
from lab.arm.kinds import Kind, children_of, kind_of
from lab.arm.messages import Json
from lab.arm.references import Link, all_links, back_references
from lab.arm.settings import Settings
from lab.arm.world import UPDATING, Document, Place, World

_UNSEEN = ("adminPassword", "customData")
"""Parts of a machine's osProfile that Azure takes and never gives back."""
_POOL = "microsoft.network/loadbalancers/backendaddresspools"
_GROUP = "microsoft.network/networksecuritygroups"


def view(world: World, place: Place) -> Json | None:
    """What a GET at this place answers; None where nothing is."""
    document = world.documents.get(place.key)
    if document is None:
        return None
    return _picked(shown(world, document), place.steps)


def shown(world: World, document: Document) -> Json:
    """A whole document."""
    links: Mapping[str, list[Link]] = _by_target(world)
    kind = kind_of(document.type)
    if kind is None:
        return copy.deepcopy(document.body)
    whole = _item(document, kind, document.id, document.body, links)
    for name in _UNSEEN:
        as_object(properties(whole).get("osProfile")).pop(name, None)
    if document.type.lower() == _GROUP:
        properties(whole)["defaultSecurityRules"] = list(default_rules(document.id, document.etag))
    return _disk_parts(document, whole, links)


def _disk_parts(document: Document, whole: Json, links: Mapping[str, list[Link]]) -> Json:
    if document.type.lower() == "microsoft.compute/disks":
        owners = [link.source for link in links[document.key] if link.source_type == "microsoft.compute/virtualmachines"]
        whole.update({"managedBy": owners[0]} if owners else {})
        properties(whole)["diskState"] = "Attached" if owners else "Unattached"
    return whole


def _picked(item: Json, steps: tuple[tuple[Kind, str], ...]) -> Json | None:
    found: Json | None = item
    for kind, name in steps:
        found = named(items(found, kind.collection), name) if found else None
    return found


def _by_target(world: World) -> Mapping[str, list[Link]]:
    found: defaultdict[str, list[Link]] = defaultdict(list)
    for link in all_links(world):
        found[link.key].append(link)
    return found


def _item(document: Document, kind: Kind, item_id: str, body: Mapping[str, Any], links: Mapping[str, list[Link]]) -> Json:
    key = key_of(item_id)
    name = item_id.rpartition("/")[2]
    own = copy.deepcopy({part: value for part, value in body.items() if part != "properties"})
    inside = copy.deepcopy(properties(body))
    for child in children_of(kind):
        if child.collection in inside:
            inside[child.collection] = [
                _item(document, child, f"{item_id}/{child.segment}/{text(each, 'name')}", each, links)
                for each in items(body, child.collection)
            ]
    to_me = links.get(key, [])
    inside |= back_references(kind.type, to_me)
    if kind.type.lower() == _POOL and "backendIPConfigurations" in inside:
        inside["loadBalancerBackendAddresses"] = [_nic_member(each["id"]) for each in inside["backendIPConfigurations"]]
    state = document.state if key == document.key else document.state_of(key)
    return {
        **own,
        "name": name,
        "id": item_id,
        "type": kind.type,
        **({"etag": document.etag} if document.etag else {}),
        "properties": {**({"provisioningState": state} if state else {}), **inside},
    }


def _nic_member(config_id: str) -> Json:
    name = "_".join(config_id.split("/")[-3::2])
    return {"name": name, "properties": {"networkInterfaceIPConfiguration": {"id": config_id}}}


def instance_view(document: Document, settings: Settings) -> Json:
    """The instance view of a machine: how it was made, when that ended, and its power."""
    making = "updating" if document.state == UPDATING else document.state.lower()
    ended = datetime.fromtimestamp(settings.epoch_s + document.ended_s, UTC).isoformat(timespec="microseconds")
    status = {"code": f"ProvisioningState/{making}", "level": "Info", "displayStatus": f"Provisioning {making}"}
    statuses: list[Json] = [{**status, "time": ended}]
    if document.power:
        statuses.append({"code": f"PowerState/{document.power}", "level": "Info", "displayStatus": f"VM {document.power}"})
    return {"statuses": statuses}
