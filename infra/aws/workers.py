"""The workers: one instance per zone, each with its data disk and, if wanted, with capacity that is reserved for it.

What the watchdog changes at run time, and what would stop, start or replace a machine, the program leaves alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.guest import DATA_DEVICE, data_disk
from infra.aws.permissions import trust
from infra.aws.rolling import only_a_standby
from infra.config.keys import Egress, Tenancy
from infra.guest import Guest, user_data
from infra.naming import tags
from infra.rolling import check_name
from infra.shapes import AccountHandle, WorkerHandle, child

LEFT_ALONE = (
    # The provider reads it as true once the watchdog has given the address, and a difference replaces the holder
    # (terraform-provider-aws#37318). For that reason it is never set either: the subnets say it.
    "associatePublicIpAddress",
    # A fenced worker has the isolation group; a refresh sees that, and the next run would let the worker out.
    "vpcSecurityGroupIds",
    # A new image, and another tenancy, replace the instance: both at once.
    "ami",
    "tenancy",
    # These stop and *start* the instance, whatever its state: the holder goes down, a fenced worker wakes up.
    "instanceType",
    "userData",
    "userDataBase64",
    "capacityReservationSpecification",
    # On any difference the provider takes them off the card, and the fixed address with them.
    "secondaryPrivateIps",
)
"""Properties of a living worker that are the watchdog's, or that only a step-by-step change of one worker may touch."""

WATCHDOGS = frozenset({"associatePublicIpAddress", "vpcSecurityGroupIds", "secondaryPrivateIps"})
"""Those of them that stay ignored of a worker that is rolled: the watchdog's, or not to be changed at all."""

MADE_ANEW_BY = ("userData", "userDataBase64")
"""What a rolled worker is made anew by, besides what the provider says: read at the first boot only (`guest`)."""

RESERVATION_LEFT_ALONE = ("instanceType", "tenancy")
"""As its worker keeps them: a reservation that is replaced is cancelled, and a worker that targets it starts no more."""

RESERVED_PLATFORM = "Linux/UNIX"
"""It must be the one that the image is billed as (EC2 guide, "Capacity Reservations")."""


@dataclass(frozen=True)
class Placement:
    """Where one worker stands."""

    zone: str
    private_ip: str
    second_private_ip: str
    """For the fixed address, where the first one has a public address of its own."""
    subnet_id: pulumi.Output[str]
    data_volume_id: pulumi.Output[str]


class WorkersArgs(TypedDict):
    """Arguments of `Workers`."""

    site: str
    account: AccountHandle
    placements: Mapping[str, Placement]
    """By worker, in the order of the zones."""
    egress: Egress
    ami_id: str
    instance_type: str
    tenancy: Tenancy
    reserve_capacity: bool
    auto_recovery: bool
    metadata_hops: int
    root_volume_gb: int
    guest_setup: bool
    data_mount_path: str
    service_unit: str
    """Empty: none."""
    user_data: str
    """Empty: none."""
    group_id: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    deletion_protection: bool
    roll_worker: str
    """The one that takes the properties else left alone, in this run; empty: none."""
    address_id: pulumi.Output[str] | None
    """Of the fixed address that a worker may hold; None: no worker holds alone."""
    after: Sequence[pulumi.Resource]
    """What must be there as long as there are workers."""
    tags: dict[str, str]


class Workers(pulumi.ComponentResource):
    """The instances."""

    handles: tuple[WorkerHandle, ...]

    def __init__(self, name: str, args: WorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Workers", name, {}, opts)
        self._name = name
        self._args = args
        check_name(args["roll_worker"], args["placements"])
        self._profile = self._instance_profile()
        self.resources: list[pulumi.Resource] = []
        handles: list[WorkerHandle] = []
        for worker, placement in args["placements"].items():
            instance = self._instance(worker, placement)
            self.resources.append(instance)
            handles.append(
                WorkerHandle(
                    name=worker,
                    zone=placement.zone,
                    private_ip=placement.private_ip,
                    address_private_ip=self._address_private_ip(worker, placement, instance),
                    instance_id=instance.id,
                    network_interface_id=instance.primary_network_interface_id,
                )
            )
        self.handles = tuple(handles)
        self.register_outputs({"instance_ids": {handle.name: handle.instance_id for handle in handles}})

    def _instance_profile(self) -> aws.iam.InstanceProfile:
        """Systems Manager instead of SSH: no key, no open port, every session in the account's trail."""
        args = self._args
        shown = tags(args["site"], args["tags"])
        role = aws.iam.Role(f"{self._name}-worker", assume_role_policy=trust("ec2"), tags=shown, opts=child(self))
        aws.iam.RolePolicyAttachment(
            f"{self._name}-worker-ssm",
            role=role.name,
            policy_arn=args["account"].partition.apply(lambda it: f"arn:{it}:iam::aws:policy/AmazonSSMManagedInstanceCore"),
            opts=child(self),
        )
        return aws.iam.InstanceProfile(f"{self._name}-worker", role=role.name, tags=shown, opts=child(self))

    def _instance(self, worker: str, placement: Placement) -> aws.ec2.Instance:
        args = self._args
        shown = tags(args["site"], args["tags"], f"{args['site']}-{worker}")
        instance = aws.ec2.Instance(
            f"{self._name}-{worker}",
            ami=self._image(worker, placement),
            instance_type=args["instance_type"],
            # On the instance; a tenancy of the network would bind whatever else is launched there.
            tenancy=args["tenancy"].value,
            capacity_reservation_specification=self._reserved(worker, placement),
            availability_zone=placement.zone,
            subnet_id=placement.subnet_id,
            # Pinned: known before anything exists; the probers go by them.
            private_ip=placement.private_ip,
            secondary_private_ips=self._second(placement),
            vpc_security_group_ids=[args["group_id"]],
            iam_instance_profile=self._profile.name,
            user_data=self._user_data(placement),
            user_data_replace_on_change=False,
            root_block_device={
                "encrypted": True,
                "kms_key_id": args["key_arn"],
                "volume_size": args["root_volume_gb"],
                "volume_type": "gp3",
                "delete_on_termination": True,
                "tags": shown,
            },
            # Session tokens only; with one hop a container is not answered.
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": args["metadata_hops"],
                "instance_metadata_tags": "disabled",
            },
            # A worker that shuts itself down is stopped, never deleted.
            instance_initiated_shutdown_behavior="stop",
            # With it, a machine on a broken host comes back by itself, with a new boot, and is a standby then.
            maintenance_options={"auto_recovery": "default" if args["auto_recovery"] else "disabled"},
            disable_api_termination=args["deletion_protection"],
            # disable_api_stop is not set: with it the watchdog could not stop a worker that it fences.
            tags=shown,
            opts=child(
                self,
                # One after the other: what changes both must never change both at once.
                depends_on=[*args["after"], *self.resources],
                ignore_changes=self._left_alone(worker, LEFT_ALONE),
                replace_on_changes=MADE_ANEW_BY if self._is_rolled(worker) else (),
                # The old one has the pinned address until it is gone.
                delete_before_replace=True,
            ),
        )
        self._attach(worker, placement, instance)
        return instance

    def _is_rolled(self, worker: str) -> bool:
        return worker == self._args["roll_worker"]

    def _left_alone(self, worker: str, names: Sequence[str]) -> Sequence[str]:
        """What this run does not compare of a worker, or of what is its alone."""
        return [name for name in names if name in WATCHDOGS] if self._is_rolled(worker) else names

    def _image(self, worker: str, placement: Placement) -> pulumi.Input[str]:
        """The image; of a rolled worker only once the cloud has said that it does not hold. Else it stays as it is."""
        args = self._args
        if not self._is_rolled(worker) or args["address_id"] is None:
            return args["ami_id"]
        own = (placement.private_ip, placement.second_private_ip)
        return only_a_standby(worker, own, args["address_id"], self).apply(lambda _: args["ami_id"])

    def _second(self, placement: Placement) -> list[str] | None:
        """The second private address of a worker, where it has one."""
        return [placement.second_private_ip] if self._args["egress"] is Egress.OWN else None

    def _address_private_ip(self, worker: str, placement: Placement, instance: aws.ec2.Instance) -> pulumi.Output[str]:
        """Where the fixed address leads to, once the instance is known to be made for it.

        A living worker neither gets nor loses a second private address by a deployment (LEFT_ALONE). A watchdog that were
        told otherwise would end the address' association and find nowhere to put it, so the deployment ends here instead,
        before the watchdog is told and before an address is touched.
        """
        egress = self._args["egress"]
        return instance.secondary_private_ips.apply(lambda found: _checked(worker, placement, egress, found or ()))

    def _user_data(self, placement: Placement) -> pulumi.Input[str] | None:
        args = self._args
        if not args["guest_setup"]:
            return args["user_data"] or None
        second = self._second(placement)
        return placement.data_volume_id.apply(
            lambda volume_id: user_data(
                Guest(
                    disk=data_disk(volume_id),
                    mount_path=args["data_mount_path"],
                    service_unit=args["service_unit"],
                    address_ip=second[0] if second else "",
                    user_data=args["user_data"],
                )
            )
        )

    def _reserved(
        self, worker: str, placement: Placement
    ) -> "aws.ec2.InstanceCapacityReservationSpecificationArgsDict | None":
        """Capacity for this worker alone; None where none is wanted."""
        args = self._args
        if not args["reserve_capacity"]:
            return None
        reservation = aws.ec2.CapacityReservation(
            f"{self._name}-{worker}",
            availability_zone=placement.zone,
            instance_type=args["instance_type"],
            instance_platform=RESERVED_PLATFORM,
            instance_count=1,
            tenancy=args["tenancy"].value,
            # Whoever does not name it cannot take it away.
            instance_match_criteria="targeted",
            end_date_type="unlimited",
            tags=tags(args["site"], args["tags"], f"{args['site']}-{worker}"),
            opts=child(self, ignore_changes=self._left_alone(worker, RESERVATION_LEFT_ALONE)),
        )
        return {"capacity_reservation_target": {"capacity_reservation_id": reservation.id}}

    def _attach(self, worker: str, placement: Placement, instance: aws.ec2.Instance) -> None:
        aws.ec2.VolumeAttachment(
            f"{self._name}-data-{worker}",
            instance_id=instance.id,
            volume_id=placement.data_volume_id,
            device_name=DATA_DEVICE,
            # A mounted disk does not let go of a running machine, and the destroy would wait for ever.
            stop_instance_before_detaching=True,
            # A volume is attached once.
            opts=child(self, delete_before_replace=True),
        )


def _checked(worker: str, placement: Placement, egress: Egress, found: Sequence[str]) -> str:
    """Where the fixed address leads to on a worker with these further private addresses."""
    second = placement.second_private_ip
    has_it = second in found
    if has_it is not (egress is Egress.OWN):
        made, other = ("with", Egress.OWN) if has_it else ("without", Egress.HOLDER)
        raise pulumi.RunError(
            f"egress is {egress.value}, and {worker} was made {made} the second private address {second}: a worker is made "
            f"for one egress. Set it to {other.value} again, or see docs/RUNBOOK.md, Another egress"
        )
    return second if has_it else placement.private_ip
