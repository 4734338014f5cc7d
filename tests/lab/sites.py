"""A small EC2 site for tests: two workers with a card each, two security groups, one Elastic IP. Made with plain boto3."""

from dataclasses import dataclass
from typing import Any

NETWORK = "127.240.0.0/16"
PRIVATE_IPS = ("127.240.0.10", "127.240.0.11")


@dataclass(frozen=True)
class Machine:
    """One worker."""

    instance: str
    card: str
    private_ip: str


@dataclass(frozen=True)
class Site:
    """What was built; `ec2` is the client that built it."""

    ec2: Any
    vpc: str
    subnet: str
    one: Machine
    two: Machine
    allocation: str
    address: str
    normal: str
    isolated: str

    def associate(self, to: Machine, **options: Any) -> str:
        """As the watchdog does it: card and private address, never by force; returns the association id."""
        asked = {
            "AllocationId": self.allocation,
            "NetworkInterfaceId": to.card,
            "PrivateIpAddress": to.private_ip,
            "AllowReassociation": False,
        }
        return self.ec2.associate_address(**(asked | options))["AssociationId"]

    def address_now(self) -> dict[str, Any]:
        """DescribeAddresses of the Elastic IP."""
        return self.ec2.describe_addresses(AllocationIds=[self.allocation])["Addresses"][0]

    def instance_now(self, machine: Machine) -> dict[str, Any]:
        """DescribeInstances of one worker."""
        return self.ec2.describe_instances(InstanceIds=[machine.instance])["Reservations"][0]["Instances"][0]

    def state(self, machine: Machine) -> str:
        """The state of one worker."""
        return self.instance_now(machine)["State"]["Name"]

    def detach_gateway(self) -> None:
        """Take the internet gateway away."""
        mine = [{"Name": "attachment.vpc-id", "Values": [self.vpc]}]
        gateway = self.ec2.describe_internet_gateways(Filters=mine)["InternetGateways"][0]["InternetGatewayId"]
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)


def build_site(ec2: Any) -> Site:
    """A new VPC with everything in it."""
    vpc = ec2.create_vpc(CidrBlock=NETWORK)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="127.240.0.0/20")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    normal, isolated = (
        ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"] for name in ("normal", "isolated")
    )
    one, two = (run(ec2, subnet, normal, private_ip) for private_ip in PRIVATE_IPS)
    address = ec2.allocate_address(Domain="vpc")
    return Site(ec2, vpc, subnet, one, two, address["AllocationId"], address["PublicIp"], normal, isolated)


def run(ec2: Any, subnet: str, group: str, private_ip: str, **options: Any) -> Machine:
    """Launch one worker."""
    asked = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    where = {"SubnetId": subnet, "PrivateIpAddress": private_ip, "SecurityGroupIds": [group]}
    instance = ec2.run_instances(**(asked | where | options))["Instances"][0]
    return Machine(instance["InstanceId"], instance["NetworkInterfaces"][0]["NetworkInterfaceId"], private_ip)
