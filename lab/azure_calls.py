"""From the emulated Resource Manager's log of requests to the calls that the promises are about.

On Azure a call says all of a resource, so what it does is what it leaves out as well: the PUT of a card takes the address
away where the card had it before. Cards and pools are followed through the log, by what was accepted. Writes that change
nothing of address, fence or power are no calls here; one that was refused is told by what it wanted, and where the card has
no address any more, that was to take away the one that it had last.

A write of a card or a pool is conditional if it names an ETag: another write since then has given the resource another one.
A star is none: it fits whatever stands there (RFC 9110, 13.1.1).
Read by the checker; standard library and the checker's own files only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.rawevents import Call, Verb
from lab.rawlines import Line

CARD = "Microsoft.Network/networkInterfaces/write"
POOL = "Microsoft.Network/loadBalancers/backendAddressPools/write"
GROUP = "Microsoft.Network/networkSecurityGroups/write"
RULE = "Microsoft.Network/networkSecurityGroups/securityRules/write"
POWER = {
    "Microsoft.Compute/virtualMachines/powerOff/action": Verb.STOP,
    "Microsoft.Compute/virtualMachines/deallocate/action": Verb.STOP,
    "Microsoft.Compute/virtualMachines/start/action": Verb.START,
}
FENCE = "tandem-fence-"
"""How the rules begin by which the watchdog isolates a worker."""
ASSOCIATION_TAG = "tandem:association"
"""What the watchdog writes on the card that has the address: it tells one association from every other."""
_SUCCESSES = frozenset({200, 201, 202})


def read_calls(lines: Iterable[Line]) -> tuple[Call, ...]:
    """The calls of a whole log, in its order.

    Raises:
        RawLogError: a field is missing or of the wrong type.
    """
    return tuple(_Reading().calls(lines))


@dataclass(frozen=True)
class _On:
    """Where an address is: by the id of the association, and the private address that it leads to."""

    association_id: str
    private_ip: str


@dataclass
class _Reading:
    _on: dict[str, _On] = field(default_factory=dict[str, _On])
    """Path of a card or pool, in lower case, to what it has; nothing for one that has no address."""
    _had: dict[str, _On] = field(default_factory=dict[str, _On])
    """The same, to what it has or had last."""

    def calls(self, lines: Iterable[Line]) -> Iterator[Call]:
        for line in lines:
            action = line.text("action")
            if action == CARD and line.text("method") == "PUT":
                yield from self._written(line, _card_of(line), "networkInterfaces")
            elif action == POOL:
                yield from self._written(line, _pool_of(line), "backendAddressPools")
            elif action in {GROUP, RULE} and _is_about_a_fence(line):
                yield _call(line, Verb.ISOLATE, {"NetworkSecurityGroupId": _group_path(line)})
            elif action in POWER:
                yield _call(line, POWER[action], {"InstanceId": line.text("path").rpartition("/")[0]})

    def _written(self, line: Line, now: "_Written", kind: str) -> Iterator[Call]:
        path = line.text("path").lower()
        before = self._on.get(path)
        accepted = line.count("status") in _SUCCESSES
        if accepted:
            if now.on:
                self._on[path] = self._had[path] = now.on
            else:
                self._on.pop(path, None)
        why = _unconditional(line.text_or_none("if_match"), kind)
        about = {"AllocationId": now.allocation_id, f"{kind}Id": line.text("path")}
        if now.on and now.on != before:
            params = {**about, "PrivateIpAddress": now.on.private_ip}
            answer = {"associationId": now.on.association_id} if accepted else {}
            yield _call(line, Verb.ASSOCIATE, params, answer=answer, unconditional=why)
        elif before and not now.on:
            yield _call(line, Verb.DISASSOCIATE, {**about, "AssociationId": before.association_id}, unconditional=why)
        elif not accepted and not now.on and path in self._had:
            yield _call(
                line, Verb.DISASSOCIATE, {**about, "AssociationId": self._had[path].association_id}, unconditional=why
            )


@dataclass(frozen=True)
class _Written:
    allocation_id: str
    on: _On | None


def _unconditional(if_match: str | None, kind: str) -> str:
    if not if_match:
        return f"names no ETag of the {kind}"
    return f"says If-Match: {if_match}, which every {kind} fits" if if_match == "*" else ""


def _card_of(line: Line) -> _Written:
    body = line.table("body")
    word = _table(body.get("tags")).get(ASSOCIATION_TAG, "")
    for each in _rows(_table(body.get("properties")).get("ipConfigurations")):
        inside = _table(each.get("properties"))
        public_id = _table(inside.get("publicIPAddress")).get("id")
        if public_id:
            association_id = f"{line.text('path')}/ipConfigurations/{each.get('name')}@{word}"
            return _Written(str(public_id), _On(association_id, str(inside.get("privateIPAddress", ""))))
    return _Written("", None)


def _pool_of(line: Line) -> _Written:
    pool_id = line.text("path")
    members = [
        _table(each.get("properties"))
        for each in _rows(_table(line.table("body").get("properties")).get("loadBalancerBackendAddresses"))
    ]
    up = [str(each.get("ipAddress", "")) for each in members if str(each.get("adminState", "")).lower() != "down"]
    return _Written(pool_id, _On(f"{pool_id}@{up[0]}", up[0]) if len(up) == 1 else None)


def _is_about_a_fence(line: Line) -> bool:
    if line.text("action") == RULE:
        return line.text("path").rpartition("/")[2].startswith(FENCE)
    rules = _rows(_table(line.table("body").get("properties")).get("securityRules"))
    return any(str(each.get("name", "")).startswith(FENCE) for each in rules)


def _group_path(line: Line) -> str:
    return line.text("path").partition("/securityRules/")[0]


def _call(
    line: Line, verb: Verb, params: Mapping[str, str], *, answer: Mapping[str, Any] | None = None, unconditional: str = ""
) -> Call:
    """`action` is what a person reads: the method and what it was about."""
    parts = line.text("path").split("/")
    shown = f"{line.text('method')} {'/'.join(parts[-2:])}"
    return Call(
        t_in=line.seconds("t_in"),
        t_out=line.seconds("t_out"),
        action=shown,
        params=params,
        status=line.count("status"),
        error=line.text_or_none("error"),
        answer=answer or {},
        caller=line.text_or_none("identity"),
        verb=verb,
        unconditional=unconditional,
    )


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
