"""Records as columns of whole numbers, a portion at a time: what a snapshot is made of.

Each text is written once, in the portion where it first appears, and is a number from then on: its
place among the texts of its column, counted from 1; 0 stands for a missing one.
"""

from collections.abc import Iterator, Sequence

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
"""As orders are written: a place is three columns, None in each where there is none."""
LABEL_COLUMNS = LabelRecord._fields


class Portion(msgspec.Struct, array_like=True, frozen=True, tag="records"):
    """Some records of one kind; `texts` are those not seen before, a list for each of `TEXTS`."""

    of_labels: bool
    texts: list[list[str]]
    columns: list[list[int | None]]


class Writer:
    """Turns rows into portions; remembers which texts have been written."""

    def __init__(self) -> None:
        self._numbers: list[dict[str | None, int]] = [{None: 0} for _ in TEXTS]

    def portion(self, rows: Sequence[Record], *, of_labels: bool) -> Portion:
        """The rows as columns, in their order."""
        names = LabelRecord._fields if of_labels else OrderRecord._fields
        texts: list[list[str]] = [[] for _ in TEXTS]
        columns: list[list[int | None]] = []
        for name, values in zip(names, zip(*rows, strict=True), strict=True):
            if name in TEXTS:
                index = TEXTS.index(name)
                columns.append(_numbered(values, self._numbers[index], texts[index]))
            elif name == "place":
                columns += [[v if v is None else v[axis] for v in values] for axis in range(3)]
            else:
                columns.append(list(values))
        return Portion(of_labels, texts, columns)


def _numbered(
    values: Sequence[str | None], numbers: dict[str | None, int], fresh: list[str]
) -> list[int | None]:
    for value in values:
        if value not in numbers and value is not None:
            numbers[value] = len(numbers)
            fresh.append(value)
    return [numbers[value] for value in values]


class Reader:
    """Turns portions back into rows, in the order in which they were written."""

    def __init__(self) -> None:
        self._texts: list[list[str | None]] = [[None] for _ in TEXTS]

    def rows(self, portion: Portion) -> Iterator[Record]:
        """The records of a portion; equal texts are one object."""
        for known, fresh in zip(self._texts, portion.texts, strict=True):
            known.extend(fresh)
        names = LABEL_COLUMNS if portion.of_labels else ORDER_COLUMNS
        columns: list[Sequence[object]] = []
        for name, values in zip(names, portion.columns, strict=True):
            if name in TEXTS:
                known = self._texts[TEXTS.index(name)]
                columns.append([known[number or 0] for number in values])
            else:
                columns.append(values)
        if not portion.of_labels:
            at = names.index("x")
            columns[at : at + 3] = [_places(columns[at : at + 3])]
        return zip(*columns, strict=True)


def _places(axes: Sequence[Sequence[object]]) -> list[object]:
    """One object for each place, since histories share them."""
    shared: dict[object, object] = {}
    return [
        None if place[0] is None else shared.setdefault(place, place)
        for place in zip(*axes, strict=True)
    ]
