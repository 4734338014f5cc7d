"""Azure's side of the watchdog: one adapter per port, each passes the suite that AWS's passes (`tests/contract/`)."""
