"""The main stories with Microsoft's own clients, unchanged, over a socket: what the watchdog will send and meet."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from lab.arm.faults import Effect, Fault, throttled
from lab.arm.messages import Json, Refusal
from lab.arm.server import MonotonicClock, Server
from lab.arm.settings import SUBSCRIPTION, Settings
from lab.arm.times import Times
from tests.lab.arm.clouds import (
    ADDRESS,
    OWNER,
    POOL,
    TEN,
    Cloud,
    address_body,
    balancer_body,
    build_balancer,
    build_pair,
    nic_body,
    nic_id,
    nsg_id,
    pool_body,
    rule_body,
)
from tests.lab.arm.credentials import Credential, PlainHttp
from tests.lab.arm.test_roles import GRANT, MOVE, ROLE, WATCHDOG, grant_body, role_body

pytestmark = pytest.mark.lab
GROUP = "pair"


@dataclass
class Azure:
    """Both clients of one caller, and the cloud behind them."""

    cloud: Cloud
    network: Any
    compute: Any
    interval_s: float = 0.01

    def interface(self, worker: str, body: Json, **options: Any) -> Any:
        """Begin to write an interface; what the first answer says."""
        nics = self.network.network_interfaces
        return nics.begin_create_or_update(GROUP, worker, body, polling=False, **options).result()

    def read(self, worker: str) -> Any:
        return self.network.network_interfaces.get(GROUP, worker)

    def written(self, worker: str, body: Json, **options: Any) -> Any:
        """Write an interface and read it when its operation has ended."""
        self.interface(worker, body, **options)
        self.cloud.wait(10)
        return self.read(worker)

    def holder(self) -> str:
        """Which interface the address names."""
        config = self.network.public_ip_addresses.get(GROUP, "front").ip_configuration
        return config.id.split("/")[-3] if config else ""


Connect = Callable[..., Azure]


def clients(url: str, identity: str, retries: int = 0) -> tuple[Any, Any]:
    """Make the clients of network and machines for one caller."""
    options: dict[str, Any] = {
        "credential": Credential(identity),
        "subscription_id": SUBSCRIPTION,
        "base_url": url,
        "credential_scopes": [f"{url}/.default"],
        "per_call_policies": [PlainHttp()],
        "retry_total": retries,
    }
    return NetworkManagementClient(**options), ComputeManagementClient(**options)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Serve a cloud, and make clients for it; both are closed afterwards."""
    opened: list[Any] = []

    def made(cloud: Cloud, identity: str = OWNER, retries: int = 0) -> Azure:
        server = Server(cloud.emulator, ticking=False)
        both = clients(server.endpoint, identity, retries)
        opened.extend([*both, server])
        return Azure(cloud, *both)

    yield made
    for each in opened:
        each.close()


@pytest.fixture
def azure(pair: Cloud, connect: Connect) -> Azure:
    """The owner's clients of a running pair."""
    build_balancer(pair)
    return connect(pair)


def refused(call: Callable[[], Any]) -> HttpResponseError:
    with pytest.raises(HttpResponseError) as caught:
        call()
    return caught.value


def code(error: HttpResponseError) -> tuple[int | None, str | None]:
    assert error.error is not None
    return error.status_code, error.error.code


def test_dissociate_then_associate_with_the_etag_of_each_reading(azure: Azure) -> None:
    before = azure.network.public_ip_addresses.get(GROUP, "front").ip_address
    for worker, address in (("wk1", ""), ("wk2", ADDRESS)):
        etag = azure.read(worker).etag
        first = azure.interface(worker, nic_body(worker, address=address), headers={"If-Match": etag})
        assert first.provisioning_state == "Updating"
        assert azure.read(worker).provisioning_state == "Updating"
        azure.cloud.wait(10)
        assert azure.read(worker).provisioning_state == "Succeeded"
    assert azure.holder() == "wk2"
    assert azure.read("wk2").ip_configurations[0].public_ip_address.id == ADDRESS
    assert azure.network.public_ip_addresses.get(GROUP, "front").ip_address == before


def test_a_reading_with_its_model_is_written_back_as_it_is(azure: Azure) -> None:
    nic = azure.read("wk1")
    nic.ip_configurations[0].public_ip_address = None
    azure.network.network_interfaces.begin_create_or_update(GROUP, "wk1", nic, polling=False)
    azure.cloud.wait(10)
    assert azure.holder() == ""
    assert azure.read("wk1").virtual_machine.id.endswith("/wk1")


def test_the_standby_is_refused_while_the_holder_has_the_address(azure: Azure) -> None:
    error = refused(lambda: azure.interface("wk2", nic_body("wk2", address=ADDRESS)))
    assert code(error) == (400, "PublicIPAddressInUse")
    assert azure.holder() == "wk1"
    azure.written("wk1", nic_body("wk1"))
    assert azure.written("wk2", nic_body("wk2", address=ADDRESS)).provisioning_state == "Succeeded"


def test_an_associate_that_fails_in_its_operation_leaves_the_reference_and_a_failed_interface(azure: Azure) -> None:
    azure.written("wk1", nic_body("wk1"))
    azure.cloud.emulator.order(Fault(Effect.FAIL, Refusal(500, "InternalServerError", "An error occurred."), "PUT"))
    nic = azure.written("wk2", nic_body("wk2", address=ADDRESS))
    assert (azure.holder(), nic.provisioning_state) == ("wk2", "Failed")
    assert azure.written("wk2", nic_body("wk2", address=ADDRESS)).provisioning_state == "Succeeded"


def test_a_failed_operation_is_an_error_of_status_200_for_the_clients_poller(azure: Azure) -> None:
    azure.cloud.emulator.order(Fault(Effect.FAIL, Refusal(500, "InternalServerError", "An error occurred."), "PUT"))
    # An interface without a machine is written at once, so the poller need not wait for the standing clock.
    begin = azure.network.network_interfaces.begin_create_or_update
    error = refused(lambda: begin(GROUP, "spare", nic_body(), polling_interval=azure.interval_s).result())
    assert code(error) == (200, "InternalServerError")


def test_the_clients_poller_follows_an_operation_to_its_end(azure: Azure) -> None:
    begin = azure.network.network_interfaces.begin_create_or_update
    nic = begin(GROUP, "spare", nic_body(), polling_interval=azure.interval_s).result()
    assert nic.provisioning_state == "Succeeded"


def test_the_clients_pollers_end_by_themselves_where_time_goes_on() -> None:
    short = Settings(times=Times("short", {("*", "*"): 0.2}))
    cloud = Cloud(short)
    build_pair(cloud)
    cloud.emulator.clock = MonotonicClock()
    with closing(Server(cloud.emulator)) as server:
        network, compute = clients(server.endpoint, OWNER)
        with closing(network), closing(compute):
            wait = {"polling_interval": 0.05}
            addresses, machines = network.public_ip_addresses, compute.virtual_machines
            made = addresses.begin_create_or_update(GROUP, "spare", address_body(), **wait).result()
            assert made.ip_address
            assert addresses.begin_delete(GROUP, "spare", **wait).result() is None
            assert machines.begin_power_off(GROUP, "wk1", skip_shutdown=True, **wait).result() is None
            assert machines.instance_view(GROUP, "wk1").statuses[-1].code == "PowerState/stopped"
            disk = {"location": "westeurope", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}}
            assert compute.disks.begin_create_or_update(GROUP, "data", disk, **wait).result().disk_state == "Unattached"


def test_a_second_put_supersedes_the_first(azure: Azure) -> None:
    first: list[str] = []
    keep = {"cls": lambda response, _body, _headers: first.append(response.http_response.headers["Azure-AsyncOperation"])}
    azure.interface("wk2", nic_body("wk2"), **keep)
    azure.interface("wk2", nic_body("wk2"))
    status = azure.cloud.ask("GET", "/" + first[0].split("/", 3)[3]).body or {}
    assert (status["status"], status["error"]["code"]) == ("Canceled", "Canceled")
    assert status["error"]["details"][0]["code"] == "CanceledAndSupersededDueToAnotherOperation"
    azure.cloud.wait(10)
    assert azure.read("wk2").provisioning_state == "Succeeded"


def test_an_old_etag_is_refused_and_a_new_one_is_not(azure: Azure) -> None:
    old = azure.read("wk1").etag
    azure.written("wk1", nic_body("wk1", address=ADDRESS))
    error = refused(lambda: azure.interface("wk1", nic_body("wk1"), headers={"If-Match": old}))
    assert code(error) == (412, "PreconditionFailed")
    assert error.error is not None
    assert error.error.details[0].code == "PreconditionFailedEtagMismatch"
    assert azure.holder() == "wk1"
    azure.interface("wk1", nic_body("wk1"), headers={"If-Match": azure.read("wk1").etag})


def test_without_the_join_the_address_is_lost_half_way_and_with_it_is_moved(connect: Connect) -> None:
    cloud = Cloud(Settings(times=TEN, roles=True, owners=frozenset({OWNER}), principals={WATCHDOG: "ServicePrincipal"}))
    build_pair(cloud)
    cloud.put(ROLE, role_body(*(action for action in MOVE if action != "Microsoft.Network/publicIPAddresses/join/action")))
    cloud.put(GRANT, grant_body())
    azure = connect(cloud, WATCHDOG)
    azure.written("wk1", nic_body("wk1"))
    error = refused(lambda: azure.interface("wk2", nic_body("wk2", address=ADDRESS)))
    assert code(error) == (403, "LinkedAuthorizationFailed")
    assert azure.holder() == ""
    cloud.put(ROLE, role_body(*MOVE))
    azure.written("wk2", nic_body("wk2", address=ADDRESS))
    assert azure.holder() == "wk2"


def test_a_worker_is_fenced_by_rules_of_its_own_group(azure: Azure) -> None:
    rules = azure.network.security_rules
    azure.cloud.told.clear()
    for name, priority, direction in (("fence-in", 100, "Inbound"), ("fence-out", 100, "Outbound")):
        rules.begin_create_or_update(GROUP, "wk1", name, rule_body(priority, direction=direction), polling=False)
        azure.cloud.wait(10)
    events = [fields for event, fields in azure.cloud.told if event == "group"]
    assert [(fields["id"], fields["flush"]) for fields in events] == [(nsg_id("wk1"), True)] * 2
    group = azure.network.network_security_groups.get(GROUP, "wk1")
    assert group.flush_connection is True
    assert {(rule.direction, rule.access) for rule in group.security_rules} == {("Inbound", "Deny"), ("Outbound", "Deny")}
    error = refused(lambda: rules.begin_create_or_update(GROUP, "wk1", "again", rule_body(), polling=False))
    assert code(error) == (400, "SecurityRuleConflict")


def test_two_rules_of_one_group_are_not_written_at_the_same_time(azure: Azure) -> None:
    rules = azure.network.security_rules
    rules.begin_create_or_update(GROUP, "wk1", "in", rule_body(), polling=False)
    second = lambda: rules.begin_create_or_update(GROUP, "wk1", "out", rule_body(101), polling=False)  # noqa: E731
    assert code(refused(second)) == (409, "AnotherOperationInProgress")
    azure.cloud.wait(10)
    second()


def test_a_machine_is_powered_off_hard_and_started(azure: Azure) -> None:
    machines = azure.compute.virtual_machines

    def power() -> str:
        return machines.instance_view(GROUP, "wk1").statuses[-1].code

    assert power() == "PowerState/running"
    for begin, meanwhile, after in (
        (lambda: machines.begin_power_off(GROUP, "wk1", skip_shutdown=True, polling=False), "stopping", "stopped"),
        (lambda: machines.begin_deallocate(GROUP, "wk1", polling=False), "deallocating", "deallocated"),
        (lambda: machines.begin_start(GROUP, "wk1", polling=False), "starting", "running"),
        (lambda: machines.begin_restart(GROUP, "wk1", polling=False), "starting", "running"),
    ):
        begin()
        assert power() == f"PowerState/{meanwhile}"
        azure.cloud.wait(10)
        assert power() == f"PowerState/{after}"


def test_one_put_of_the_pool_swaps_the_admin_states(azure: Azure) -> None:
    pools = azure.network.load_balancer_backend_address_pools
    for states in ({"wk1": "Up", "wk2": "Down"}, {"wk1": "Down", "wk2": "Up"}):
        pools.begin_create_or_update(GROUP, "lb", "workers", pool_body(**states), polling=False)
        azure.cloud.wait(10)
        pool = pools.get(GROUP, "lb", "workers")
        found = {member.name: member.admin_state for member in pool.load_balancer_backend_addresses}
        assert (pool.provisioning_state, found) == ("Succeeded", states)


def test_a_put_of_the_balancer_drops_members_by_address_and_succeeds(azure: Azure) -> None:
    balancers, pools = azure.network.load_balancers, azure.network.load_balancer_backend_address_pools
    body = balancer_body()
    body["properties"]["backendAddressPools"] = [{"name": "workers", **pool_body(wk1="Up")}]
    balancers.begin_create_or_update(GROUP, "lb", body, polling=False)
    azure.cloud.wait(10)
    assert balancers.get(GROUP, "lb").provisioning_state == "Succeeded"
    assert not pools.get(GROUP, "lb", "workers").load_balancer_backend_addresses
    pools.begin_create_or_update(GROUP, "lb", "workers", pool_body(wk1="Up"), polling=False)
    azure.cloud.wait(10)
    assert azure.cloud.get(POOL)["properties"]["loadBalancerBackendAddresses"]


def test_a_lost_answer_is_an_error_of_the_connection_and_the_change_stands(azure: Azure) -> None:
    azure.cloud.emulator.order(Fault(Effect.LOSE, method="PUT"))
    with pytest.raises(ServiceResponseError):
        azure.interface("wk1", nic_body("wk1"))
    azure.cloud.wait(10)
    assert (azure.holder(), azure.read("wk1").provisioning_state) == ("", "Succeeded")


def test_throttling_is_retried_by_the_clients_after_the_time_that_is_told(pair: Cloud, connect: Connect) -> None:
    pair.emulator.order(throttled(0, method="PUT"))
    assert code(refused(lambda: connect(pair).interface("wk2", nic_body("wk2")))) == (429, "SubscriptionRequestsThrottled")
    pair.emulator.order(throttled(0, method="PUT"))
    assert connect(pair, retries=1).interface("wk2", nic_body("wk2")).provisioning_state == "Updating"


def test_lists_tags_and_deletes_by_the_clients(azure: Azure) -> None:
    assert [nic.name for nic in azure.network.network_interfaces.list(GROUP)] == ["wk1", "wk2"]
    assert [nic.name for nic in azure.network.network_interfaces.list_all()] == ["wk1", "wk2"]
    assert [machine.name for machine in azure.compute.virtual_machines.list(GROUP)] == ["wk1", "wk2"]
    tagged = azure.network.network_interfaces.update_tags(GROUP, "wk1", {"tags": {"role": "active"}})
    assert tagged.tags == {"role": "active"}
    assert code(refused(lambda: azure.network.network_interfaces.begin_delete(GROUP, "wk1", polling=False)))[1] == "NicInUse"
    azure.network.public_ip_addresses.begin_create_or_update(GROUP, "spare", azure.cloud.get(ADDRESS), polling=False)
    azure.cloud.wait(10)
    azure.network.public_ip_addresses.begin_delete(GROUP, "spare", polling=False)
    azure.cloud.wait(10)
    assert code(refused(lambda: azure.network.public_ip_addresses.get(GROUP, "spare"))) == (404, "ResourceNotFound")


def test_the_interface_names_its_machine_and_the_group_its_interface(azure: Azure) -> None:
    assert azure.read("wk1").virtual_machine.id.endswith("/virtualMachines/wk1")
    group = azure.network.network_security_groups.get(GROUP, "wk1")
    assert [each.id for each in group.network_interfaces] == [nic_id("wk1")]
    subnet = azure.network.subnets.get(GROUP, "net", "workers")
    assert len(subnet.ip_configurations) == 2
