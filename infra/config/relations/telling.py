"""Rules about who is told."""

from collections import Counter
from collections.abc import Iterator

from infra.config.faults import Fault
from infra.config.keys import NAME_READERS, StackConfig
from infra.config.relations.registry import relation

DOCUMENTATION_DOMAINS = ("example.org", "example.com", "example.net")
"""RFC 2606: nobody reads mail there. The shipped stack files have them."""


@relation(StackConfig, "alert_emails", real_cloud_only=True)
def _addresses_are_no_placeholders(config: StackConfig) -> Iterator[Fault]:
    for address in dict.fromkeys(config.alert_emails):
        domain = address.rpartition("@")[2].lower()
        if any(f".{domain}".endswith(f".{each}") for each in DOCUMENTATION_DOMAINS):
            found = f"{address}, in a domain for documentation, where nobody reads mail"
            yield Fault("alertEmails", found, "addresses that somebody reads", NAME_READERS)


@relation(StackConfig, "alert_emails")
def _nobody_is_told_twice(config: StackConfig) -> Iterator[Fault]:
    for address, times in Counter(config.alert_emails).items():
        if times > 1:
            yield Fault("alertEmails", f"{address} {times} times", "each address once", "remove the repetition")
