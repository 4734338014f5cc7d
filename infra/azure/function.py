"""The function app with what belongs to it: plan, settings, and the deployment of its code.

Flex Consumption has one way to bring code: a deployment that names an address from which the platform fetches it. There is
no class for that, so it is an inline template. The app's own `siteConfig` is left out: the SDK would fill it with what this
plan refuses (pulumi-azure-native#4168). Its settings are one resource: each write replaces all of them.

No counterpart: `LOG_GROUP_PREFIX`, `log_group_name` (`logs`), `CommonArgs`; in `Function` `arn`; in `FunctionArgs`
`handler`, `runtime`, `architecture`, `timeout_s`, `reserved_concurrency`, `log_retention_days`, `key_arn`, `policy`,
`subnet_ids` and `group_ids`. Azure's alone: in `Function` `host_name`, `app_id`, in `FunctionArgs` `python`, `subnet_id`,
`identity_id`, `package_url`, `bundle_url`, `bundle_digest`, `after`.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.azure.bundle import MARK_LENGTH
from infra.naming import Kind, physical, tags
from infra.shapes import child

TIMER = "tick"
"""The function that the timer starts; so is the one behind HTTP called, in a scale group of its own."""

SCALE_GROUPS = ("http", f"function:{TIMER}")
"""All HTTP functions are one scale group, and every timer is one of its own: both are kept ready, or one of them sleeps."""

ALWAYS_READY = 2
"""Instances of each scale group that always run. In a plan of all zones there are never fewer (Azure Functions,
"Reliability", read 2026-11-21)."""
INSTANCES_MAX = 40
"""The fewest that a plan takes as its most (same source, "Flex Consumption plan")."""

ONE_DEPLOY_API = "2022-09-01"


class FunctionArgs(Place):
    """Arguments of `Function`."""

    function_name: str
    memory_mb: int
    python: str
    environment: pulumi.Input[Mapping[str, str]]
    subnet_id: pulumi.Input[str]
    identity_id: pulumi.Input[str]
    package_url: pulumi.Input[str]
    """The container in which the platform keeps the code that it runs."""
    bundle_url: pulumi.Input[str]
    """Whence it fetches it."""
    bundle_digest: str
    after: Sequence[pulumi.Resource]
    """What the function acts on, and what lets it act: it is destroyed before any of that is."""


class Function(pulumi.ComponentResource):
    """An app of one plan."""

    app_id: pulumi.Output[str]
    host_name: pulumi.Output[str]
    function_name: pulumi.Output[str]
    """Known once the app exists."""

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Function", name, {}, opts)
        self._name = name
        self._args = args
        self.app = self._app(self._plan())
        settings = azure.web.WebAppApplicationSettings(
            f"{name}-watchdog",
            name=self.app.name,
            resource_group_name=args["group"],
            properties=args["environment"],
            opts=child(self),
        )
        # The code after its settings: it would start without knowing its site.
        self.code = self._code([settings])
        self.app_id = self.app.id
        self.function_name = self.app.name
        self.host_name = self.app.default_host_name
        self.register_outputs({"app_id": self.app_id})

    def _plan(self) -> azure.web.AppServicePlan:
        args = self._args
        return azure.web.AppServicePlan(
            f"{self._name}-watchdog",
            name=physical(Kind.PLAN, f"{args['site']}-watchdog"),
            resource_group_name=args["group"],
            location=args["region"],
            kind="functionapp",
            sku={"name": "FC1", "tier": "FlexConsumption"},
            # Linux.
            reserved=True,
            # Else the one instance may stand in the zone that is lost, with the holder.
            zone_redundant=True,
            tags=tags(args["site"], args["tags"]),
            opts=child(self),
        )

    def _app(self, plan: azure.web.AppServicePlan) -> azure.web.WebApp:
        args = self._args
        return azure.web.WebApp(
            f"{self._name}-watchdog",
            name=args["function_name"],
            resource_group_name=args["group"],
            location=args["region"],
            kind="functionapp,linux",
            server_farm_id=plan.id,
            reserved=True,
            https_only=True,
            client_affinity_enabled=False,
            public_network_access="Enabled",
            identity={
                "type": azure.web.ManagedServiceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args["identity_id"]],
            },
            virtual_network_subnet_id=args["subnet_id"],
            function_app_config={
                "deployment": {
                    "storage": {
                        "type": "blobContainer",
                        "value": args["package_url"],
                        "authentication": {
                            "type": "UserAssignedIdentity",
                            "user_assigned_identity_resource_id": args["identity_id"],
                        },
                    }
                },
                "runtime": {"name": "python", "version": args["python"]},
                "scale_and_concurrency": {
                    "always_ready": [{"name": group, "instance_count": ALWAYS_READY} for group in SCALE_GROUPS],
                    "maximum_instance_count": INSTANCES_MAX,
                    "instance_memory_mb": args["memory_mb"],
                },
            },
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"]),
        )

    def _code(self, after: Sequence[pulumi.Resource]) -> azure.resources.Deployment:
        args = self._args
        return azure.resources.Deployment(
            f"{self._name}-code",
            # Another bundle is another deployment. What the template says besides is never compared: it has a new address to
            # fetch from each time.
            deployment_name=physical(Kind.DEPLOYMENT, f"{args['site']}-{args['bundle_digest'][:MARK_LENGTH]}"),
            resource_group_name=args["group"],
            properties={
                "mode": azure.resources.DeploymentMode.INCREMENTAL,
                "template": one_deploy(args["function_name"]),
                "parameters": {"packageUri": {"value": args["bundle_url"]}},
            },
            opts=child(self, depends_on=after, ignore_changes=["properties"]),
        )


def one_deploy(function_name: str) -> Mapping[str, object]:
    """The template of a deployment of code; its parameter is secret, so Azure does not show it afterwards."""
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"packageUri": {"type": "securestring"}},
        "resources": [
            {
                "type": "Microsoft.Web/sites/extensions",
                "apiVersion": ONE_DEPLOY_API,
                "name": f"{function_name}/onedeploy",
                # The package brings everything: nothing is built, and so nothing is fetched, on the way.
                "properties": {"packageUri": "[parameters('packageUri')]", "remoteBuild": False},
            }
        ],
    }
