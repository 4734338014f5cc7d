"""Traps of real machines and disks: what would replace, wake, expose or delete a worker (sections 2 and 7 of the table)."""

from tests.infra.traps.look import (
    ATTACHMENT,
    INSTANCE,
    PROFILE,
    RESERVATION,
    VPC,
    WORKERS,
    part,
    workers,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import OTHER_CHOICES, Stand, Variant

WORKERS_FILE = "infra/aws/workers.py"


def unwatched(stand: Stand, *names: str) -> list[str]:
    """Which of these properties some worker does not leave alone."""
    ignored = [part(stand.usual, INSTANCE, worker).ignore_changes for worker in WORKERS]
    return [name for name in names if not all(name in each for each in ignored)]


def left_out(name: str) -> Slip:
    """The property is no longer left alone."""
    return Slip(f"{name} is compared again", WORKERS_FILE, f'    "{name}",\n', "")


@trap(
    "7/public-ip-replaces-the-holder",
    slips=(
        left_out("associatePublicIpAddress"),
        Slip(
            "the instance says that it wants no public address",
            WORKERS_FILE,
            "            iam_instance_profile=self._profile.name,\n",
            "            iam_instance_profile=self._profile.name,\n            associate_public_ip_address=False,\n",
        ),
    ),
)
def drift_that_replaces_the_holder_public_ip_is_never_set_and_always_ignored(stand: Stand) -> None:
    assert unwatched(stand, "associatePublicIpAddress") == []
    assert all("associatePublicIpAddress" not in chosen for chosen in workers(stand.usual).values())


@trap("7/drift-un-fences", slips=(left_out("vpcSecurityGroupIds"),))
def drift_un_fences_so_the_groups_of_a_living_worker_are_left_alone(stand: Stand) -> None:
    assert unwatched(stand, "vpcSecurityGroupIds") == []


@trap("7/new-image", slips=(left_out("ami"),))
def a_new_image_replaces_both_so_it_waits_for_a_new_worker(stand: Stand) -> None:
    assert unwatched(stand, "ami") == []


CHANGED_IN_PLACE = ("instanceType", "userData", "userDataBase64", "capacityReservationSpecification")
"""What the provider changes by a stop and a start, whatever the instance's state is."""


@trap(
    "7/changed-in-place",
    slips=(
        *(left_out(each) for each in CHANGED_IN_PLACE),
        Slip(
            "new user data replaces the worker",
            WORKERS_FILE,
            "user_data_replace_on_change=False",
            "user_data_replace_on_change=True",
        ),
    ),
)
def stopped_and_started_in_place_is_no_worker_whatever_its_state(stand: Stand) -> None:
    assert unwatched(stand, *CHANGED_IN_PLACE) == []
    assert {chosen["userDataReplaceOnChange"] for chosen in workers(stand.usual).values()} == {False}


@trap(
    "2/stop-protection",
    slips=(
        Slip(
            "both protections are switched on together",
            WORKERS_FILE,
            '            disable_api_termination=args["deletion_protection"],\n',
            '            disable_api_termination=args["deletion_protection"],\n'
            '            disable_api_stop=args["deletion_protection"],\n',
        ),
    ),
)
def the_watchdog_can_stop_a_worker_stop_protection_is_not_set(stand: Stand) -> None:
    assert not [name for name, chosen in workers(stand.usual).items() if chosen.get("disableApiStop")]


@trap(
    "2/shutdown-terminates",
    slips=(
        Slip(
            "a shutdown deletes the machine",
            WORKERS_FILE,
            'instance_initiated_shutdown_behavior="stop"',
            'instance_initiated_shutdown_behavior="terminate"',
        ),
        Slip(
            "what a shutdown does is left to the image's default",
            WORKERS_FILE,
            '            instance_initiated_shutdown_behavior="stop",\n',
            "",
        ),
    ),
)
def shutdown_is_a_stop_and_never_a_deletion(stand: Stand) -> None:
    assert {chosen.get("instanceInitiatedShutdownBehavior") for chosen in workers(stand.usual).values()} == {"stop"}


@trap(
    "2/automatic-recovery",
    slips=(
        Slip(
            "recovery is left to the account's default",
            WORKERS_FILE,
            '            maintenance_options={"auto_recovery": "default" if args["auto_recovery"] else "disabled"},\n',
            "",
        ),
        Slip(
            "what the stack says about recovery is not handed on",
            WORKERS_FILE,
            '"default" if args["auto_recovery"] else "disabled"',
            '"default"',
        ),
    ),
)
def automatic_recovery_is_chosen_and_not_left_to_a_default(stand: Stand) -> None:
    for variant, wanted in ((Variant.USUAL, "default"), (Variant.OTHER, "disabled")):
        options = [chosen.get("maintenanceOptions", {}) for chosen in workers(stand.of(variant)).values()]
        assert {each.get("autoRecovery") for each in options} == {wanted}


@trap(
    "2/calls-by-instance",
    slips=(
        Slip(
            "the worker's interface becomes a resource of its own, of which there may be two",
            WORKERS_FILE,
            '            vpc_security_group_ids=[args["group_id"]],\n',
            '            vpc_security_group_ids=[args["group_id"]],\n'
            '            secondary_network_interfaces=[{"network_card_index": 1, "secondary_subnet_id": "subnet-1"}],\n',
        ),
    ),
)
def calls_by_network_interface_need_one_and_no_more_per_worker(stand: Stand) -> None:
    for chosen in workers(stand.usual).values():
        assert not {"networkInterfaces", "secondaryNetworkInterfaces", "primaryNetworkInterface"} & set(chosen)
    assert not stand.usual.of_type("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment")


@trap(
    "7/other-replacing-properties",
    slips=(
        Slip(
            "workers stand where the order says, so that a new order replaces both",
            "infra/aws/layout.py",
            "zip(worker_names(WORKERS), zones[:WORKERS], strict=True)",
            'zip(args["order"], zones[:WORKERS], strict=True)',
        ),
    ),
)
def order_changes_no_machine(stand: Stand) -> None:
    places = ("privateIp", "subnetId", "availabilityZone")
    usual, swapped = workers(stand.usual), workers(stand.of(Variant.OTHER))

    for name in WORKERS:
        assert [swapped[name][key] for key in places] == [usual[name][key] for key in places]


@trap(
    "7/disks-and-metadata",
    slips=(
        Slip("metadata without a token", WORKERS_FILE, '"http_tokens": "required"', '"http_tokens": "optional"'),
        Slip(
            "the hop limit is left to the image",
            WORKERS_FILE,
            '                "http_put_response_hop_limit": args["metadata_hops"],\n',
            "",
        ),
    ),
)
def metadata_needs_a_token_and_stays_on_the_machine(stand: Stand) -> None:
    for variant, hops in ((Variant.USUAL, 1), (Variant.OTHER, int(OTHER_CHOICES["metadataHops"]))):
        for chosen in workers(stand.of(variant)).values():
            options = chosen["metadataOptions"]
            assert (options.get("httpTokens"), options.get("httpPutResponseHopLimit")) == ("required", hops)


@trap(
    "7/stopped-by-pulumi",
    slips=(
        Slip(
            "the program says that workers run",
            WORKERS_FILE,
            "        self._attach(worker, placement, instance)\n        return",
            "        self._attach(worker, placement, instance)\n"
            "        aws.ec2transitgateway.InstanceState(\n"
            '            f"{self._name}-{worker}", instance_id=instance.id, state="running", opts=child(self)\n'
            "        )\n"
            "        return",
        ),
    ),
)
def stopped_state_is_the_watchdogs_no_resource_says_it(stand: Stand) -> None:
    assert not [each.type for each in stand.usual.registrations if "instanceState" in each.type]


@trap(
    "1/standby-without-address",
    slips=(
        Slip(
            "the role is bound to a policy that lets agents write logs only",
            WORKERS_FILE,
            "policy/AmazonSSMManagedInstanceCore",
            "policy/CloudWatchAgentServerPolicy",
        ),
        Slip("the instances get no role", WORKERS_FILE, "            iam_instance_profile=self._profile.name,\n", ""),
    ),
)
def systems_manager_instead_of_ssh(stand: Stand) -> None:
    usual = stand.usual
    profile = usual.only(PROFILE)
    attached = [each.inputs for each in usual.of_type(ATTACHMENT) if each.inputs["role"] == profile.inputs["role"]]

    assert [each["policyArn"] for each in attached] == ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
    for chosen in workers(usual).values():
        assert "keyName" not in chosen
        assert chosen.get("iamInstanceProfile") == profile.outputs["name"]


@trap(
    "8/termination-protection",
    slips=(
        Slip(
            "workers stay protected when a destroy is prepared",
            WORKERS_FILE,
            'disable_api_termination=args["deletion_protection"]',
            "disable_api_termination=True",
        ),
        Slip(
            "the watchdog's stack is protected by Pulumi alone",
            WORKERS_FILE,
            '            disable_api_termination=args["deletion_protection"],\n',
            "",
        ),
    ),
)
def termination_protection_goes_with_the_switch_for_a_two_step_destroy(stand: Stand) -> None:
    usual, loose = workers(stand.usual), workers(stand.of(Variant.OTHER))

    assert [chosen.get("disableApiTermination") for chosen in usual.values()] == [True, True]
    assert [chosen.get("disableApiTermination") for chosen in loose.values()] == [False, False]


@trap(
    "7/dedicated-tenancy",
    slips=(
        Slip(
            "the tenancy is forgotten",
            WORKERS_FILE,
            '            tenancy=args["tenancy"].value,\n            capacity',
            "            capacity",
        ),
        Slip("another tenancy replaces both workers", WORKERS_FILE, '    "tenancy",\n    # These', "    # These"),
        Slip(
            "the network gets the tenancy, and with it whatever is launched there",
            "infra/aws/network.py",
            "            enable_dns_support=True,\n",
            '            enable_dns_support=True,\n            instance_tenancy="dedicated",\n',
        ),
    ),
)
def dedicated_tenancy_is_the_instances_and_never_the_networks(stand: Stand) -> None:
    usual, other = stand.usual, stand.of(Variant.OTHER)

    assert {chosen.get("tenancy") for chosen in workers(other).values()} == {OTHER_CHOICES["tenancy"]}
    assert {chosen.get("tenancy") for chosen in workers(usual).values()} == {"default"}
    assert unwatched(stand, "tenancy") == []
    assert "instanceTenancy" not in other.only(VPC).inputs


@trap(
    "7/capacity-reservation",
    slips=(
        Slip(
            "the reservation leaves the tenancy to its default",
            WORKERS_FILE,
            """            tenancy=args["tenancy"].value,
            # Whoever""",
            """            # Whoever""",
        ),
        Slip(
            "the reservation is open to whoever fits",
            WORKERS_FILE,
            'instance_match_criteria="targeted"',
            'instance_match_criteria="open"',
        ),
        Slip(
            "the worker does not name its reservation",
            WORKERS_FILE,
            'return {"capacity_reservation_target": {"capacity_reservation_id": reservation.id}}',
            'return {"capacity_reservation_preference": "open"}',
        ),
        Slip(
            "both reservations stand in one zone",
            WORKERS_FILE,
            """            f"{self._name}-{worker}",
            availability_zone=placement.zone,
            instance_type""",
            """            f"{self._name}-{worker}",
            availability_zone=next(iter(args["placements"].values())).zone,
            instance_type""",
        ),
        Slip(
            "a new type cancels the reservation of a living worker",
            WORKERS_FILE,
            'RESERVATION_LEFT_ALONE = ("instanceType", "tenancy")',
            'RESERVATION_LEFT_ALONE = ("tenancy",)',
        ),
    ),
)
def capacity_reservation_must_match_so_worker_and_reservation_say_the_same(stand: Stand) -> None:
    other = stand.of(Variant.OTHER)

    for name, worker in workers(other).items():
        reservation = part(other, RESERVATION, name)
        for key in ("instanceType", "availabilityZone"):
            assert reservation.inputs.get(key) == worker[key], key
        assert reservation.inputs.get("tenancy") == OTHER_CHOICES["tenancy"]
        assert reservation.inputs.get("instanceMatchCriteria") == "targeted"
        assert (reservation.inputs["instancePlatform"], reservation.inputs["instanceCount"]) == ("Linux/UNIX", 1)
        target = {"capacityReservationId": reservation.id}
        assert worker.get("capacityReservationSpecification") == {"capacityReservationTarget": target}
        assert {"instanceType", "tenancy"} <= set(reservation.ignore_changes)
