"""Measurements on one warm lab: `python -m bench`, or `make bench`. It measures; it asserts nothing."""
