"""A scorer's state as bytes, and back: the records that a window can still reach, nothing else.

The same state gives the same bytes, whatever rule set it was kept for and however it came about.
They come in chunks, each its length and then a document in MessagePack: a heading, portions of
orders, portions of labels, an ending. The chunks one after the other are the whole.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from fraud_core.errors import RuleError
from fraud_stream.scoring.columns import LABEL_COLUMNS, ORDER_COLUMNS, Portion, Reader, Writer
from fraud_stream.scoring.features.catalogue import RETENTION
from fraud_stream.scoring.features.history import Histories
from fraud_stream.scoring.features.table import Record

FORMAT = 2
PORTION = 4_000
"""Records a chunk: a few milliseconds of work, so that encoding in a thread lets others in."""
_LENGTH = 4


class Heading(msgspec.Struct, array_like=True, frozen=True, tag="scorer"):
    """The first chunk; `columns` guards against records of another layout."""

    format: int
    columns: tuple[str, ...]
    newest: int


class Ending(msgspec.Struct, array_like=True, frozen=True, tag="end"):
    """The last chunk: how many records there were."""

    orders: int
    labels: int


_DOCUMENT = msgspec.msgpack.Decoder(Heading | Portion | Ending)
_COLUMNS = (*ORDER_COLUMNS, "|", *LABEL_COLUMNS)


class FrozenState(msgspec.Struct, frozen=True):
    """The state at one moment. Records never change, so it can be encoded while orders go on.

    Taking it is a copy of references, some milliseconds for a million orders. Encoding may run in
    another thread; each chunk holds the interpreter for some milliseconds.
    """

    newest: int
    orders: list[Record]
    labels: list[Record]

    def chunks(self) -> Iterator[bytes]:
        """The snapshot's bytes, a chunk at a time."""
        yield _framed(Heading(FORMAT, _COLUMNS, self.newest))
        writer, floor, counts = Writer(), self.newest - max(RETENTION.values()), [0, 0]
        for of_labels, records in ((False, self.orders), (True, self.labels)):
            reachable = (record for record in records if record[0] >= floor)
            while rows := list(islice(reachable, PORTION)):
                counts[of_labels] += len(rows)
                yield _framed(writer.portion(rows, of_labels=of_labels))
        yield _framed(Ending(*counts))

    def encode(self) -> bytes:
        """All chunks in one."""
        return b"".join(self.chunks())


def freeze(state: Histories) -> FrozenState:
    """All of the state, as it is now."""
    return FrozenState(state.newest, list(state.orders), list(state.labels))


def read_snapshot(chunks: Iterable[bytes], state: Histories) -> None:
    """Replace `state` by what was written, cut into whatever pieces.

    Raises RuleError for anything but a whole snapshot of this version, and leaves `state` alone.
    """
    try:
        newest, orders, labels = _content(_DOCUMENT.decode(d) for d in _documents(chunks))
    except (msgspec.MsgspecError, ValueError, IndexError) as error:
        raise RuleError(
            f"not a snapshot of this version: {error}; rebuild the state from landed orders"
        ) from error
    state.replace(newest, orders, labels)


def _content(documents: Iterator[object]) -> tuple[int, list[Record], list[Record]]:
    """(newest, orders, labels). Raises ValueError."""
    reader, orders, labels = Reader(), list[Record](), list[Record]()
    match next(documents, None):
        case Heading(format=format_, columns=columns, newest=newest):
            if (format_, columns) != (FORMAT, _COLUMNS):
                raise ValueError("its records are laid out in another way")
        case _:
            raise ValueError("it has no heading")
    ending: object = None
    for ending in documents:
        if isinstance(ending, Portion):
            (labels if ending.of_labels else orders).extend(reader.rows(ending))
    if ending != Ending(len(orders), len(labels)):
        raise ValueError("a part of it is missing")
    return newest, orders, labels


def _framed(document: msgspec.Struct) -> bytes:
    encoded = msgspec.msgpack.encode(document)
    return len(encoded).to_bytes(_LENGTH, "big") + encoded


def _documents(pieces: Iterable[bytes]) -> Iterator[memoryview]:
    """Whole documents, wherever the pieces were cut. Raises ValueError when the end is missing."""
    left = b""
    for piece in pieces:
        left = left + piece if left else piece
        view, at = memoryview(left), 0
        while len(left) - at >= _LENGTH:
            end = at + _LENGTH + int.from_bytes(view[at : at + _LENGTH], "big")
            if end > len(left):
                break
            yield view[at + _LENGTH : end]
            at = end
        left = left[at:]
    if left:
        raise ValueError(f"{len(left)} bytes of an unfinished chunk at the end")
