"""Traps of a second address on one machine, `egress: own` (section 1 of the table)."""

from failover_lambda.contract import Settings
from tests.infra.traps.look import EIP, FUNCTION, GATEWAY, INSTANCE, WORKERS, part
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand, Variant

EGRESS_FILE = "infra/aws/egress.py"
WATCHDOG = "infra/aws/watchdog.py"
WORKERS_FILE = "infra/aws/workers.py"


@trap(
    "1/second-address",
    slips=(
        Slip(
            "the worker's own address names no private one",
            EGRESS_FILE,
            "            associate_with_private_ip=worker.address_private_ip.apply(lambda _: worker.private_ip),\n",
            "",
        ),
        Slip(
            "the worker's own address takes the place of the fixed one",
            EGRESS_FILE,
            "worker.address_private_ip.apply(lambda _: worker.private_ip)",
            "worker.address_private_ip",
        ),
        Slip(
            "the watchdog is told the first private address",
            WATCHDOG,
            'address_private_ip=found["address_ips"][worker.name]',
            "address_private_ip=worker.private_ip",
        ),
    ),
)
def second_public_address_each_has_a_private_one_of_its_own_and_the_watchdog_knows_which(stand: Stand) -> None:
    own = stand.of(Variant.ELSEWHERE)
    told = Settings.from_environment(part(own, FUNCTION, "arbiter").inputs["environment"]["variables"])

    for name in WORKERS:
        instance, address = part(own, INSTANCE, name), part(own, EIP, f"egress-{name}").inputs
        (second,) = instance.inputs["secondaryPrivateIps"]
        assert address.get("associateWithPrivateIp") == instance.inputs["privateIp"]
        assert address.get("networkInterface") == instance.outputs["primaryNetworkInterfaceId"]
        assert told.worker(name).address_private_ip == second != instance.inputs["privateIp"]


@trap(
    "1/second-address",
    "8/losing-the-address",
    slips=(
        Slip(
            "a worker's own address is not protected, though partners may have allow-listed it",
            EGRESS_FILE,
            'depends_on=args["network_ready"], protect=args["protect"]',
            'depends_on=args["network_ready"]',
        ),
    ),
)
def losing_an_address_of_a_worker_it_is_protected_and_waits_for_the_gateway(stand: Stand) -> None:
    own = stand.of(Variant.ELSEWHERE)

    for name in WORKERS:
        address = part(own, EIP, f"egress-{name}")
        assert address.protect
        assert address.inputs.get("domain") == "vpc"
        assert {own.only(GATEWAY).urn, part(own, INSTANCE, name).urn} <= own.needs(address)


@trap(
    "1/secondary-private-ip",
    slips=(Slip("the private addresses of a living worker are compared", WORKERS_FILE, '    "secondaryPrivateIps",\n', ""),),
)
def secondary_private_address_of_a_living_worker_is_left_alone(stand: Stand) -> None:
    for name in WORKERS:
        assert "secondaryPrivateIps" in part(stand.usual, INSTANCE, name).ignore_changes


@trap(
    "1/secondary-private-ip",
    slips=(
        Slip(
            "the guest is not told the address that its image does not configure",
            "infra/guest.py",
            '"ADDRESS_IP": guest.address_ip',
            '"ADDRESS_IP": ""',
        ),
    ),
)
def secondary_private_address_is_configured_and_tested_by_the_guest_itself(stand: Stand) -> None:
    own = stand.of(Variant.ELSEWHERE)

    for name in WORKERS:
        chosen = part(own, INSTANCE, name).inputs
        (second,) = chosen["secondaryPrivateIps"]
        assert f"ADDRESS_IP={second}\n" in chosen["userData"]
        assert "ip addr add" in chosen["userData"]
