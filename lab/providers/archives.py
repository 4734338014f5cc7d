"""The zip that a function's code becomes. Handlers, `lab` and its tests may import this file."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.providers.plain import AssetArchive, FileArchive, FileAsset, TextAsset

ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that equal sources give equal bytes: the earliest that the format can express."""


def zip_bytes(archive: FileArchive | AssetArchive) -> bytes:
    """The archive as a zip file; equal contents give equal bytes.

    Raises:
        OSError: a file that the archive names cannot be read.
        TypeError: an entry that is no asset and no archive.
    """
    if isinstance(archive, FileArchive) and Path(archive.path).is_file():
        return Path(archive.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in sorted(_entries(archive, "")):
            entry = zipfile.ZipInfo(name, ZIP_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, content)
    return buffer.getvalue()


def _entries(node: Any, name: str) -> Iterator[tuple[str, bytes]]:
    match node:
        case FileAsset(path=path):
            yield name, Path(path).read_bytes()
        case TextAsset(text=text):
            yield name, text.encode()
        case AssetArchive(assets=assets):
            for child, value in assets.items():
                yield from _entries(value, f"{name}/{child}" if name else child)
        case FileArchive(path=path):
            yield from _files_below(Path(path), name)
        case _:
            raise TypeError(f"an archive holds assets and archives; {name!r} is {type(node).__name__}")


def _files_below(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is in an archive as a folder, and there is no such folder")
    for file in folder.rglob("*"):
        if file.is_file():
            inside = file.relative_to(folder).as_posix()
            yield f"{name}/{inside}" if name else inside, file.read_bytes()
