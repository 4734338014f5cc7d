"""Worlds in which an adapter of the port `Cloud` is tried: one in memory, one in the lab's EC2."""

from dataclasses import replace
from typing import Any, Protocol

from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.contract import OWNER_TAG, Settings, Worker
from failover_lambda.ports import Cloud
from tests.contract.emulators import PATIENT, client
from tests.fakes import FakeCloud, make_settings


class CloudWorld(Protocol):
    """Two workers that run, and an address that is on nobody."""

    @property
    def settings(self) -> Settings: ...

    @property
    def cloud(self) -> Cloud: ...

    @property
    def taken_code(self) -> str:
        """The cloud's own word for: another worker has the address."""
        ...

    def tag_address(self, owner: str) -> None:
        """Give the address another owner tag; "" takes it away."""


class FakeWorld:
    taken_code = "Resource.AlreadyAssociated"

    def __init__(self, cloud: FakeCloud) -> None:
        self.settings = cloud.settings
        self.cloud: Cloud = cloud
        self._fake = cloud

    def tag_address(self, owner: str) -> None:
        self._fake.owner = owner


class LiveWorld:
    """A site of its own in the lab's EC2. `ec2` is the test's client; the adapter has one with the watchdog's settings."""

    taken_code = "Resource.AlreadyAssociated"

    def __init__(self, endpoint: str, number: int) -> None:
        self.endpoint = endpoint
        self.ec2 = client("ec2", endpoint, PATIENT)
        vpc_id: str = self.ec2.create_vpc(CidrBlock="127.77.0.0/16")["Vpc"]["VpcId"]
        gateway_id: str = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
        groups = [self._group(vpc_id, name) for name in ("worker", "isolated")]
        tags = [{"Key": OWNER_TAG, "Value": f"site-{number}"}]
        specification = [{"ResourceType": "elastic-ip", "Tags": tags}]
        address: Any = self.ec2.allocate_address(Domain="vpc", TagSpecifications=specification)
        self.settings = replace(
            make_settings(),
            site=f"site-{number}",
            address_id=address["AllocationId"],
            isolation_group_id=groups[1],
            workers=(self._worker(vpc_id, 1, groups[0]), self._worker(vpc_id, 2, groups[0])),
        )
        self.cloud: Cloud = LiveCloud(self.settings, client("ec2", endpoint))

    def own_address(self, name: str) -> str:
        """Give a worker an egress of its own: a second private address for the fixed one, and a public one on the first.

        Returns the allocation id of the latter.
        """
        worker = self.settings.worker(name)
        second = worker.private_ip.removesuffix("10") + "11"
        card = worker.network_interface_id
        self.ec2.assign_private_ip_addresses(NetworkInterfaceId=card, PrivateIpAddresses=[second])
        allocation_id: str = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.ec2.associate_address(AllocationId=allocation_id, NetworkInterfaceId=card, PrivateIpAddress=worker.private_ip)
        workers = [replace(each, address_private_ip=second) if each is worker else each for each in self.settings.workers]
        self.settings = replace(self.settings, workers=tuple(workers))
        self.cloud = LiveCloud(self.settings, client("ec2", self.endpoint))
        return allocation_id

    def tag_address(self, owner: str) -> None:
        address_id = self.settings.address_id
        self.ec2.delete_tags(Resources=[address_id], Tags=[{"Key": OWNER_TAG}])
        if owner:
            self.ec2.create_tags(Resources=[address_id], Tags=[{"Key": OWNER_TAG, "Value": owner}])

    def terminate(self, worker: Worker) -> None:
        self.ec2.terminate_instances(InstanceIds=[worker.instance_id])

    def _group(self, vpc_id: str, name: str) -> str:
        return self.ec2.create_security_group(VpcId=vpc_id, GroupName=name, Description=name)["GroupId"]

    def _worker(self, vpc_id: str, number: int, group_id: str) -> Worker:
        subnet: Any = self.ec2.create_subnet(
            VpcId=vpc_id, CidrBlock=f"127.77.{number}.0/24", AvailabilityZone=f"eu-central-1{'abc'[number - 1]}"
        )
        private_ip = f"127.77.{number}.10"
        (instance,) = self.ec2.run_instances(
            ImageId="ami-12345678",
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet["Subnet"]["SubnetId"],
            PrivateIpAddress=private_ip,
            SecurityGroupIds=[group_id],
        )["Instances"]
        return Worker(
            name=f"wk{number}",
            instance_id=instance["InstanceId"],
            network_interface_id=instance["NetworkInterfaces"][0]["NetworkInterfaceId"],
            private_ip=private_ip,
            address_private_ip=private_ip,
            zone="abc"[number - 1],
            group_ids=(group_id,),
        )
