"""A small program of azure-native, for tests of the provider: a network, what protects it, an address, a card, an account.

Run by path, as `__main__`, in this process or by the real engine.
"""

import pulumi
from pulumi_azure_native import network, resources, storage

config = pulumi.Config("small")
tags = {"owner": config.get("owner") or "tandem"}

group = resources.ResourceGroup("small", resource_group_name="small", location="westeurope", tags=tags)
fence = network.NetworkSecurityGroup(
    "fence",
    resource_group_name=group.name,
    network_security_group_name="fence",
    flush_connection=True,
    security_rules=[
        network.SecurityRuleArgs(
            name="service",
            priority=200,
            direction="Inbound",
            access="Allow",
            protocol="Tcp",
            source_address_prefix="*",
            source_port_range="*",
            destination_address_prefix="*",
            destination_port_range="2575",
        )
    ],
    tags=tags,
)
net = network.VirtualNetwork(
    "net",
    resource_group_name=group.name,
    address_space=network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
    tags=tags,
)
workers = network.Subnet(
    "workers",
    resource_group_name=group.name,
    virtual_network_name=net.name,
    subnet_name="workers",
    address_prefix="10.0.0.0/24",
    default_outbound_access=False,
)
address = network.PublicIPAddress(
    "front",
    resource_group_name=group.name,
    public_ip_address_name="front",
    public_ip_allocation_method="Static",
    sku=network.PublicIPAddressSkuArgs(name="Standard"),
    zones=["1", "2", "3"],
    tags=tags,
)
card = network.NetworkInterface(
    "wk1",
    resource_group_name=group.name,
    network_interface_name="wk1",
    network_security_group=network.NetworkSecurityGroupArgs(id=fence.id),
    ip_configurations=[
        network.NetworkInterfaceIPConfigurationArgs(
            name="main",
            subnet=network.SubnetArgs(id=workers.id),
            private_ip_allocation_method="Static",
            private_ip_address="10.0.0.10",
        )
    ],
    opts=pulumi.ResourceOptions(depends_on=[address], ignore_changes=["*"]),
)
account = storage.StorageAccount(
    "record",
    resource_group_name=group.name,
    account_name="tandemrecord",
    kind="StorageV2",
    sku=storage.SkuArgs(name="Standard_ZRS"),
    allow_shared_key_access=False,
    tags=tags,
)
pulumi.export("address", address.ip_address)
pulumi.export("card", card.id)
pulumi.export("network", net.name)
pulumi.export("blobs", account.primary_endpoints.apply(lambda endpoints: endpoints.blob))
