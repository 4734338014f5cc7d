"""Twenty-five mistakes in what is written to Azure, one at a time; and who finds them. `test_azure_mistakes` plants each.

A mistake is one body of Resource Manager beside the sound one, over a pair that runs. Finders, by the words of `found_by`:

- `types KIND`: Microsoft's published types, by the judge of bodies, which is no part of this repository.
- `emulator CODE`: the lab's Resource Manager refuses it, at once or as the end of its operation, with this code.
- `checkov ID`: checkov, over the body as a template.
- `check NAME`: a check over the recorded program, where the program could make that mistake; `slip` is how it makes it.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lab.arm.settings import SUBSCRIPTION
from tests.lab.arm.clouds import (
    ADDRESS,
    BALANCER,
    COMPUTE,
    GROUP,
    LOCATION,
    NETWORK,
    SUBNET,
    VNET,
    address_body,
    balancer_body,
    nic_body,
    nic_id,
    nsg_id,
    rule_body,
    vm_body,
    vm_id,
)
from tests.lab.arm.test_vaults import DISK, VAULT, disk_body, vault_body

Json = dict[str, Any]

API: Mapping[str, str] = {
    "Microsoft.Network": "2024-05-01",
    "Microsoft.Compute/virtualMachines": "2024-11-01",
    "Microsoft.Compute/disks": "2024-03-02",
    "Microsoft.KeyVault/vaults": "2024-11-01",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Storage/storageAccounts/fileServices/shares": "2024-01-01",
    "Microsoft.Authorization/roleDefinitions": "2022-05-01-preview",
}
"""As the program asks for each."""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One, and the body that it was made in."""

    name: str
    kind: str
    path: str
    sound: Json
    wrong: Json
    found_by: tuple[str, ...]
    """Empty: nobody finds it."""
    slip: str = ""
    """The words of the slip that is this mistake in the program."""

    @property
    def api(self) -> str:
        """The version that it is written at."""
        return API.get(self.kind) or API[self.kind.partition("/")[0]]


def changed(body: Json, path: str, value: Any) -> Json:
    """The same with another value there; None takes it away. Numbers in the path are places of a list."""
    new = deepcopy(body)
    *way, last = path.split("/")
    inside: Any = new
    for step in way:
        inside = inside[int(step)] if isinstance(inside, list) else inside.setdefault(step, {})
    if value is None:
        del inside[last]
    else:
        inside[int(last) if isinstance(inside, list) else last] = value
    return new


CARD, HELD = nic_id("wk2"), "properties/ipConfigurations/0/properties"
GROUP_OF_WK2 = nsg_id("wk2")
FREE, SPARE = f"{NETWORK}/publicIPAddresses/free", f"{NETWORK}/publicIPAddresses/spare"
"""One that is made, and one that stands there."""
PARTNERS = rule_body(200, "Allow")["properties"] | {
    "sourceAddressPrefix": "194.126.158.0/24",
    "destinationPortRange": "2575",
    "protocol": "Tcp",
}
SECURITY = {
    "location": LOCATION,
    "properties": {"flushConnection": True, "securityRules": [{"name": "partners", "properties": PARTNERS}]},
}
RULE = "properties/securityRules/0/properties"
MEMBER = {"name": "wk1", "properties": {"ipAddress": "10.0.0.4", "virtualNetwork": {"id": VNET}, "adminState": "Up"}}
MEMBERS = "properties/backendAddressPools/0/properties/loadBalancerBackendAddresses"
POOLED = changed(balancer_body(), "properties/backendAddressPools/0/properties", {"loadBalancerBackendAddresses": [MEMBER]})
MACHINE = changed(vm_body("wk3"), "properties/networkProfile/networkInterfaces/0/id", nic_id("wk3"))
SEALED = changed(MACHINE, "properties/securityProfile", {"encryptionAtHost": True})
ZONAL = {"location": LOCATION, "zones": ["1"], "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}}
ATTACHED = {"lun": 0, "createOption": "Attach", "managedDisk": {"id": f"{COMPUTE}/disks/zonal"}}
WITH_DISK = changed(MACHINE, "properties/storageProfile/dataDisks", [ATTACHED])
MONITOR, CRITERIA = "Microsoft.Azure.Monitor", "properties/criteria"
ALERT = {
    "location": "global",
    "properties": {
        "severity": 1,
        "enabled": True,
        "scopes": [vm_id("wk1")],
        "evaluationFrequency": "PT1M",
        "windowSize": "PT5M",
        "criteria": {"odata.type": f"{MONITOR}.SingleResourceMultipleMetricCriteria", "allOf": []},
    },
}
SHARE = {"properties": {"shareQuota": 100}}
ROLE_ID = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
ROLE = {
    "properties": {
        "roleName": "watchdog of the pair",
        "assignableScopes": [GROUP],
        "permissions": [{"actions": ["Microsoft.Network/networkInterfaces/read"], "notActions": []}],
    }
}


def _of(kind: str, path: str, sound: Json) -> Any:
    """Makes mistakes of one body: name, where, what, and who finds it."""

    def made(name: str, where: str, value: Any, *found_by: str, slip: str = "") -> Mistake:
        wrong = changed(sound, where, value)
        return Mistake(name=name, kind=kind, path=path, sound=sound, wrong=wrong, found_by=found_by, slip=slip)

    return made


_card = _of("Microsoft.Network/networkInterfaces", CARD, nic_body("wk2"))
_address = _of("Microsoft.Network/publicIPAddresses", FREE, address_body())
_group = _of("Microsoft.Network/networkSecurityGroups", GROUP_OF_WK2, SECURITY)
_balancer = _of("Microsoft.Network/loadBalancers", BALANCER, POOLED)
_disk = _of("Microsoft.Compute/disks", DISK, disk_body())
_machine = _of("Microsoft.Compute/virtualMachines", vm_id("wk3"), SEALED)
_with_disk = _of("Microsoft.Compute/virtualMachines", vm_id("wk3"), WITH_DISK)
_vault = _of("Microsoft.KeyVault/vaults", f"{VAULT}2", vault_body(sku={"family": "A", "name": "standard"}))
_alert = _of("Microsoft.Insights/metricAlerts", f"{GROUP}/providers/Microsoft.Insights/metricAlerts/silence", ALERT)
_share = _of(
    "Microsoft.Storage/storageAccounts/fileServices/shares",
    f"{GROUP}/providers/Microsoft.Storage/storageAccounts/files/fileServices/default/shares/exchange",
    SHARE,
)
_role = _of("Microsoft.Authorization/roleDefinitions", f"{ROLE_ID}/11111111-0000-0000-0000-000000000000", ROLE)

MISTAKES: tuple[Mistake, ...] = (
    _card("a property in the wrong case", f"{HELD}/publicIpAddress", {"id": SPARE}, "types unknown"),
    _address("an allocation that there is not", "properties/publicIPAllocationMethod", "Fixed", "types open-enum"),
    _address("a SKU that there is not", "sku/name", "Standart", "types open-enum"),
    _balancer("an admin state that there is not", f"{MEMBERS}/0/properties/adminState", "Enabled", "types open-enum"),
    _group("an access that there is not", f"{RULE}/access", "Block", "types open-enum"),
    _disk("an encryption that there is not", "properties/encryption/type", "EncryptionAtRestWithOurKey", "types open-enum"),
    _card("a property that is read-only", "properties/macAddress", "00-0D-3A-00-00-01", "types read-only"),
    _group("a rule without a protocol", f"{RULE}/protocol", None, "types required", "emulator SecurityRuleInvalidProtocol"),
    _disk("a disk without creation data", "properties/creationData", None, "types required", "emulator InvalidParameter"),
    _address("zones as numbers", "zones", [1, 2, 3], "types type"),
    _machine(
        "encryption at host as a text",
        "properties/securityProfile/encryptionAtHost",
        "true",
        "types type",
        "checkov CKV_AZURE_151",
    ),
    _alert("a misspelt kind of criteria", f"{CRITERIA}/odata.type", f"{MONITOR}.SingleResourceCriteria", "types enum"),
    _card("an address that another card has", f"{HELD}/publicIPAddress", {"id": ADDRESS}, "emulator PublicIPAddressInUse"),
    _card("a subnet that is not there", f"{HELD}/subnet/id", f"{SUBNET}-2", "emulator InvalidResourceReference"),
    _card("a configuration without a subnet", f"{HELD}/subnet", None, "emulator SubnetNotSpecifiedForIPConfiguration"),
    _balancer("a balancer of another SKU than its address", "sku/name", "Basic", "emulator PublicIPAndLBSkuDoNotMatch"),
    _address(
        "a dynamic Standard address",
        "properties/publicIPAllocationMethod",
        "Dynamic",
        "emulator StandardSkuPublicIPAddressesCannotHaveDynamicAllocation",
        "check zones_of_the_address_are_written_out_and_are_all_of_them",
        slip="a dynamic address",
    ),
    _machine(
        "the card of another machine",
        "properties/networkProfile/networkInterfaces/0/id",
        nic_id("wk1"),
        "emulator NicInUse",
    ),
    _group(
        "port 22 open to everybody",
        RULE,
        PARTNERS | {"sourceAddressPrefix": "0.0.0.0/0", "destinationPortRange": "22"},
        "check default_rules_let_the_whole_network_in_so_the_last_rule_denies",
        slip="port 22 is open to everybody",
    ),
    _disk(
        "a disk without the stack's key",
        "properties/encryption",
        None,
        "checkov CKV_AZURE_2",
        "checkov CKV_AZURE_93",
        "check key_goes_after_the_set_the_disks_and_the_machines_and_is_protected",
        slip="data disks are left to the platform's key",
    ),
    _vault(
        "a vault without purge protection",
        "properties/enablePurgeProtection",
        None,
        "checkov CKV_AZURE_110",
        "check purge_protection_is_on_for_good",
        slip="a vault without purge protection",
    ),
    _group(
        "a priority below 100",
        f"{RULE}/priority",
        50,
        "emulator SecurityRuleInvalidPriority",
        "check priorities_are_in_range_once_each_and_the_fences_own_are_free",
        slip="the last rule is beyond the last number",
    ),
    _with_disk(
        "a disk of another zone than its machine",
        "zones",
        ["2"],
        "emulator BadRequest",
        "check disk_in_all_zones_names_none_and_any_other_stands_in_its_machines",
        slip="every data disk stands in the first worker's zone",
    ),
    _share("a share without room", "properties/shareQuota", 0),
    _role(
        "an action that there is not",
        "properties/permissions/0/actions/0",
        "Microsoft.Network/networkInterfaces/reed",
        "emulator InvalidActionOrNotAction",
        "check every_action_of_the_role_is_one_that_there_is",
        slip="an action that there is not",
    ),
)
