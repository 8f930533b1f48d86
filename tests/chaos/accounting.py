"""The identity that must hold after every run: each message of the log is in exactly one table.

What a message must have become follows from what it was made as. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from tests.chaos.publishing import Coordinate
from tests.chaos.traffic import Made

ID_CONFLICT = "id_conflict"
_SHOWN = 5


class Place(msgspec.Struct, frozen=True, gc=False):
    """A row of one of the tables; `ingest_id` is 0 where the table has none."""

    table: str
    at: Coordinate
    ingest_id: int = 0
    transaction_id: str = ""
    reason: str = ""


class Account(msgspec.Struct, kw_only=True):
    """Counts of what is wrong, with the first few of each kind in words. All zero is right.

    - lost: acknowledged, and in no table
    - doubled: more than one row for a message, or a transaction_id that landed twice
    - unaccounted: a row that no message of the log explains, a message in the log (acknowledged
      or not) that is in no table, one in the wrong table, under another's transaction_id or with
      the wrong reason, or one that was acknowledged and is not in the log
    - disordered: ingest_ids that do not grow with the offset in a partition, or leave a gap
    - undecided: decisions that are missing or differ from those of an uninterrupted scorer
    - unannounced: flagged orders without an alert, or the reverse
    """

    messages: int = 0
    landed: int = 0
    duplicates: int = 0
    dead: int = 0
    labels: int = 0
    lost: int = 0
    doubled: int = 0
    unaccounted: int = 0
    disordered: int = 0
    undecided: int = 0
    unannounced: int = 0
    examples: list[str] = []

    def note(self, field: str, what: Iterable[str]) -> None:
        """Count faults, and keep the first few."""
        found = list(what)
        setattr(self, field, getattr(self, field) + len(found))
        shown = sum(text.startswith(field) for text in self.examples)
        self.examples += [f"{field}: {text}" for text in found[: max(0, _SHOWN - shown)]]

    @property
    def faults(self) -> int:
        """Zero when everything is right."""
        return (
            self.lost
            + self.doubled
            + self.unaccounted
            + self.disordered
            + self.undecided
            + self.unannounced
        )


def account(
    log: Mapping[Coordinate, int],
    acknowledged: Mapping[Coordinate, int],
    made: Sequence[Made],
    places: Sequence[Place],
) -> Account:
    """Compare the log with the tables, both ways."""
    tables = Counter(place.table for place in places)
    result = Account(
        messages=len(log),
        landed=tables["transactions_stream"],
        duplicates=tables["duplicate_transactions"],
        dead=tables["dead_letters"],
        labels=tables["transaction_labels"],
    )
    found: defaultdict[Coordinate, list[Place]] = defaultdict(list)
    for place in places:
        found[place.at].append(place)
    result.note("lost", (str(at) for at in acknowledged if at not in found))
    result.note("doubled", (f"{at}: {rows}" for at, rows in found.items() if len(rows) > 1))
    result.note("unaccounted", (f"from nowhere: {at}" for at in found if at not in log))
    result.note(
        "unaccounted",
        (f"not acknowledged, nowhere: {at}" for at in log.keys() - acknowledged if at not in found),
    )
    result.note(
        "unaccounted",
        (f"the broker lost {at}" for at, number in acknowledged.items() if log.get(at) != number),
    )
    _check_fates(result, log, made, found)
    _check_order(result, places)
    return result


def _check_fates(
    result: Account,
    log: Mapping[Coordinate, int],
    made: Sequence[Made],
    found: Mapping[Coordinate, Sequence[Place]],
) -> None:
    landed = Counter(
        rows[0].transaction_id for rows in found.values() if rows[0].table == "transactions_stream"
    )
    result.note("doubled", (f"{name} landed {n} times" for name, n in landed.items() if n > 1))
    first = _first_of_each(log, made)
    for at, number in log.items():
        if at not in found:
            continue
        place, message = found[at][0], made[number]
        expected = _expected(message, at, first.get(message.transaction_id))
        if expected != (place.table, place.transaction_id, place.reason):
            result.note("unaccounted", [f"{at}: {message} is in {place}, not in {expected}"])


_First = tuple[Coordinate, int]
"""Where the first message of a transaction_id stands, and its version."""


def _first_of_each(log: Mapping[Coordinate, int], made: Sequence[Made]) -> dict[str, _First]:
    """All messages of a transaction_id have its customer's key, and so are in one partition."""
    first: dict[str, _First] = {}
    for at, number in sorted(log.items()):
        message = made[number]
        if message.kind == "order":
            first.setdefault(message.transaction_id, (at, message.version))
    return first


def _expected(message: Made, at: Coordinate, first: _First | None) -> tuple[str, str, str]:
    """Table, transaction_id and reason. The first message of a transaction_id is the order."""
    if message.kind == "label":
        return "transaction_labels", message.transaction_id, ""
    if message.kind == "broken" or first is None:
        return "dead_letters", "", message.reason
    if at == first[0]:
        return "transactions_stream", message.transaction_id, ""
    if message.version == first[1]:
        return "duplicate_transactions", message.transaction_id, ""
    return "dead_letters", "", ID_CONFLICT


def _check_order(result: Account, places: Iterable[Place]) -> None:
    """Orders of a partition are ingested in the order of their offsets, and so are labels."""
    numbered = sorted((place for place in places if place.ingest_id), key=lambda place: place.at)
    for before, after in pairwise(numbered):
        if before.at[:2] == after.at[:2] and before.ingest_id >= after.ingest_id:
            result.note("disordered", [f"{before} before {after}"])
    ids = sorted(place.ingest_id for place in numbered)
    if ids != list(range(1, len(ids) + 1)):
        result.note("disordered", ["ingest_ids are not 1, 2, 3, ... without a gap"])
