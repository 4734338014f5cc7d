"""A slip: a small mistake in one file of the program, such as a tired person makes. Plain text in, plain text out.

Whoever holds a trap names a slip that leads into it; the test of the tests makes the slip and looks who notices. Anybody in
`tests` may import this file.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


class SlipError(Exception):
    """The program has changed, and the slip cannot be made any more: it needs a new text."""


@dataclass(frozen=True)
class Slip:
    """`old`, which stands in the file exactly once, becomes `new`."""

    what: str
    """What went wrong, in words, for the page."""
    file: str
    """From the repository's folder."""
    old: str
    new: str
    refused: bool = False
    """Whether the mistaken program cannot be deployed where the check looks: then that is how the slip is noticed."""

    @property
    def module(self) -> str:
        """The module's name, as it is imported."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def made(self, root: Path = ROOT) -> str:
        """The file's text with the slip in it.

        Raises:
            SlipError: `old` does not stand there exactly once.
        """
        source = (root / self.file).read_text(encoding="utf-8")
        times = source.count(self.old)
        if times != 1:
            raise SlipError(f"the slip no longer applies ({self.what}): {self.file} holds {self.old!r} {times} times")
        return source.replace(self.old, self.new)
