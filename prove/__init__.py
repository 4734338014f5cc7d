"""The proof of the rule: searched exhaustively in small worlds, simulated in large ones, and made wrong in every place once.

`python -m prove` is the way in. Nothing here is shipped with the watchdog; the rule is imported and never written again.
"""
