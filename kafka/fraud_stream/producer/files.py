"""Files by suffix: plain, `.gz`, `.xz` or `.zst`, read and written as a stream."""

import gzip
import lzma
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, cast

import zstandard

GZIP_LEVEL = 3
"""Beyond it, a fifth of the size costs twice the time."""


@contextmanager
def reading(path: Path) -> Generator[IO[bytes]]:
    """The file's bytes, decompressed. Raises OSError."""
    open_packed = _OPENERS.get(path.suffix)
    with open_packed(path, "rb") if open_packed else path.open("rb") as file:
        yield file


@contextmanager
def writing(path: Path) -> Generator[IO[bytes]]:
    """Takes bytes and compresses them; the same bytes in give the same file. Raises OSError."""
    open_packed = _OPENERS.get(path.suffix)
    with open_packed(path, "wb") if open_packed else path.open("wb") as file:
        yield file


@contextmanager
def _gzip(path: Path, mode: str) -> Generator[IO[bytes]]:
    """Without name and time in the header, by which files would differ from run to run."""
    with path.open(mode) as plain, gzip.GzipFile("", mode, GZIP_LEVEL, plain, mtime=0) as packed:
        yield cast("IO[bytes]", packed)


_OPENERS: dict[str, Callable[[Path, str], AbstractContextManager[IO[bytes]]]] = {
    ".gz": _gzip,
    ".xz": cast("Any", lzma.open),
    ".zst": cast("Any", zstandard.open),
}


def labels_beside(path: Path) -> Path:
    """Where the labels of a file of orders go: `a.jsonl.gz` has `a.labels.jsonl.gz`."""
    name, dot, suffixes = path.name.partition(".")
    return path.with_name(f"{name}.labels{dot}{suffixes}")
