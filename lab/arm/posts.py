"""Answers the POSTs that only read something secret: an account's keys, an app's settings."""

import base64
import hashlib

from lab.arm.bodies import same
from lab.arm.call import Call, not_emulated, not_found
from lab.arm.ids import parse
from lab.arm.kinds import Kind
from lab.arm.messages import Json, Reply
from lab.arm.views import view
from lab.arm.world import Place, place_of

ACCOUNT = "microsoft.storage/storageaccounts"
CONFIG = "microsoft.web/sites/config"
_KEYS = ("key1", "key2")


def post(call: Call, kind: Kind, place: Place) -> Reply:
    """Answer one of them.

    Raises:
        RefusedError: there is no such resource, or no such POST here.
    """
    if kind.type.lower() == ACCOUNT and same(call.target.rest, "listKeys"):
        if view(call.world, place) is None:
            raise not_found(call.target, kind)
        return Reply(200, {"keys": [_key(call, name) for name in _KEYS]})
    if kind.type.lower() == CONFIG and same(call.target.rest, "list"):
        return Reply(200, _settings(call, kind, place))
    raise not_emulated(f"POST {call.target.type}/{call.target.rest}")


def _key(call: Call, name: str) -> Json:
    digest = hashlib.sha512(f"{call.settings.seed} {call.target.key} {name}".encode()).digest()
    return {"keyName": name, "permissions": "FULL", "value": base64.b64encode(digest).decode()}


def _settings(call: Call, kind: Kind, place: Place) -> Json:
    """What was set; nothing at all is set as soon as the app is there."""
    found = view(call.world, place)
    app = place_of(parse(call.target.parent_id))
    if found is None and (app is None or view(call.world, app) is None):
        raise not_found(call.target, kind)
    return found or {"id": call.target.id, "name": call.target.name, "type": kind.type, "properties": {}}
