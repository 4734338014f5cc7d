"""The port `Sites`: the items `site#SITE` of the record table that belong to a shard.

The table has no order to ask by, so it is scanned, page by page, a minute apart; a thousand sites with their records are
three pages or so. A scan that does not come to its end tells nothing: a site that is only not read yet would be taken for
one that left. May import `contract`, `sites` and `items`.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from failover_lambda.aws.items import asked, typed
from failover_lambda.contract import RECORD_KEY, SITE_PREFIX
from failover_lambda.errors import StoreUnavailableError
from failover_lambda.sites import FleetSettings, Listed, listed, shard_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

PAGES_MAX: Final = 100
"""A megabyte each: more than the sites of one watchdog can fill."""

SETTINGS: Final = "settings"
"""The attribute that holds a site's settings, a JSON object as in `sites`."""


class LiveSites:
    """See `ports.Sites`."""

    def __init__(self, fleet: FleetSettings, dynamodb: "DynamoDBClient") -> None:
        self._fleet = fleet
        self._dynamodb = dynamodb

    def list(self) -> "Sequence[Listed]":
        """One Scan with ConsistentRead for each page."""
        found: dict[str, Listed] = {}
        more: dict[str, Any] = {}
        for _ in range(PAGES_MAX):
            page = self._page(more)
            for item in page["Items"]:
                site = item[RECORD_KEY]["S"].removeprefix(SITE_PREFIX)
                if str(shard_of(site, self._fleet.shards)) == self._fleet.shard:
                    found[site] = listed(site, item.get(SETTINGS, {}).get("S"), self._fleet)
            if not page.get("LastEvaluatedKey"):
                return tuple(found.values())
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        raise StoreUnavailableError(f"list the sites: more than {PAGES_MAX} pages")

    def _page(self, more: dict[str, Any]) -> dict[str, Any]:
        call = partial(
            self._dynamodb.scan,
            TableName=self._fleet.record_table,
            ConsistentRead=True,
            FilterExpression="begins_with(#pk, :prefix)",
            ProjectionExpression="#pk, #settings",
            ExpressionAttributeNames={"#pk": RECORD_KEY, "#settings": SETTINGS},
            ExpressionAttributeValues={":prefix": typed(SITE_PREFIX)},
            **more,
        )
        page: dict[str, Any] = asked("list the sites", call)
        if "Items" not in page:
            raise StoreUnavailableError("list the sites: an answer without items")
        return page
