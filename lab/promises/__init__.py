"""The promises: what a failover must have kept, each one a pure function over the raw logs.

`case.py` is what they are given and what they return; the other files hold them by subject. They are joined in
`lab/checkers.py`, which is what the rest of the lab calls. Nothing here knows the watchdog.
"""
