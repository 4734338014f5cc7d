"""Whether a worker that is to be rolled is a standby. What is lifted for it stands in `infra.azure.workers`."""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure

from infra.rolling import standby

DOWN = "down"
"""The state of a member that takes no new connections; whatever is not down takes them."""


def only_a_standby(
    worker: str, private_ip: str, card_id: pulumi.Output[str], address_id: pulumi.Output[str], asker: pulumi.Resource
) -> pulumi.Output[str]:
    """The worker's name, once the cloud has said that somebody else serves; what needs it waits for that.

    Asked of the cloud in each run, because the watchdog decides it and no state of Pulumi's knows it: of a public address on
    whose card it is, of a balancer's pool who is up there.
    """
    options = pulumi.InvokeOutputOptions(parent=asker)

    def asked(found_id: str, card: str) -> pulumi.Output[str]:
        # /subscriptions/S/resourceGroups/G/providers/NAMESPACE/TYPE/NAME, for a pool with /backendAddressPools/POOL
        parts = found_id.split("/")
        group, name, pool = parts[4], parts[8], parts[10:]
        if pool:
            balancer = azure.network.get_load_balancer_output(
                load_balancer_name=name, resource_group_name=group, opts=options
            )
            return balancer.backend_address_pools.apply(
                lambda pools: standby(
                    worker,
                    holds=_takes_connections(pools or (), pool[0], private_ip),
                    moved_by="failover",  # else connections that stand stay on it (docs/RULE.md 9.15)
                )
            )
        address = azure.network.get_public_ip_address_output(
            public_ip_address_name=name, resource_group_name=group, opts=options
        )
        on = address.ip_configuration.apply(lambda found: str(found.id) if found else "")
        return pulumi.Output.all(on, address.ip_address).apply(
            lambda it: standby(worker, holds=_holds_the_address(it[0], card, public_ip=it[1]))
        )

    return pulumi.Output.all(address_id, card_id).apply(lambda it: asked(*it))


def _holds_the_address(configuration_id: str, card_id: str, *, public_ip: str) -> str:
    """What the worker with this card has of the public address, which is on this configuration of some card."""
    # The services write the case of an id as they like.
    is_here = configuration_id.lower().startswith(f"{card_id}/ipConfigurations/".lower())
    return f"holds the address {public_ip} now (it is on its card {card_id.rpartition('/')[2]})" if is_here else ""


def _takes_connections(
    pools: "Sequence[azure.network.outputs.BackendAddressPoolResponse]", name: str, private_ip: str
) -> str:
    """What the worker with this address is in the pool of this name."""
    members = [each for pool in pools if pool.name == name for each in pool.load_balancer_backend_addresses or ()]
    states = [str(each.admin_state).lower() for each in members if each.ip_address == private_ip]
    is_up = any(state != DOWN for state in states)
    return f"takes the connections now (it is up in the balancer's pool {name})" if is_up else ""
