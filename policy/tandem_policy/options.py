"""What rules of both clouds may be told, once for both."""

from tandem_policy.values import integers, switch, texts

ALL = {"all": switch("Whether every resource of these types counts, not only those with the tag tandem:site.")}
ADDRESSES = {
    "addresses": texts("Addresses that a watchdog outside this stack moves: allocation ids (AWS), resource ids (Azure).")
}
DAYS_MIN = {"daysMin": integers(1, 30, "Fewest days that logs are kept.")}
ZONES_MIN = {"zonesMin": integers(1, 2, "Fewest zones of what stands in several.")}
