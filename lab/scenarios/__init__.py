"""Named scenarios: one fault each, played on a lab of its own, and judged from the raw logs.

`scenario.py` says what a scenario is, `registry.py` lists them; they lie by kind in `workers.py`, `watchdog.py`,
`record.py`, `zones.py`, `api.py` and `operators.py`. `stage.py` is what they play with, `runner.py` runs one, `verdict.py`
compares what was promised with what the checker found, `page.py` writes docs/FAULTS.md.
"""
