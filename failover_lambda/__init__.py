"""The watchdog: decides who serves a site, and moves the address.

Self-contained, so that it travels alone in a zip. Start with `rule.py` (the decision, pure), then `cycle.py` (the order of
effects), then `aws/arbiter.py` (where real parts are joined).
"""
