"""Rules over resources of Pulumi's package `aws`, a file for each subject; the twins of `azure`."""

from tandem_policy.aws import address, documents, encryption, logs, machines, ports, protection, watchdog, zones

__all__ = ["address", "documents", "encryption", "logs", "machines", "ports", "protection", "watchdog", "zones"]
