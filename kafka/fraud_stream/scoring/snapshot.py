"""A scorer's state as bytes, and back: the records that a window can still reach, nothing else.

The same state gives the same bytes, whatever rule set it was kept for and however it came about.
They come in chunks, each its length and then a document in MessagePack: a heading, portions of
orders, portions of labels, an ending. The chunks one after the other are the whole. It can also be
written in parts, each of what was taken in since the one before.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import msgspec

from fraud_core.errors import RuleError
from fraud_stream.scoring.columns import (
    LABEL_COLUMNS,
    ORDER_COLUMNS,
    Columns,
    Portion,
    Taken,
    Texts,
    records_in,
)
from fraud_stream.scoring.features.catalogue import RETENTION

FORMAT = 3
PORTION = 2_000
"""Records a chunk: a few milliseconds of work, so that encoding in a thread lets others in."""
_LENGTH = 4
_REACH = max(RETENTION.values())


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


class Frozen(Protocol):
    """What both forms of the state give when frozen."""

    @property
    def newest(self) -> int:
        """The newest event time."""
        ...

    def rewind(self) -> None:
        """Let the portions begin anew."""
        ...

    def portion(self, of_labels: bool, floor: int, most: int, /) -> tuple[Texts, Columns] | None:
        """The next records no older than `floor`, or None at the end."""
        ...


class State(Protocol):
    """What snapshots are put back into."""

    def load(self, of_labels: bool, texts: Texts, columns: Columns, /) -> int:
        """Take in a portion; how many records it had."""
        ...

    def loaded(self) -> None:
        """No more portions of this snapshot will come; what no window reaches is let go."""
        ...

    def taken(self) -> Taken:
        """How much it has ever taken in."""
        ...


S = TypeVar("S", bound=State)


class FrozenState(msgspec.Struct, frozen=True):
    """What a state took in between two moments, to be encoded while orders go on.

    Taking it costs microseconds in the compiled form and some milliseconds a million orders in
    Python. Encoding may run in another thread; each chunk holds the interpreter for some
    milliseconds. Hold it no longer than needed: the compiled form drops nothing meanwhile.
    """

    records: Frozen

    def chunks(self) -> Iterator[bytes]:
        """The snapshot's bytes, a chunk at a time."""
        newest, counts = self.records.newest, [0, 0]
        yield _framed(Heading(FORMAT, _COLUMNS, newest))
        self.records.rewind()
        for of_labels in (False, True):
            while found := self.records.portion(of_labels, newest - _REACH, PORTION):
                counts[of_labels] += records_in(found[1])
                yield _framed(Portion(of_labels, *found))
        yield _framed(Ending(*counts))

    def encode(self) -> bytes:
        """All chunks in one."""
        return b"".join(self.chunks())


def read_snapshots(
    snapshots: Iterable[Iterable[bytes]], start: Callable[[int], S]
) -> tuple[S, list[Taken]]:
    """The state that was written in one or more, each of what came after the one before it.

    Each may be cut into whatever pieces. `start` makes a state by its newest time. Returned with it
    is how much it had taken in with each of them. Raises RuleError for anything but whole snapshots
    of this version.
    """
    state: S | None = None
    taken: list[Taken] = []
    try:
        for pieces in snapshots:
            state = _take_in(state, start, (_DOCUMENT.decode(d) for d in _documents(pieces)))
            taken.append(state.taken())
    except (msgspec.MsgspecError, ValueError, TypeError, IndexError, ArithmeticError) as error:
        raise RuleError(
            f"not a snapshot of this version: {error}; rebuild the state from landed orders"
        ) from error
    if state is None:
        raise RuleError("there is no snapshot to read")
    return state, taken


def _take_in(state: S | None, start: Callable[[int], S], documents: Iterator[object]) -> S:
    heading = next(documents, None)
    if not isinstance(heading, Heading) or (heading.format, heading.columns) != (FORMAT, _COLUMNS):
        raise ValueError("it does not begin like one")
    if state is None:
        state = start(heading.newest)
    counts = [0, 0]
    ending: object = None
    for ending in documents:
        if isinstance(ending, Portion):
            counts[ending.of_labels] += state.load(ending.of_labels, ending.texts, ending.columns)
    if ending != Ending(*counts):
        raise ValueError("a part of it is missing")
    state.loaded()
    return state


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
