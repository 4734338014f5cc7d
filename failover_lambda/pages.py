"""What a health page says besides its status: channels and dependencies that it names as down. Pure.

    {"channels_down": ["ADT_IN"], "dependencies_down": ["hospital-db"]}

Both members are optional, in a page that is one JSON object and may say anything else; nothing else of it is kept. The names
go to people, into mails and logs, so they are bounded in number and length and made printable here, in the prober, before
they travel. May import `model`.
"""

import json
from typing import Any, cast

from failover_lambda.model import Page

NAMES_MAX = 8
"""Names of one kind that a page may have; of more, the first in the order of the alphabet."""

NAME_CHARACTERS_MAX = 64
"""Longer ones are cut."""


def read(body: bytes) -> Page | None:
    """What a whole body names as down; None where it is no JSON object, and so says nothing of the kind."""
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, no text, or brackets nested by the thousand
        return None
    if not isinstance(said, dict):
        return None
    page = cast("dict[str, Any]", said)
    return Page(channels_down=_names(page.get("channels_down")), dependencies_down=_names(page.get("dependencies_down")))


def _names(value: object) -> tuple[str, ...]:
    """The names of a list of texts, in the order of the alphabet, so that equal pages give equal names."""
    if not isinstance(value, list):
        return ()
    texts = (text for text in cast("list[object]", value) if isinstance(text, str))
    names = {name for name in map(_printable, texts) if name}
    return tuple(sorted(names)[:NAMES_MAX])


def _printable(text: str) -> str:
    shown = "".join(character if " " <= character <= "~" else "?" for character in text.strip())
    return shown[:NAME_CHARACTERS_MAX].rstrip()
