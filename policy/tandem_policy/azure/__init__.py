"""Rules over resources of Pulumi's package `azure-native`, a file for each subject; the twins of `aws`.

What has no counterpart is named in the docstring of its file. Whole files without one: `kinds` (AWS's types and ids need
nothing of the kind), `roles` and on AWS `documents` (Azure has no documents: a role is a resource), `storage` (who may write
a table of AWS is said by policies alone).
"""

from tandem_policy.azure import address, encryption, logs, machines, ports, protection, roles, storage, watchdog, zones

__all__ = ["address", "encryption", "logs", "machines", "ports", "protection", "roles", "storage", "watchdog", "zones"]
