"""Files by suffix: plain, `.gz`, `.bz2`, `.xz` or `.zst`, read and written as a stream."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_LEVEL = 3
"""Beyond it, a fifth of the size costs twice the time."""
ZSTD_READ_BYTES = 16 * 1024
"""Packed bytes unpacked at once: few, because each can stand for thousands."""
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
"""What a file can make of `reading` and of each read: not there, cut short, or bad bytes."""


@contextmanager
def reading(path: Path) -> Generator[IO[bytes]]:
    """The file's bytes, decompressed. Opening and each read raise UNREADABLE."""
    if promises_another_packing(path):
        raise OSError(f"{path.suffix} is not unpacked here: unpack it, or pack it as {_ANY_PACKED}")
    open_packed = _OPENERS.get(path.suffix.lower())
    with open_packed(path, "rb") if open_packed else path.open("rb") as file:
        yield file


@contextmanager
def writing(path: Path) -> Generator[IO[bytes]]:
    """Takes bytes and compresses them; the same bytes in give the same file. Raises OSError."""
    open_packed = _OPENERS.get(path.suffix.lower())
    with open_packed(path, "wb") if open_packed else path.open("wb") as file:
        yield file


@contextmanager
def _gzip(path: Path, mode: str) -> Generator[IO[bytes]]:
    """Without name and time in the header, by which files would differ from run to run."""
    with path.open(mode) as plain, gzip.GzipFile("", mode, GZIP_LEVEL, plain, mtime=0) as packed:
        yield cast("IO[bytes]", packed)


@contextmanager
def _zstd(path: Path, mode: str) -> Generator[IO[bytes]]:
    """Read by frames: zstandard's own reader ends after the first, and silently where it is cut."""
    if mode == "wb":
        with zstandard.open(path, mode) as packed:
            yield cast("IO[bytes]", packed)
    else:
        with path.open(mode) as plain, io.BufferedReader(_ZstdFrames(plain)) as unpacked:
            yield unpacked


class _ZstdFrames(io.RawIOBase):
    """What is in the frames of a file; raises EOFError where the last one has no end."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer as far as what is unpacked goes; 0 is the end."""
        while not self._ready and (packed := self._next_packed()):
            self._ready = memoryview(self._frame.decompress(packed))
        space = memoryview(buffer)
        size = min(len(space), len(self._ready))
        space[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _next_packed(self) -> bytes:
        packed = self._frame.unused_data or self._packed.read(ZSTD_READ_BYTES)
        if packed and self._frame.eof:
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        elif not packed and not self._frame.eof:
            raise EOFError("the file is cut: its last frame has no end")
        return packed


_OPENERS: dict[str, Callable[[Path, str], AbstractContextManager[IO[bytes]]]] = {
    ".gz": _gzip,
    ".bz2": cast("Any", bz2.open),
    ".xz": cast("Any", lzma.open),
    ".zst": _zstd,
}
PACKED = tuple(_OPENERS)
"""The suffixes of packed files that are read and written."""
_ANY_PACKED = f"{', '.join(PACKED[:-1])} or {PACKED[-1]}"
_OTHER_PACKED = {".7z", ".br", ".lz", ".lz4", ".lzma", ".rar", ".sz", ".tgz", ".z", ".zip"}


def promises_another_packing(path: Path) -> bool:
    """Whether the name promises bytes in a form that is neither read nor written here."""
    return path.suffix.lower() in _OTHER_PACKED


def labels_beside(path: Path) -> Path:
    """Where the labels of a file of orders go: `a.jsonl.gz` has `a.labels.jsonl.gz`."""
    name, dot, suffixes = path.name.partition(".")
    return path.with_name(f"{name}.labels{dot}{suffixes}")
