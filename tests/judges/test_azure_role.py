"""The role of Azure's watchdog, as the program writes it, in the emulator's role mode: it is enough, and none of it can go.

As on AWS (`test_permissions`): each action that is dropped ends exactly its steps. The steps are the real adapter's calls,
each from a state that somebody else has prepared; a full PUT is looked at link by link, as in Azure (lab/arm/FIDELITY.md).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from failover_lambda.azure.cloud import LiveCloud
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Answered, Command, Do, Outcome
from infra.azure.permissions import watchdog_actions
from infra.config.keys import Front
from lab.arm.server import Server
from lab.arm.settings import Settings as ArmSettings
from tests.contract.azure_world import OWNER, SUBSCRIPTION, WATCHDOG, AzureWorld, BalancedWorld, clients
from tests.contract.test_azure_cloud import SteppingClock
from tests.lab.arm.clouds import TEN, Cloud

pytestmark = [pytest.mark.judge, pytest.mark.lab]

AUTHORIZATION = "providers/Microsoft.Authorization"
ROLE = f"/subscriptions/{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/11111111-0000-0000-0000-000000000000"
GRANT = f"{AUTHORIZATION}/roleAssignments/22222222-0000-0000-0000-000000000000"
WORLDS: dict[Front, type[AzureWorld]] = {Front.ADDRESS: AzureWorld, Front.BALANCER: BalancedWorld}
FENCED = {"isolate", "restore"}
MOVED = {"take the address", "give the address"}

FENCING = {
    "Microsoft.Authorization/permissions/read": {"ask what it may"},
    "Microsoft.Compute/virtualMachines/powerOff/action": {"stop"},
    "Microsoft.Compute/virtualMachines/read": {"look at the machines", "stop", "start"},
    "Microsoft.Compute/virtualMachines/start/action": {"start"},
    "Microsoft.Network/networkSecurityGroups/read": {"look at the machines", *FENCED},
    "Microsoft.Network/networkSecurityGroups/securityRules/read": FENCED,
    "Microsoft.Network/networkSecurityGroups/securityRules/write": FENCED,
}
STEPS = {
    Front.ADDRESS: FENCING
    | {
        "Microsoft.Network/networkInterfaces/read": {"look at the address", "ask what it may", *MOVED},
        "Microsoft.Network/networkInterfaces/write": MOVED,
        "Microsoft.Network/networkSecurityGroups/join/action": MOVED,
        "Microsoft.Network/publicIPAddresses/join/action": {"give the address"},
        "Microsoft.Network/publicIPAddresses/read": {"look at the address"},
        "Microsoft.Network/virtualNetworks/subnets/join/action": MOVED,
    },
    Front.BALANCER: FENCING
    | {
        "Microsoft.Network/loadBalancers/backendAddressPools/read": MOVED,
        "Microsoft.Network/loadBalancers/backendAddressPools/write": MOVED,
        "Microsoft.Network/loadBalancers/read": {"look at the address"},
        "Microsoft.Network/networkInterfaces/read": {"ask what it may", *MOVED},
        "Microsoft.Network/publicIPAddresses/read": {"look at the address"},
        "Microsoft.Network/virtualNetworks/joinLoadBalancer/action": MOVED,
    },
}
"""The steps that end when an action of the role is missing."""


@dataclass
class Site:
    """A pair whose watchdog has some role, and its owner's hand."""

    arm: Cloud
    world: AzureWorld

    def __post_init__(self) -> None:
        own = clients(self.world.endpoint, OWNER)
        self.owner = LiveCloud(self.world.settings, own.network, own.compute, self.world.clock)
        self.group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.world.group}"

    def allow(self, *actions: str) -> None:
        """Write the role, and assign it in the group of the site, as the program does."""
        permissions = [{"actions": list(actions), "notActions": []}]
        role = {"roleName": "watchdog", "assignableScopes": [self.group], "permissions": permissions}
        assert self.arm.put(ROLE, {"properties": role}).status in {200, 201}
        grant = {"principalId": WATCHDOG, "roleDefinitionId": ROLE, "principalType": "ServicePrincipal"}
        assert self.arm.put(f"{self.group}/{GRANT}", {"properties": grant}).status in {200, 201}

    def own(self, do: Do, association_id: str = "") -> Answered:
        """The owner does it; it is done."""
        answered = self.owner.run(Command(do=do, epoch=1, worker="wk1", association_id=association_id))
        assert answered.outcome is Outcome.DONE, answered
        return answered

    def put(self) -> str:
        """The address is on wk1; its association."""
        return self.own(Do.ASSOCIATE).association_id

    def take(self) -> None:
        """The address is on nobody."""
        self.own(Do.DISASSOCIATE, self.put())

    def runs(self, do: Do, association_id: str = "") -> bool:
        """Whether the watchdog does it."""
        command = Command(do=do, epoch=1, worker="wk1", association_id=association_id)
        return self.world.cloud.run(command).outcome is Outcome.DONE

    def looks(self, read: Callable[[], object]) -> bool:
        """Whether the watchdog may read it."""
        try:
            read()
        except CouldNotAskError:
            return False
        return True

    def ended(self) -> set[str]:
        """The steps that the watchdog cannot do."""
        return {name for name, done in self._steps() if not done}

    def _steps(self) -> Iterator[tuple[str, bool]]:
        cloud = self.world.cloud = self.world.another_cloud()
        held = self.put()
        yield "look at the address", self.looks(cloud.read_address)
        yield "look at the machines", self.looks(cloud.read_instances)
        yield "ask what it may", self._may_ask(held)
        yield "isolate", self.runs(Do.ISOLATE)
        self.own(Do.ISOLATE)
        yield "restore", self.runs(Do.RESTORE)
        self.own(Do.RESTORE)
        yield "stop", self.runs(Do.STOP)
        self.own(Do.STOP)
        yield "start", self.runs(Do.START)
        self.own(Do.START)
        yield "take the address", self.runs(Do.DISASSOCIATE, held)
        self.take()
        yield "give the address", self.runs(Do.ASSOCIATE)

    def _may_ask(self, held: str) -> bool:
        """Every command is asked about, and what is answered of each is so: it may be done, or our role lacks an action."""
        commands = [Command(do=do, epoch=1, worker="wk1", association_id=held) for do in Do]
        answers = self.world.cloud.rehearse(commands)
        return len(answers) == len(commands) and all(
            each.outcome is Outcome.DONE or each.code.startswith("Denied:") for each in answers
        )


@pytest.fixture
def new_site() -> Iterator[Callable[[Front], Site]]:
    servers: list[Server] = []

    def made(front: Front) -> Site:
        principals = {WATCHDOG: "ServicePrincipal", OWNER: "User"}
        arm = Cloud(ArmSettings(times=TEN, roles=True, owners=frozenset({OWNER}), principals=principals))
        servers.append(Server(arm.emulator, ticking=False))
        return Site(arm, WORLDS[front](servers[-1].endpoint, 1, SteppingClock(arm)))

    yield made
    for server in servers:
        server.close()


@pytest.mark.parametrize("front", WORLDS, ids=lambda front: front.value)
def test_the_programs_role_is_enough_for_every_step(new_site: Callable[[Front], Site], front: Front) -> None:
    site = new_site(front)
    site.allow(*watchdog_actions(front))
    assert site.ended() == set()


@pytest.mark.parametrize("front", WORLDS, ids=lambda front: front.value)
def test_each_action_that_is_dropped_ends_exactly_its_steps(new_site: Callable[[Front], Site], front: Front) -> None:
    whole, site = watchdog_actions(front), new_site(front)
    assert set(whole) == set(STEPS[front])
    ended: dict[str, set[str]] = {}
    for dropped in whole:
        site.allow(*(action for action in whole if action != dropped))
        ended[dropped] = site.ended()
    assert ended == STEPS[front]


@pytest.mark.parametrize("front", WORLDS, ids=lambda front: front.value)
def test_without_a_role_no_step_is_left(new_site: Callable[[Front], Site], front: Front) -> None:
    """The control: a mode that checks nothing would let all of them through."""
    assert new_site(front).ended() == {step for steps in STEPS[front].values() for step in steps}
