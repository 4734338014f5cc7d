"""Rules over resources of Pulumi's package `azure-native`, a file for each subject; the twins of `aws`."""

from tandem_policy.azure import address, encryption, logs, machines, ports, protection, roles, storage, watchdog, zones

__all__ = ["address", "encryption", "logs", "machines", "ports", "protection", "roles", "storage", "watchdog", "zones"]
