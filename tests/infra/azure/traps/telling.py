"""Traps of alerts, logs and the page (section 8 of the table)."""

import json
import uuid

from tests.infra.azure.traps.look import (
    ACTION_GROUP,
    ACTIVITY_ALERT,
    APP,
    CODE,
    COMPONENT,
    METRIC_ALERT,
    QUERY_RULE,
    WEB_TEST,
    WORKBOOK,
    WORKSPACE,
    condition,
    part,
    queries,
    trap,
)
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

ALARMS_FILE = "infra/azure/alarms.py"
DASHBOARD_FILE = "infra/azure/dashboard.py"
LOGS_FILE = "infra/azure/logs.py"
TELLING_FILE = "infra/azure/telling.py"


@trap(
    "8/absence-as-log-alert",
    slips=(
        Slip("a silence of five minutes", ALARMS_FILE, 'WINDOW = "PT10M"', 'WINDOW = "PT5M"'),
        Slip(
            "nobody hears of a question without an answer",
            ALARMS_FILE,
            "            enabled=True,\n            severity=1,\n            scopes=[question.id",
            "            enabled=False,\n            severity=1,\n            scopes=[question.id",
        ),
        Slip("the question from outside needs a key", ALARMS_FILE, 'ALIVE = "/api/alive"', 'ALIVE = "/api/tick"'),
        Slip(
            "a silent watchdog is not called",
            ALARMS_FILE,
            '[{"action_group_id": args["topic_id"]}, {"action_group_id": args["caller_id"]}]',
            '[{"action_group_id": args["topic_id"]}]',
        ),
    ),
)
def silence_is_looked_for_over_ten_minutes_and_a_second_time_from_outside(stand: Stand) -> None:
    usual = stand.usual
    assert queries(usual)["watchdog-silent"]["windowSize"] == "PT10M"
    question, alert = usual.only(WEB_TEST), usual.only(METRIC_ALERT).inputs
    host = usual.only(APP).outputs["defaultHostName"]
    assert question.inputs["request"]["requestUrl"] == f"https://{host}/api/alive"
    assert (alert["enabled"], alert["criteria"]["webTestId"]) == (True, question.id)
    assert alert["scopes"] == [question.id, usual.only(COMPONENT).id]
    assert len(question.inputs["locations"]) - 2 == alert["criteria"]["failedLocationCount"]
    groups = {part(usual, ACTION_GROUP, name).id for name in ("notices", "caller")}
    assert {each["actionGroupId"] for each in alert["actions"]} == groups


@trap(
    "8/count-in-the-query",
    slips=(
        Slip(
            "the query counts by itself",
            ALARMS_FILE,
            '| where isnotnull(figure) and figure {condition}"\n    )',
            '| where isnotnull(figure) and figure {condition} | count"\n    )',
        ),
        Slip("silence is many lines", ALARMS_FILE, "        operator=LESS,\n", ""),
    ),
)
def rule_on_silence_counts_raw_lines(stand: Stand) -> None:
    for name, rule in queries(stand.usual).items():
        asked = condition(rule)
        assert asked["timeAggregation"] == "Count", name
        assert not {"dimensions", "metricMeasureColumn"} & asked.keys()
        assert not asked["query"].rstrip().endswith("count")
        assert "summarize" not in asked["query"]
    silent = condition(queries(stand.usual)["watchdog-silent"])
    assert (silent["operator"], silent["threshold"]) == ("LessThan", 1)


@trap(
    "8/new-workspace",
    slips=(
        Slip(
            "queries are tried before there is a table",
            ALARMS_FILE,
            "            skip_query_validation=True,\n",
            "            skip_query_validation=False,\n",
        ),
        Slip(
            "a query wants a column that is not there yet",
            ALARMS_FILE,
            'parse_json(tostring(column_ifexists("Message", "")))',
            "parse_json(Message)",
        ),
        Slip(
            "the alarms wait for nothing",
            ALARMS_FILE,
            'storage_configured=False,\n            tags=tags(args["site"], args["tags"]),\n'
            '            opts=child(self, depends_on=args["after"]),\n',
            'storage_configured=False,\n            tags=tags(args["site"], args["tags"]),\n            opts=child(self),\n',
        ),
    ),
)
def new_workspace_has_no_table_yet_so_queries_are_not_tried_and_bear_it(stand: Stand) -> None:
    usual = stand.usual
    for rule in usual.of_type(QUERY_RULE):
        assert rule.inputs["skipQueryValidation"] is True
        assert rule.inputs["scopes"] == [usual.only(WORKSPACE).id]
        assert {usual.only(APP).urn, usual.only(CODE).urn, usual.only(WORKSPACE).urn} <= usual.needs(rule)
    for name, rule in queries(usual).items():
        query = condition(rule)["query"]
        assert name == "notices" or ("union isfuzzy=true AppTraces" in query and "column_ifexists" in query)


@trap(
    "8/death-of-a-rule",
    slips=(
        Slip(
            "nobody hears of a rule that the platform switched off",
            ALARMS_FILE,
            '        self._on_health("rules-health", "The rules that watch over the watchdog", '
            '"microsoft.insights/scheduledqueryrules")\n',
            "",
        ),
    ),
)
def rule_that_the_platform_switched_off_is_told_by_another_one(stand: Stand) -> None:
    watched = {
        each["equals"]
        for alert in stand.usual.of_type(ACTIVITY_ALERT)
        for each in alert.inputs["condition"]["allOf"]
        if each["field"] == "resourceType"
    }
    assert "microsoft.insights/scheduledqueryrules" in watched


@trap(
    "8/one-minute-and-mute",
    slips=(
        Slip(
            "every rule runs each minute",
            ALARMS_FILE,
            "            every=EVERY,\n",
            "            every=AT_ONCE,\n",
        ),
        Slip(
            "a rule is muted and resolves itself",
            ALARMS_FILE,
            '            mute="PT5M",\n',
            '            mute="PT5M",\n            auto_mitigate=True,\n',
        ),
        Slip(
            "notices are told again each minute",
            ALARMS_FILE,
            '            mute="PT5M",\n',
            "",
        ),
        Slip(
            "notices are looked for with a join of tables",
            ALARMS_FILE,
            """NOTICES = f\"\"\"{LINES} | where""",
            """NOTICES = f\"\"\"union isfuzzy=true {LINES} | where""",
        ),
    ),
)
def rule_of_one_minute_asks_one_table_plainly_and_mute_and_resolve_exclude_each_other(stand: Stand) -> None:
    for name, rule in queries(stand.usual).items():
        muted = "muteActionsDuration" in rule
        assert muted is not rule["autoMitigate"], name
        if rule["evaluationFrequency"] == "PT1M":
            assert condition(rule)["query"].startswith("AppTraces | where ")
            assert not [
                word for word in ("union", "join", "extend", "summarize", "|  take") if word in condition(rule)["query"]
            ]
    notices = queries(stand.usual)["notices"]
    assert (notices["evaluationFrequency"], notices["windowSize"], notices["muteActionsDuration"]) == (
        "PT1M",
        notices["windowSize"],
        "PT5M",
    )
    assert '"event":"notice"' in condition(notices)["query"]


@trap(
    "8/action-group",
    slips=(
        Slip("an action group in a region", TELLING_FILE, 'EVERYWHERE = "global"', 'EVERYWHERE = "westeurope"'),
        Slip("mails in the older form", TELLING_FILE, '"use_common_alert_schema": True', '"use_common_alert_schema": False'),
        Slip(
            "a short name of fourteen",
            TELLING_FILE,
            'physical(Kind.SHORT_NAME, "tandem-call")',
            '"tandem-watched"',
        ),
        Slip(
            "the group that calls is written again and loses its receiver",
            TELLING_FILE,
            'opts=child(self, ignore_changes=["*"]),',
            "opts=child(self),",
        ),
    ),
)
def action_groups_are_global_with_short_names_and_the_common_schema(stand: Stand) -> None:
    for group in stand.usual.of_type(ACTION_GROUP):
        assert (group.inputs["location"], group.inputs["enabled"]) == ("global", True)
        assert 1 <= len(group.inputs["groupShortName"]) <= 12
    assert stand.usual.only(METRIC_ALERT).inputs["location"] == "global"
    assert part(stand.usual, ACTION_GROUP, "caller").ignore_changes == ("*",)
    mails = part(stand.usual, ACTION_GROUP, "notices").inputs["emailReceivers"]
    assert [each["emailAddress"] for each in mails] == ["on-call@hospital.test", "second@hospital.test"]
    assert {each["useCommonAlertSchema"] for each in mails} == {True}


@trap(
    "8/insights-and-workspace",
    slips=(
        Slip(
            "the component makes a workspace of its own",
            LOGS_FILE,
            "            workspace_resource_id=workspace.id,\n",
            "",
        ),
        Slip(
            "a workspace gets its old lines back",
            LOGS_FILE,
            '            sku={"name": "PerGB2018"},\n',
            '            sku={"name": "PerGB2018"},\n            workspace_name="logs",\n',
        ),
        Slip(
            "lines are kept for a week",
            LOGS_FILE,
            'max(args["log_retention_days"], RETENTION_MIN_DAYS)',
            'args["log_retention_days"]',
        ),
        Slip("one line of two is dropped", LOGS_FILE, "sampling_percentage=100", "sampling_percentage=50"),
    ),
)
def component_writes_every_line_into_a_workspace_with_a_name_of_its_own(stand: Stand) -> None:
    for variant in (Variant.USUAL, Variant.OTHER):
        deployment = stand.of(variant)
        workspace, component = deployment.only(WORKSPACE), deployment.only(COMPONENT)
        assert "workspaceName" not in workspace.inputs
        assert len(f"{workspace.name}1a2b3c4d") <= 63
        assert workspace.inputs["retentionInDays"] >= 30
        assert component.inputs["workspaceResourceId"] == workspace.id
        assert component.inputs["samplingPercentage"] == 100


@trap(
    "8/workbook-guid",
    slips=(
        Slip(
            "the page is called after its site",
            DASHBOARD_FILE,
            'resource_name_=workbook_guid(args["group_id"]),',
            "resource_name_=site,",
        ),
        Slip(
            "another page at each run",
            DASHBOARD_FILE,
            'return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{group_id.lower()}/workbook"))',
            "return str(uuid.uuid4())",
        ),
    ),
)
def name_of_the_page_is_a_guid_and_the_same_at_every_run(stand: Stand) -> None:
    page = stand.usual.only(WORKBOOK).inputs

    name = uuid.UUID(page["resourceName"])
    assert (str(name), name.version) == (page["resourceName"], 5)
    assert json.loads(page["serializedData"])["version"] == "Notebook/1.0"
    assert page["kind"] == "shared"


@trap(
    "8/metric-rules",
    slips=(
        Slip(
            "a rule on a metric that the watchdog does not have",
            ALARMS_FILE,
            '                "failed_location_count": MISSED_BY,\n            },\n            auto_mitigate=True,\n',
            '                "failed_location_count": MISSED_BY,\n            },\n            auto_mitigate=True,\n'
            '            target_resource_type="Microsoft.Insights/components",\n',
        ),
    ),
)
def no_alert_stands_on_a_custom_metric_that_may_have_no_samples(stand: Stand) -> None:
    (alert,) = stand.usual.of_type(METRIC_ALERT)

    assert alert.inputs["criteria"]["odataType"] == "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria"
    assert "targetResourceType" not in alert.inputs
