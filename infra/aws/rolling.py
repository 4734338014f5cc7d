"""Whether a worker that is to be rolled is a standby. What is lifted for it stands in `infra.aws.workers`."""

import pulumi
import pulumi_aws as aws

from infra.rolling import standby


def only_a_standby(
    worker: str, private_ips: tuple[str, str], address_id: pulumi.Output[str], asker: pulumi.Resource
) -> pulumi.Output[str]:
    """The worker's name, once the cloud has said that the fixed address is on somebody else; what needs it waits for that.

    Asked of the cloud in each run, because the watchdog moves the address and no state of Pulumi's knows it.
    """
    address = aws.ec2.get_elastic_ip_output(id=address_id, opts=pulumi.InvokeOutputOptions(parent=asker))

    def checked(private_ip: str, public_ip: str) -> str:
        has_it = private_ip in private_ips
        return standby(worker, holds=f"holds the address {public_ip} now (it leads to {private_ip})" if has_it else "")

    return pulumi.Output.all(address.private_ip, address.public_ip).apply(lambda it: checked(it[0] or "", it[1]))
