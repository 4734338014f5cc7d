"""The proof: the real rule, searched exhaustively in small worlds (`search`), with guards taken out (`controls`).

`python -m prove` is the way in. Nothing here is shipped with the watchdog; the rule is imported and never written again.
"""
