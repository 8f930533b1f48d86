"""How the windows of one entity are laid out in memory, given the features that are asked for.

An entity's state is one list: its key, its history in order of time, a cursor `high` behind the
last order before the newest question, a cursor `low` a window, and the running sums. A window is
history[low:high]; it moves with the question, forward or back, and each order that it passes is
added to or taken from the sums, which are whole numbers and so cannot drift.
"""

from typing import Literal

import msgspec

from fraud_stream.scoring.features.entities import TYPES, Entity
from fraud_stream.scoring.features.feature import Feature
from fraud_stream.scoring.features.record import LABEL_COLUMN, ORDER_COLUMN
from fraud_stream.scoring.features.windows import WINDOWS, Window

KEY, HISTORY, HIGH = 0, 1, 2
FIRST_LOW = 3

SumKind = Literal["flag", "sum", "square", "distinct", "x", "y", "z"]
_SUMS: dict[str, tuple[SumKind, ...]] = {
    "count_if": ("flag",),
    "share_if": ("flag",),
    "distinct": ("distinct",),
    "per_distinct": ("distinct",),
    "seen": ("distinct",),
    "known": ("distinct",),
    "sum": ("sum",),
    "mean": ("sum",),
    "std": ("sum", "square"),
    "zscore": ("sum", "square"),
    "km_from_usual": ("x", "y", "z"),
}


class RunningSum(msgspec.Struct, frozen=True, order=True):
    """One number (or count per value) kept up to date as orders enter and leave a window."""

    window: Window
    kind: SumKind
    column: str

    @property
    def local(self) -> str:
        """Its name in the generated code."""
        return f"_{self.kind}_{self.column}_{self.window}"


class Layout(msgspec.Struct, frozen=True):
    """The slots of one entity type; equal layouts can share state."""

    entity: Entity
    windows: tuple[Window, ...]
    sums: tuple[RunningSum, ...]

    @property
    def columns(self) -> dict[str, int]:
        """Where the history's records hold what."""
        return LABEL_COLUMN if TYPES[self.entity].of_labels else ORDER_COLUMN

    def slots(self) -> list[str]:
        """Local names of slots 2 onward, in order."""
        return ["_high", *(low(w) for w in self.windows), *(s.local for s in self.sums)]


def low(window: str) -> str:
    """Name of a window's low cursor in the generated code."""
    return f"_low_{window}"


def windows_of(feature: Feature) -> tuple[Window, ...]:
    """The windows that a feature is read from; `known` is one less another."""
    return ("24h", feature.window) if feature.measure == "known" else (feature.window,)


def layout(entity: Entity, features: list[Feature]) -> Layout:
    """The slots that these features of `entity` need, in an order that only the set decides."""
    sums = {
        RunningSum(window, kind, f.of or "")
        for f in features
        for kind in _SUMS.get(f.measure, ())
        for window in windows_of(f)
    }
    used = {window for f in features for window in windows_of(f)}
    return Layout(entity, tuple(w for w in WINDOWS if w in used), tuple(sorted(sums)))
