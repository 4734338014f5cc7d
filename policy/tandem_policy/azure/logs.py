"""Logs are kept as long as somebody chose. Azure keeps a workspace's for 30 days where nobody says.

No counterpart: `functions_have_log_groups`, because an app writes into the workspace that its Application Insights name,
and no group appears by itself.
"""

from tandem_policy.azure.kinds import kind_of
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, unknown_at


def logs_are_kept(resource: Resource, config: Config) -> Answers:
    """Each workspace says for how long."""
    if kind_of(resource) != "operationalinsights:Workspace":
        return
    days, minimum = resource.props.get("retentionInDays"), int(config["daysMin"])
    yield from unknown_at("retentionInDays", days)
    if days is UNKNOWN:
        return
    if not days:
        yield Finding("the workspace does not say how long it keeps its logs: set retentionInDays")
    elif int(days) < minimum:
        yield Finding(f"the workspace keeps its logs {int(days)} days, and {minimum} are wanted: raise retentionInDays")
