"""What is Azure's own about the port `Cloud`: two slow writes, ETags, a provisioning state, and rules of a group as a fence.

The emulated Resource Manager takes ten seconds for each write, on a clock that goes on when the adapter sleeps.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from failover_lambda.azure.address import Address
from failover_lambda.azure.bodies import Document
from failover_lambda.azure.names import ASSOCIATION_TAG, EPOCH_TAG, FENCE_RULES
from failover_lambda.azure.network import ENDS_WITHIN_S
from failover_lambda.azure.outcomes import outcome_of
from failover_lambda.azure.rights import allows
from failover_lambda.errors import CouldNotAskError, DeniedError
from failover_lambda.model import Answered, Association, Command, Do, InstanceView, Outcome, Power
from lab.arm.faults import Effect, Fault, throttled
from lab.arm.messages import Refusal
from lab.arm.server import Server
from lab.arm.settings import Settings as ArmSettings
from lab.arm.times import Times
from tests.contract.azure_world import OWNER, SUBSCRIPTION, WATCHDOG, AzureWorld
from tests.lab.arm.clouds import TEN, Cloud

pytestmark = [pytest.mark.contract, pytest.mark.lab]

WRITE_S = 10.0
RACERS = 8
READ_CARD, WRITE_CARD = "Microsoft.Network/networkInterfaces/read", "Microsoft.Network/networkInterfaces/write"
WRITE_RULE = "Microsoft.Network/networkSecurityGroups/securityRules/write"
FAILED = Refusal(500, "InternalExecutionError", "An internal execution error occurred.")


@dataclass(frozen=True)
class SteppingClock:
    """The emulator's clock, which goes on by our sleep alone."""

    arm: Cloud

    def now_s(self) -> float:
        return self.arm.clock.t

    def monotonic_s(self) -> float:
        return self.arm.clock.t

    def sleep(self, seconds: float) -> None:
        self.arm.wait(max(0.0, seconds))


@dataclass
class Stand:
    """A site whose clock stands, and the emulator behind it."""

    arm: Cloud
    world: AzureWorld

    def run(self, do: Do, worker: str = "wk1", association_id: str = "", epoch: int = 1) -> Answered:
        return self.world.cloud.run(Command(do=do, epoch=epoch, worker=worker, association_id=association_id))

    def associated(self, worker: str = "wk1", epoch: int = 1) -> str:
        answered = self.run(Do.ASSOCIATE, worker, epoch=epoch)
        assert answered.outcome is Outcome.DONE, answered
        return answered.association_id

    def shown(self) -> Association | None:
        return self.world.cloud.read_address().association

    def order(self, effect: Effect, action: str, refusal: Refusal = FAILED, **more: Any) -> None:
        self.arm.emulator.order(Fault(effect, refusal, action=action, **more))

    def card(self, worker: str) -> Any:
        return self.arm.get(self.world.settings.worker(worker).network_interface_id)

    def instance(self, worker: str = "wk1") -> InstanceView:
        return next(view for view in self.world.cloud.read_instances() if view.worker == worker)

    def write_card(self, worker: str, **headers: str) -> tuple[int, str]:
        """As it stands, past the adapter; status and code."""
        reply = self.arm.put(self.card(worker)["id"], self.card(worker), **headers)
        return reply.status, str(reply.error)


@pytest.fixture
def new_stand() -> Iterator[Callable[..., Stand]]:
    servers: list[Server] = []

    def made(settings: ArmSettings | None = None) -> Stand:
        arm = Cloud(settings or ArmSettings(times=TEN))
        servers.append(Server(arm.emulator, ticking=False))
        return Stand(arm, AzureWorld(servers[-1].endpoint, 1, SteppingClock(arm)))

    yield made
    for server in servers:
        server.close()


@pytest.fixture
def stand(new_stand: Callable[..., Stand]) -> Stand:
    return new_stand()


# The move


def test_a_half_of_a_move_is_done_when_its_write_has_ended_and_not_when_it_was_accepted(stand: Stand) -> None:
    began_s = stand.arm.clock.t
    association_id = stand.associated()
    assert stand.arm.clock.t - began_s >= WRITE_S
    began_s = stand.arm.clock.t
    assert stand.run(Do.DISASSOCIATE, association_id=association_id, epoch=2).outcome is Outcome.DONE
    assert stand.arm.clock.t - began_s >= WRITE_S
    assert stand.shown() is None


def test_while_a_card_takes_the_address_or_lets_it_go_nobody_says_where_it_is(stand: Stand) -> None:
    """The reference is there at once, and leads nowhere yet."""
    worker = stand.world.settings.worker("wk1")
    for address in ({"id": stand.world.settings.address_id}, None):
        card = stand.card("wk1")
        inside = card["properties"]["ipConfigurations"][0]["properties"]
        inside.pop("publicIPAddress", None)
        inside |= {"publicIPAddress": address} if address else {}
        assert stand.arm.put(worker.network_interface_id, card).status == 200
        with pytest.raises(CouldNotAskError, match="being changed"):
            stand.shown()
        stand.arm.wait(WRITE_S)
        assert (stand.shown() is not None) is bool(address)


def test_a_card_that_has_nothing_to_do_with_the_address_may_be_changed_meanwhile(stand: Stand) -> None:
    association_id = stand.associated("wk1")
    assert stand.write_card("wk2")[0] == 200
    found = stand.shown()
    assert found is not None
    assert found.association_id == association_id


def test_a_card_that_failed_with_the_address_shows_an_association_that_leads_nowhere(stand: Stand) -> None:
    """So the rule makes it anew (5.11), or asks again while it moves; it is never taken for done."""
    stand.order(Effect.FAIL, WRITE_CARD, method="PUT")
    assert stand.run(Do.ASSOCIATE).outcome is Outcome.LOST
    found = stand.shown()
    assert found is not None
    assert (found.private_ip, found.instance_id) == ("", stand.world.settings.worker("wk1").instance_id)
    assert stand.associated() == found.association_id
    mended = stand.shown()
    assert mended == replace(found, private_ip=stand.world.settings.worker("wk1").address_private_ip)


def test_a_write_that_does_not_end_in_time_is_lost(new_stand: Callable[..., Stand]) -> None:
    stand = new_stand()
    slow = Times("slow", {("microsoft.network/networkinterfaces", "*"): ENDS_WITHIN_S + 60})
    stand.arm.emulator.settings = replace(stand.arm.emulator.settings, times=slow)
    answered = stand.run(Do.ASSOCIATE)
    assert (answered.outcome, answered.code) == (Outcome.LOST, "NotEnded")
    stand.arm.wait(60)
    assert stand.associated()
    assert stand.shown() is not None


def test_an_epochs_first_write_makes_every_write_of_the_time_before_miss(stand: Stand) -> None:
    """Hole 2: an association of an earlier epoch that lands in the gap of a later move."""
    association_id = stand.associated("wk1", epoch=1)
    late = stand.card("wk2")["etag"]
    assert stand.run(Do.DISASSOCIATE, association_id=association_id, epoch=2).outcome is Outcome.DONE
    assert stand.shown() is None
    assert stand.write_card("wk2", if_match=late) == (412, "PreconditionFailed")
    assert stand.card("wk2")["tags"][EPOCH_TAG] == "2"


def test_an_association_that_arrives_late_misses_the_card_that_it_was_made_for(stand: Stand) -> None:
    """Hole 2, by the adapter's own write: the address is on nobody when it lands, so nothing but the ETag stops it."""
    stand.order(Effect.LATE, WRITE_CARD, method="PUT", late_s=300.0)
    assert stand.run(Do.ASSOCIATE, "wk2", epoch=1).outcome is Outcome.LOST
    association_id = stand.associated("wk1", epoch=2)
    assert stand.run(Do.DISASSOCIATE, association_id=association_id, epoch=3).outcome is Outcome.DONE
    stand.arm.wait(400)
    assert stand.shown() is None


def test_a_mark_that_arrives_late_is_not_written_over_that_of_a_later_epoch(stand: Stand) -> None:
    """Hole 2: with it the word of the later association would be gone, and a write of the past could name a fresh ETag."""
    stand.order(Effect.LATE, WRITE_CARD, method="PATCH", path=stand.card("wk1")["id"], late_s=300.0)
    assert stand.run(Do.ASSOCIATE, "wk1", epoch=1).outcome is Outcome.LOST
    association_id = stand.associated("wk1", epoch=2)
    tags = stand.card("wk1")["tags"]
    stand.arm.wait(400)
    found = stand.shown()
    assert (stand.card("wk1")["tags"], tags[EPOCH_TAG]) == (tags, "2")
    assert found is not None
    assert found.association_id == association_id


def test_an_association_that_another_leader_of_the_epoch_made_in_between_is_not_made_anew(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its word would be written over, and the record of the first one would name an association that is no more."""
    first: list[str] = []
    mark_all = Address._mark_all  # pyright: ignore[reportPrivateUsage]

    def overtaken(address: Address, card_id: str, epoch: int) -> Document:
        if not first:
            monkeypatch.undo()
            first.append(stand.associated("wk1", epoch=1))
        return mark_all(address, card_id, epoch)

    monkeypatch.setattr(Address, "_mark_all", overtaken)
    assert stand.associated("wk1", epoch=1) == first[0]
    found = stand.shown()
    assert found is not None
    assert found.association_id == first[0]


def test_a_leader_of_the_past_moves_nothing(stand: Stand) -> None:
    association_id = stand.associated("wk1", epoch=5)
    for do, worker in ((Do.DISASSOCIATE, "wk1"), (Do.ASSOCIATE, "wk2")):
        answered = stand.run(do, worker, association_id, epoch=4)
        assert (answered.outcome, answered.code) == (Outcome.REFUSED, "LaterEpoch")
    found = stand.shown()
    assert found is not None
    assert found.association_id == association_id


def test_a_card_that_cannot_be_marked_stops_no_move_of_another(stand: Stand) -> None:
    association_id = stand.associated("wk1")
    stand.order(Effect.REFUSE, WRITE_CARD, method="PATCH", path=stand.card("wk2")["id"])
    assert stand.run(Do.DISASSOCIATE, association_id=association_id, epoch=2).outcome is Outcome.DONE
    assert stand.card("wk2")["tags"][EPOCH_TAG] == "1"
    assert stand.associated("wk2", epoch=2)
    assert stand.card("wk2")["tags"][EPOCH_TAG] == "2"


def test_somebody_who_changed_the_card_since_it_was_read_is_met_as_not_now(stand: Stand) -> None:
    stand.order(Effect.REFUSE, WRITE_CARD, Refusal(412, "PreconditionFailed", "Precondition failed."), method="PUT")
    assert stand.run(Do.ASSOCIATE).outcome is Outcome.DEFERRED
    assert stand.shown() is None


@pytest.mark.parametrize("effect", [Effect.LOSE, Effect.LATE], ids=lambda effect: effect.value)
def test_an_association_whose_answer_was_lost_is_found_when_it_is_sent_again(stand: Stand, effect: Effect) -> None:
    stand.order(effect, WRITE_CARD, method="PUT", late_s=5.0 if effect is Effect.LATE else 0.0)
    assert stand.run(Do.ASSOCIATE).outcome is Outcome.LOST
    stand.arm.wait(WRITE_S)
    association_id = stand.associated()
    found = stand.shown()
    assert found is not None
    assert found.association_id == association_id


def test_an_address_that_a_hand_put_on_a_stranger_is_shown_there(stand: Stand) -> None:
    stranger = stand.world.id_of("Microsoft.Network/networkInterfaces", "stranger")
    card = stand.card("wk1")
    inside = card["properties"]["ipConfigurations"][0]["properties"]
    inside |= {"publicIPAddress": {"id": stand.world.settings.address_id}, "privateIPAddress": "10.0.0.99"}
    for name in ("id", "name", "etag"):
        card.pop(name)
    del card["properties"]["networkSecurityGroup"]
    card["properties"]["ipConfigurations"] = [{"name": "main", "properties": inside}]
    assert stand.arm.put(stranger, card).status == 201
    stand.arm.wait(WRITE_S)
    found = stand.shown()
    assert found is not None
    assert (found.instance_id, found.network_interface_id) == ("", stranger)


def test_an_association_that_a_hand_made_on_a_worker_is_another_one_than_ours(stand: Stand) -> None:
    ours = stand.associated("wk1")
    card = stand.card("wk1")
    del card["tags"][ASSOCIATION_TAG]
    assert stand.arm.put(card["id"], card).status == 200
    stand.arm.wait(WRITE_S)
    found = stand.shown()
    assert found is not None
    assert found.association_id != ours
    assert stand.run(Do.DISASSOCIATE, association_id=ours, epoch=2).outcome is Outcome.DONE
    assert stand.shown() == found


def test_a_machine_that_was_deleted_with_its_card_has_no_address(stand: Stand) -> None:
    association_id = stand.associated("wk1")
    worker = stand.world.settings.worker("wk1")
    for each in (worker.instance_id, worker.network_interface_id):
        assert stand.arm.ask("DELETE", each).status in (202, 204)
        stand.arm.wait(60)
    assert stand.shown() is None
    assert stand.instance("wk1").power is Power.TERMINATED
    assert stand.run(Do.DISASSOCIATE, association_id=association_id, epoch=2).outcome is Outcome.DONE
    assert stand.run(Do.ASSOCIATE, "wk1", epoch=2).outcome is Outcome.REFUSED


@pytest.mark.parametrize("race", range(4))
def test_of_many_who_want_the_address_at_once_one_worker_has_it(azure_world: AzureWorld, race: int) -> None:
    """Eight arbiters of one epoch, each with clients of its own; the emulator is a process of its own."""
    del race
    clouds = [azure_world.another_cloud() for _ in range(RACERS)]
    barrier = threading.Barrier(RACERS)

    def want(number: int) -> Answered:
        barrier.wait(30)
        return clouds[number].run(Command(do=Do.ASSOCIATE, epoch=1, worker=f"wk{number % 2 + 1}"))

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(want, range(RACERS)))
    winners = {answered.command.worker for answered in answers if answered.outcome is Outcome.DONE}
    assert len(winners) == 1, answers
    assert {answered.outcome for answered in answers} <= {Outcome.DONE, Outcome.DEFERRED}, answers
    found = azure_world.cloud.read_address().association
    assert found is not None
    assert found.instance_id == azure_world.settings.worker(winners.pop()).instance_id
    assert found.association_id in {answered.association_id for answered in answers}


# Rights


ROLE = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/11111111-0000-0000-0000-000000000000"
)
READS = (
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkSecurityGroups/read",
    "Microsoft.Network/networkSecurityGroups/securityRules/read",
    "Microsoft.Network/publicIPAddresses/read",
)
CALLS = {
    "Microsoft.Compute/virtualMachines/powerOff/action": {Do.STOP},
    "Microsoft.Compute/virtualMachines/start/action": {Do.START},
    "Microsoft.Network/networkInterfaces/write": {Do.ASSOCIATE, Do.DISASSOCIATE},
    "Microsoft.Network/networkSecurityGroups/join/action": {Do.ASSOCIATE, Do.DISASSOCIATE},
    "Microsoft.Network/networkSecurityGroups/securityRules/write": {Do.ISOLATE, Do.RESTORE},
    "Microsoft.Network/publicIPAddresses/join/action": {Do.ASSOCIATE},
    "Microsoft.Network/virtualNetworks/subnets/join/action": {Do.ASSOCIATE, Do.DISASSOCIATE},
}
"""The rest of the watchdog's role, and what each action is needed for."""


@pytest.fixture
def granted(new_stand: Callable[..., Stand]) -> Callable[..., Stand]:
    """A site whose watchdog has a role of these actions and nothing else."""

    def made(*actions: str) -> Stand:
        principals = {WATCHDOG: "ServicePrincipal", OWNER: "User"}
        stand = new_stand(ArmSettings(times=TEN, roles=True, owners=frozenset({OWNER}), principals=principals))
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{stand.world.group}"
        permissions = [{"actions": list(actions), "notActions": []}]
        role = {"roleName": "watchdog", "assignableScopes": [group], "permissions": permissions}
        assert stand.arm.put(ROLE, {"properties": role}).status == 201
        grant = {"principalId": WATCHDOG, "roleDefinitionId": ROLE, "principalType": "ServicePrincipal"}
        name = "22222222-0000-0000-0000-000000000000"
        path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{name}"
        assert stand.arm.put(path, {"properties": grant}).status == 201
        return stand

    return made


def commands(association_id: str = "") -> list[Command]:
    """Everything that the watchdog asks for; the address goes from wk1 to wk2."""
    of_wk1 = [Command(do=do, epoch=2, worker="wk1") for do in (Do.RESTORE, Do.START, Do.ISOLATE, Do.STOP)]
    move = Command(do=Do.DISASSOCIATE, epoch=2, worker="wk1", association_id=association_id)
    return [*of_wk1, move, Command(do=Do.ASSOCIATE, epoch=2, worker="wk2")]


def test_the_role_of_the_watchdog_is_enough_for_all_that_it_does(granted: Callable[..., Stand]) -> None:
    stand = granted(*READS, *CALLS)
    asked = commands(stand.associated("wk1"))
    assert [answered.outcome for answered in stand.world.cloud.rehearse(asked)] == [Outcome.DONE] * len(asked)
    assert [stand.world.cloud.run(command).outcome for command in asked] == [Outcome.DONE] * len(asked)


@pytest.mark.parametrize("missing", CALLS)
def test_an_action_that_is_missing_is_found_before_anything_is_taken_away(
    granted: Callable[..., Stand], missing: str
) -> None:
    """RULE 7.6: and every other command is rehearsed all the same."""
    stand = granted(*READS, *(action for action in CALLS if action != missing))
    asked = commands("/x/networkInterfaces/wk1/ipConfigurations/main@1")
    answers = stand.world.cloud.rehearse(asked)
    assert {answered.command.do for answered in answers if answered.denied} == CALLS[missing]
    assert {answered.code for answered in answers if answered.denied} == {f"Denied:{missing}"}
    assert [answered.outcome for answered in answers if not answered.denied] == [Outcome.DONE] * (
        len(asked) - len([command for command in asked if command.do in CALLS[missing]])
    )


@pytest.mark.parametrize("missing", CALLS)
def test_what_a_rehearsal_denies_is_denied_when_it_is_done(granted: Callable[..., Stand], missing: str) -> None:
    """Else the rehearsal would tell of something that is not so."""
    stand = granted(*READS, *(action for action in CALLS if action != missing))
    command = [each for each in commands() if each.do in CALLS[missing]][-1]
    answered = stand.world.cloud.run(command)
    assert (answered.outcome, answered.denied) == (Outcome.REFUSED, True)


def test_a_rehearsal_that_cannot_be_asked_says_nothing_and_ends(granted: Callable[..., Stand]) -> None:
    stand = granted(*READS, *CALLS)
    stand.arm.emulator.order(throttled(10, action="Microsoft.Authorization/permissions/read"))
    (answered,) = stand.world.cloud.rehearse(commands())
    assert (answered.outcome, answered.denied) == (Outcome.DEFERRED, False)


# The fence


def test_a_fence_is_two_rules_that_are_written_and_never_deleted(stand: Stand) -> None:
    assert stand.run(Do.ISOLATE).outcome is Outcome.DONE
    group = stand.arm.get(stand.world.settings.worker("wk1").group_ids[0])
    rules = {rule["name"]: rule["properties"] for rule in group["properties"]["securityRules"]}
    assert rules.keys() == set(FENCE_RULES)
    assert [rules[name]["access"] for name in FENCE_RULES] == ["Deny", "Deny"]
    assert (rules[FENCE_RULES[0]]["sourceAddressPrefix"], rules[FENCE_RULES[1]]["destinationAddressPrefix"]) == ("*", "*")
    assert stand.run(Do.RESTORE).outcome is Outcome.DONE
    again = stand.arm.get(stand.world.settings.worker("wk1").group_ids[0])
    assert {rule["name"] for rule in again["properties"]["securityRules"]} == set(FENCE_RULES)
    assert not stand.instance().isolated


@pytest.mark.parametrize("name", FENCE_RULES)
def test_a_rule_of_the_fence_that_somebody_deleted_hides_no_machine_and_is_written_anew(stand: Stand, name: str) -> None:
    group = stand.world.settings.worker("wk1").group_ids[0]
    assert stand.arm.ask("DELETE", f"{group}/securityRules/{name}").status == 202
    stand.arm.wait(WRITE_S)
    assert (stand.instance().power, stand.instance().isolated) == (Power.RUNNING, False)
    assert stand.run(Do.RESTORE).outcome is Outcome.DONE
    assert stand.run(Do.ISOLATE).outcome is Outcome.DONE
    assert stand.instance().isolated


def test_a_rule_of_the_fence_that_a_hand_narrowed_is_no_fence(stand: Stand) -> None:
    assert stand.run(Do.ISOLATE).outcome is Outcome.DONE
    path = f"{stand.world.settings.worker('wk1').group_ids[0]}/securityRules/{FENCE_RULES[0]}"
    narrowed = stand.arm.get(path)
    narrowed["properties"]["destinationPortRange"] = "2575"
    stand.arm.made(path, narrowed)
    assert not stand.instance().isolated
    assert stand.run(Do.ISOLATE).outcome is Outcome.DONE
    assert stand.instance().isolated


def test_half_a_fence_is_none_and_is_finished_when_it_is_asked_again(stand: Stand) -> None:
    stand.order(Effect.REFUSE, WRITE_RULE, nth=2)
    assert stand.run(Do.ISOLATE).outcome is Outcome.LOST
    assert not stand.instance().isolated
    assert stand.run(Do.ISOLATE).outcome is Outcome.DONE
    assert stand.instance().isolated


def test_a_stop_cuts_the_power_and_is_done_when_it_is_off(stand: Stand) -> None:
    began_s = stand.arm.clock.t
    assert stand.run(Do.STOP).outcome is Outcome.DONE
    assert stand.arm.clock.t - began_s >= WRITE_S
    assert stand.instance().power is Power.STOPPED
    cuts = [fields["hard"] for event, fields in stand.arm.told if event == "machine" and fields["verb"] == "powerOff"]
    assert cuts == [True]


# What answers mean


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (429, "", Outcome.DEFERRED),
        (429, "RetryableError", Outcome.DEFERRED),
        (409, "AnotherOperationInProgress", Outcome.DEFERRED),
        (409, "OperationNotAllowed", Outcome.DEFERRED),
        (412, "PreconditionFailed", Outcome.DEFERRED),
        (400, "PublicIPAddressInUse", Outcome.DEFERRED),
        (409, "AllocationFailed", Outcome.DEFERRED),
        (409, "ZonalAllocationFailed", Outcome.DEFERRED),
        (404, "ResourceNotFound", Outcome.DEFERRED),
        (403, "AuthorizationFailed", Outcome.REFUSED),
        (409, "ScopeLocked", Outcome.REFUSED),
        (400, "InvalidParameter", Outcome.REFUSED),
        (400, "", Outcome.LOST),
        (408, "RequestTimeout", Outcome.LOST),
        (500, "InternalServerError", Outcome.LOST),
        (503, "ServerTimeout", Outcome.LOST),
        (0, "", Outcome.LOST),
    ],
)
def test_an_error_is_read_by_its_status_and_code(status: int, code: str, outcome: Outcome) -> None:
    assert outcome_of(status, code) is outcome


def test_throttled_is_not_now_and_says_nothing(stand: Stand) -> None:
    stand.arm.emulator.order(throttled(10, action=WRITE_CARD, method="PUT"))
    assert stand.run(Do.ASSOCIATE).outcome is Outcome.DEFERRED
    stand.arm.emulator.order(throttled(10, action=READ_CARD))
    with pytest.raises(CouldNotAskError, match="429"):
        stand.shown()


@pytest.mark.parametrize("code", ["AuthorizationFailed", "LinkedAuthorizationFailed"])
def test_what_our_role_may_not_do_is_told_as_denied(stand: Stand, code: str) -> None:
    denied = Refusal(403, code, "The client does not have authorization.")
    stand.order(Effect.REFUSE, WRITE_CARD, denied, method="PUT")
    answered = stand.run(Do.ASSOCIATE)
    assert (answered.outcome, answered.code, answered.denied) == (Outcome.REFUSED, code, True)
    stand.order(Effect.REFUSE, READ_CARD, denied)
    with pytest.raises(DeniedError, match=code):
        stand.shown()


@pytest.mark.parametrize(
    ("actions", "left_out", "allowed"),
    [
        (["*"], [], True),
        (["Microsoft.Network/*/write"], [], True),
        (["microsoft.network/NETWORKINTERFACES/write"], [], True),
        (["Microsoft.Network/networkInterfaces/read"], [], False),
        (["Microsoft.Network/networkInterfaces/writes"], [], False),
        (["*"], ["Microsoft.Network/networkInterfaces/*"], False),
        (["*"], ["*/delete"], True),
        ([], [], False),
    ],
)
def test_an_action_is_allowed_where_a_permission_names_it_and_does_not_leave_it_out(
    actions: list[str], left_out: list[str], allowed: bool
) -> None:
    assert allows([{"actions": actions, "notActions": left_out}], WRITE_CARD) is allowed


def test_what_is_not_there_is_not_sent(stand: Stand) -> None:
    assert stand.run(Do.ISOLATE, "wk9").code == "UnknownWorker"
    assert stand.run(Do.DISASSOCIATE).code == "NoAssociation"
