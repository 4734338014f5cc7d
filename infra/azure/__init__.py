"""The program on Azure, the twin of `infra.aws`: one component per layer; `pair.py` composes them.

Components take one TypedDict called `args` and postpone no annotations, so that Pulumi can publish them for other languages.
Files, classes, arguments and outputs have the names that they have on AWS, and a test compares them; where a file differs,
its docstring names what differs, and why.

`program.py` is what `infra.__main__` calls, `planned.py` what it computes before anything exists.

Files of AWS without a counterpart: `alarms.py` has one, but `balancer_alarms.py`, `sharing.py` (both workers serve: not in
this version), `dead_letters.py`, `schedule.py`, `rules.py`, `state_change.py` (the timer is part of the app; the platform's
word on a machine is an alert), `lookups.py`, `survey.py`, `existing.py`, `existing_network.py` (the program asks nothing
before, and existing networks are not in this version), `egress.py` (a NAT gateway), `endpoints.py`, `services.py` (no
private endpoints), `environment.py` (Azure has no limit that matters), `flow_logs.py` (not in this version).

Files of Azure's alone: `account.py`, `bundle.py`, `hosts.py`, `locks.py`, `logs.py`, `planned.py` (AWS needs hardly any
of it), `storage.py`.
"""
