"""Records as columns of whole numbers, a portion at a time: what a snapshot is made of.

Each text is written once, in the portion where it first appears, and is a number from then on: its
place among the texts of its column, counted from 1; 0 stands for a missing one.
"""

import struct
from collections.abc import Sequence
from itertools import islice

import msgspec

from fraud_stream.scoring.features.record import LabelRecord, OrderRecord
from fraud_stream.scoring.features.table import Record

TEXTS = (
    "currency",
    "customer",
    "device",
    "ip",
    "card",
    "email",
    "address",
    "voucher",
    "shop",
    "owner",
    "category",
)
"""The columns that hold texts; labels share those of orders."""

AXES = ("x", "y", "z")
ORDER_COLUMNS = tuple(
    column for name in OrderRecord._fields for column in (AXES if name == "place" else (name,))
)
"""As orders are written: a place is three columns."""
LABEL_COLUMNS = LabelRecord._fields

NO_PLACE = -(1 << 31)
"""Stands in all three of them where there is none."""

_CODES = {"at": "q", "amount": "q", **dict.fromkeys(AXES, "i"), **dict.fromkeys(TEXTS, "I")}
_FLAG = "B"

Texts = list[list[str]]
"""Texts not seen before, a list for each of `TEXTS`."""
Columns = list[bytes]
"""Some records, for each of `ORDER_COLUMNS` or `LABEL_COLUMNS` its whole numbers, little-endian:
times and amounts in 8 bytes, flags in one, all others in 4, of which only places have a sign."""


Taken = tuple[int, int]
"""How many orders and labels a state has ever taken in; in the compiled form modulo 2^32."""
NOTHING: Taken = (0, 0)


class Portion(msgspec.Struct, array_like=True, frozen=True, tag="records"):
    """Some records of one kind."""

    of_labels: bool
    texts: Texts
    columns: Columns


def _packed(name: str, values: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(values)}{_CODES.get(name, _FLAG)}", *values)


def _unpacked(name: str, column: bytes) -> list[int]:
    """Raises ValueError when it ends in the middle of a number."""
    code = "<" + _CODES.get(name, _FLAG)
    if len(column) % struct.calcsize(code):
        raise ValueError(f"column {name} ends in the middle of a number")
    return [value for (value,) in struct.iter_unpack(code, column)]


def records_in(portion: Columns) -> int:
    """How many records there are, by the first column, which is of times."""
    return len(portion[0]) // struct.calcsize("<q")


_NOWHERE = (NO_PLACE,) * 3


class FrozenRows:
    """Records that are written in portions; `newest` is the newest event time when frozen."""

    def __init__(self, newest: int, orders: Sequence[Record], labels: Sequence[Record]) -> None:
        self.newest = newest
        self._records = (orders, labels)
        self.rewind()

    def rewind(self) -> None:
        """Let the portions begin anew."""
        self._left = [iter(records) for records in self._records]
        self._numbers: list[dict[str | None, int]] = [{None: 0} for _ in TEXTS]

    def portion(self, of_labels: bool, floor: int, most: int) -> tuple[Texts, Columns] | None:
        """The next records no older than `floor`, or None at the end."""
        rows = list(islice((r for r in self._left[of_labels] if r[0] >= floor), most))
        if not rows:
            return None
        names = LabelRecord._fields if of_labels else OrderRecord._fields
        texts: Texts = [[] for _ in TEXTS]
        columns: Columns = []
        for name, values in zip(names, zip(*rows, strict=True), strict=True):
            if name in TEXTS:
                index = TEXTS.index(name)
                numbers = _numbered(values, self._numbers[index], texts[index])
                columns.append(_packed(name, numbers))
            elif name == "place":
                axes = zip(*[value or _NOWHERE for value in values], strict=True)
                columns += map(_packed, AXES, axes)
            else:
                columns.append(_packed(name, values))
        return texts, columns


def _numbered(
    values: Sequence[str | None], numbers: dict[str | None, int], fresh: list[str]
) -> list[int]:
    for value in values:
        if value not in numbers and value is not None:
            numbers[value] = len(numbers)
            fresh.append(value)
    return [numbers[value] for value in values]


class Reader:
    """Turns portions back into rows, in the order in which they were written."""

    def __init__(self) -> None:
        self._texts: list[list[str | None]] = [[None] for _ in TEXTS]

    def rows(self, of_labels: bool, texts: Texts, columns: Columns) -> list[Record]:
        """The records of a portion; a snapshot's equal texts are one object. Raises ValueError,
        IndexError.
        """
        for known, fresh in zip(self._texts, texts, strict=True):
            known.extend(fresh)
        names = LABEL_COLUMNS if of_labels else ORDER_COLUMNS
        values: list[Sequence[object]] = []
        for name, column in zip(names, columns, strict=True):
            numbers = _unpacked(name, column)
            if name in TEXTS:
                known = self._texts[TEXTS.index(name)]
                values.append([known[number] for number in numbers])
            else:
                values.append(numbers)
        if not of_labels:
            at = names.index("x")
            values[at : at + 3] = [_places(values[at : at + 3])]
        return list(zip(*values, strict=True))


def _places(axes: Sequence[Sequence[object]]) -> list[object]:
    """One object for each place, since histories share them."""
    shared: dict[object, object] = {}
    return [
        None if place[0] == NO_PLACE else shared.setdefault(place, place)
        for place in zip(*axes, strict=True)
    ]
