"""Examples of the rules over resources of Azure: `encryption`, `machines`, `ports` and `roles`."""

from typing import Any

from tandem_policy.values import UNKNOWN, Resource
from tests.policy.examples import Example, make

DISK = "azure-native:compute:Disk"
SNAPSHOT = "azure-native:compute:Snapshot"
MACHINE = "azure-native:compute:VirtualMachine"
SCALE_SET = "azure-native:compute:VirtualMachineScaleSet"
WORKBOOK = "azure-native:applicationinsights:Workbook"
ACCOUNT = "azure-native:storage:StorageAccount"
PROPERTIES = "encryption.keyVaultProperties"
GROUP = "azure-native:network:NetworkSecurityGroup"
RULE = "azure-native:network:SecurityRule"
ROLE = "azure-native:authorization:RoleDefinition"
GIVEN = "azure-native:authorization:RoleAssignment"

SET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/disks"
WITH_KEY = {"managedDisk": {"diskEncryptionSet": {"id": SET}}}
OWN = "has a key of Azure's own: set"
MANAGED = ": name the networks that manage the machines, or manage them by the serial console or a bastion and open no port"
ROLES = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions"
DISKS = "Microsoft.Compute/disks/read"
TENANT = "/providers/Microsoft.Management/managementGroups/m"
OFF = "osProfile.linuxConfiguration.disablePasswordAuthentication"


def machine(os_disk: dict[str, Any], *data_disks: dict[str, Any]) -> Resource:
    return make(MACHINE, storageProfile={"osDisk": {"createOption": "FromImage", **os_disk}, "dataDisks": list(data_disks)})


def rule(port: Any = "22", source: Any = "*", **more: Any) -> Resource:
    said = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp"}
    props: dict[str, Any] = said | {"destinationPortRange": port, "sourceAddressPrefix": source} | more
    return make(RULE, **props)


def linux(**configuration: Any) -> Resource:
    return make(MACHINE, osProfile={"computerName": "wk1", **configuration})


EXAMPLES = (
    Example(
        rule="disks-encrypted",
        what="a disk and a snapshot of Azure with Azure's own key, and those of machines",
        resources=[
            make(DISK, diskSizeGB=8),
            make(SNAPSHOT, encryption={"type": "EncryptionAtRestWithPlatformKey"}),
            machine({}, {"createOption": "Empty", "lun": 0}),
            make(SCALE_SET, virtualMachineProfile={"storageProfile": {"osDisk": {"createOption": "FromImage"}}}),
        ],
        says=[
            f"the disk {OWN} encryption.diskEncryptionSetId",
            f"the snapshot {OWN} encryption.diskEncryptionSetId",
            f"the system's disk {OWN} storageProfile.osDisk.managedDisk.diskEncryptionSet.id",
            f"the disk 0 {OWN} storageProfile.dataDisks.0.managedDisk.diskEncryptionSet.id",
            f"the system's disk {OWN} virtualMachineProfile.storageProfile.osDisk.managedDisk.diskEncryptionSet.id",
        ],
    ),
    Example(
        rule="disks-encrypted",
        what="disks of Azure with a set of keys, and one that is attached",
        resources=[
            make(DISK, encryption={"diskEncryptionSetId": SET}),
            machine(WITH_KEY, {"createOption": "Attach", "managedDisk": {"id": "/disk"}}),
        ],
    ),
    Example(
        rule="disks-encrypted",
        what="a disk of Azure of which nobody knows how it is made, and a machine of which nobody knows which it has",
        resources=[machine({"createOption": UNKNOWN}), make(MACHINE, storageProfile=UNKNOWN), make(MACHINE, vmName="wk1")],
        undecided=["storageProfile.osDisk.createOption", "storageProfile"],
    ),
    Example(
        rule="hosts-encrypt",
        what="a machine that says so as a text, and a scale set that says nothing",
        resources=[
            make(MACHINE, securityProfile={"encryptionAtHost": "true"}),
            make(SCALE_SET, virtualMachineProfile={"securityProfile": {}}),
        ],
        says=[
            "temporary disk and caches lie on the host in clear: set securityProfile.encryptionAtHost",
            "temporary disk and caches lie on the host in clear: set virtualMachineProfile.securityProfile.encryptionAtHost",
        ],
    ),
    Example(
        rule="hosts-encrypt",
        what="a machine that is encrypted at its host",
        resources=[make(MACHINE, securityProfile={"encryptionAtHost": True})],
    ),
    Example(
        rule="hosts-encrypt",
        what="a machine whose profile is not known yet",
        resources=[make(MACHINE, securityProfile=UNKNOWN)],
        undecided=["securityProfile.encryptionAtHost"],
    ),
    Example(
        rule="shares-encrypted",
        what="an account for shares of Azure with Azure's own key, and one that says nothing",
        resources=[
            make(ACCOUNT, kind="FileStorage", encryption={"keySource": "Microsoft.Storage"}),
            make(ACCOUNT, kind="FileStorage"),
        ],
        says=[f"the shares have a key of Azure's own: set encryption.keySource to Microsoft.Keyvault, and {PROPERTIES}"] * 2,
    ),
    Example(
        rule="shares-encrypted",
        what="an account for shares of Azure with a key of a vault, and one for everything",
        resources=[
            make(ACCOUNT, kind="FileStorage", encryption={"keySource": "Microsoft.Keyvault"}),
            make(ACCOUNT, kind="StorageV2"),
            make(WORKBOOK, kind="FileStorage"),
        ],
    ),
    Example(
        rule="shares-encrypted",
        what="an account for shares of Azure whose key is not known yet",
        resources=[make(ACCOUNT, kind="FileStorage", encryption=UNKNOWN)],
        undecided=["encryption.keySource"],
    ),
    Example(
        rule="no-passwords",
        what="machines of Linux with a password, by word and by silence",
        resources=[
            linux(linuxConfiguration={"disablePasswordAuthentication": False}),
            linux(adminPassword="p" + "w"),
            make(SCALE_SET, virtualMachineProfile={"osProfile": {"linuxConfiguration": {}}}),
        ],
        says=[
            f"a password opens the machine: set {OFF}",
            f"a password opens the machine: set {OFF}",
            f"a password opens the machine: set virtualMachineProfile.{OFF}",
        ],
    ),
    Example(
        rule="no-passwords",
        what="a machine with a key, two of Windows, and one from a disk",
        resources=[
            linux(linuxConfiguration={"disablePasswordAuthentication": True}),
            linux(adminPassword="p" + "w", windowsConfiguration={"provisionVMAgent": True}),
            make(MACHINE, osProfile={"adminPassword": "p" + "w"}, storageProfile={"osDisk": {"osType": "Windows"}}),
            make(MACHINE, storageProfile={"osDisk": {"createOption": "Attach"}}),
        ],
    ),
    Example(
        rule="no-passwords",
        what="a machine whose profile is not known yet",
        resources=[make(MACHINE, osProfile=UNKNOWN, storageProfile={})],
        undecided=[OFF],
    ),
    Example(
        rule="admin-ports-closed",
        what="rules of Azure that open ports of management to everybody, inside of a group and beside it",
        resources=[
            rule(),
            rule("3380-3400", "Internet", access="allow"),
            rule("*", "AzureCloud.westeurope", protocol="*"),
            rule(source="AzureCloud", protocol="Udp"),
            rule(source="Any"),
            rule(source="1.2.3.4/2"),
            rule(source="2600::/12"),
            make(
                GROUP,
                securityRules=[
                    {
                        "direction": "Inbound",
                        "access": "Allow",
                        "protocol": "Tcp",
                        "destinationPortRanges": ["2575", "5432"],
                        "sourceAddressPrefixes": ["10.0.0.0/8", "0.0.0.0/1"],
                    }
                ],
            ),
        ],
        config={"adminPorts": [22, 3389, 5432]},
        says=[
            f"* reaches port 22 (SSH){MANAGED}",
            f"Internet reaches port 3389 (RDP){MANAGED}",
            f"AzureCloud.westeurope reaches port 22 (SSH), 3389 (RDP), 5432 (PostgreSQL){MANAGED}",
            *[f"{source} reaches port 22 (SSH){MANAGED}" for source in ("AzureCloud", "Any", "1.2.3.4/2", "2600::/12")],
            f"0.0.0.0/1 reaches port 5432 (PostgreSQL), by securityRules.0{MANAGED}",
        ],
    ),
    Example(
        rule="admin-ports-closed",
        what="rules of Azure that refuse, lead out, name a network, or open another port",
        resources=[
            rule(access="Deny"),
            rule(direction="Outbound"),
            rule(source="VirtualNetwork"),
            rule(source="194.126.158.0/24"),
            rule("2575"),
            rule("*", protocol="Icmp"),
            rule("ssh"),
            rule("22-ssh"),
            rule(source="fd00::/16"),
            make(GROUP, flushConnection=True),
        ],
    ),
    Example(
        rule="admin-ports-closed",
        what="rules of Azure of which nobody knows who, what and whether",
        resources=[
            rule(source=UNKNOWN),
            rule(port=UNKNOWN),
            rule(access=UNKNOWN),
            rule(protocol=UNKNOWN),
            rule(source=None, sourceAddressPrefixes=UNKNOWN),
            make(GROUP, securityRules=UNKNOWN),
        ],
        undecided=[
            *("sourceAddressPrefix", "destinationPortRange", "protocol", "protocol", "sourceAddressPrefix"),
            "securityRules.sourceAddressPrefix",
        ],
    ),
    Example(
        rule="no-star",
        what="a role of Azure that allows whole services, and assignments of Owner and on a subscription",
        resources=[
            make(
                ROLE,
                permissions=[{"actions": ["Microsoft.Network/*", DISKS], "dataActions": ["*"]}],
            ),
            make(GIVEN, roleDefinitionId=f"{ROLES}/8E3AF657-a8ff-443c-a75c-2fe8c4bcb635", scope="/subscriptions/s/"),
            make(GIVEN, roleDefinitionId=f"{ROLES}/mine", scope=TENANT),
        ],
        says=[
            "permission 1 allows Microsoft.Network/*: name the actions",
            "permission 1 allows *: name the dataActions",
            "the role Owner allows nearly everything: give one that names its actions",
            "the role is given on /subscriptions/s/: give it on the resource, or on its group",
            f"the role is given on {TENANT}: give it on the resource, or on its group",
        ],
    ),
    Example(
        rule="no-star",
        what="a role of Azure that names its actions, given on a group",
        resources=[
            make(ROLE, permissions=[{"actions": [DISKS], "dataActions": []}]),
            make(GIVEN, roleDefinitionId=f"{ROLES}/mine", scope="/subscriptions/s/resourceGroups/g"),
        ],
    ),
    Example(
        rule="no-star",
        what="an assignment and roles of Azure of which nobody knows yet",
        resources=[
            make(GIVEN, roleDefinitionId=UNKNOWN, scope=UNKNOWN),
            make(ROLE, permissions=UNKNOWN),
            make(ROLE, permissions=[{"actions": UNKNOWN}]),
        ],
        undecided=["roleDefinitionId", "scope", "permissions", "permissions.0.actions"],
    ),
)
