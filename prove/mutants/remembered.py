"""First runs that are kept between two runs of the check, for whoever writes tests: valid while nothing has changed."""

import hashlib
import pickle
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


class Memory:
    """Answers of children in files, each under a digest of everything that the answer may depend on."""

    def __init__(self, below: Path | None, root: Path, common: Iterable[Path], what: Sequence[str]) -> None:
        """`below` None = nothing is kept. `common`: the files on which every answer depends; `what`: what was asked."""
        self._below = below
        self._root = root
        said = "\n".join((sys.version, *what)).encode()
        self._common = said + b"".join(self._digest(file) for file in sorted(common)) if below else b""

    def _digest(self, file: Path) -> bytes:
        return hashlib.sha256(f"{file}\n".encode() + (self._root / file).read_bytes()).digest()

    def _file(self, tests: Sequence[str]) -> Path | None:
        if self._below is None:
            return None
        own = self._digest(Path(tests[0].partition("::")[0]))
        whole = hashlib.sha256(self._common + own + "\n".join(tests).encode())
        return self._below / f"{whole.hexdigest()[:32]}.pickle"

    def recall(self, tests: Sequence[str]) -> Any:
        """What was kept for these tests of one file; None where nothing is."""
        file = self._file(tests)
        return pickle.loads(file.read_bytes()) if file and file.exists() else None  # noqa: S301 - written by `keep`

    def keep(self, tests: Sequence[str], answer: Any) -> None:
        """Keep it for the next time."""
        file = self._file(tests)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL))
