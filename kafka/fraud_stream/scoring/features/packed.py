"""The compiled histories: what they must keep and answer, told to `_core` in numbers.

They hold every window and sum of the catalogue, whatever the rules ask for, so that new rules need
nothing built. What they answer equals `history.Histories` to the last bit.
"""

from collections.abc import Sequence
from typing import Any, Literal

from fraud_stream.scoring._core import Core, Frozen
from fraud_stream.scoring.columns import NOTHING, TEXTS, Taken
from fraud_stream.scoring.features.catalogue import CATALOGUE, RETENTION
from fraud_stream.scoring.features.entities import ENTITIES, TYPES, Entity
from fraud_stream.scoring.features.feature import Feature
from fraud_stream.scoring.features.layout import Layout, layout
from fraud_stream.scoring.features.windows import LATENESS, LENGTH, WINDOWS

_NEVER = -(1 << 58)
_MARKS = {"declined": -1, "refund": -2, "fraud": -8}
_NO_TEXT = 100
"""Stands for columns of numbers: there is one of each kind."""

_LAYOUTS: dict[Entity, Layout] = {
    entity: layout(entity, [f for f in CATALOGUE.values() if f.entity == entity])
    for entity in ENTITIES
}


class PackedHistories:
    """The state in compiled form; `history.Histories` is its twin in Python."""

    form: Literal["compiled"] = "compiled"

    def __init__(self, newest: int = _NEVER) -> None:
        self._core = Core(_kinds(), LATENESS, newest)
        self.ask = self._core.ask
        self.absorb = self._core.absorb
        self.absorb_label = self._core.absorb_label
        self.load = self._core.load
        self.loaded = self._core.loaded
        self.taken = self._core.taken
        self.entities_held = self._core.entities_held
        self.longest_history = self._core.longest_history

    def ask_for(self, features: Sequence[Feature]) -> None:
        """Let `ask` answer these from now on, in their order."""
        self._core.ask_for(tuple(_asked(feature) for feature in features))

    def freeze(self, since: Taken = NOTHING) -> Frozen:
        """The records taken in since then; none is dropped while this is held."""
        return self._core.freeze(*since)


def _kinds() -> tuple[tuple[Any, ...], ...]:
    sharing: dict[str, int] = {}
    kinds: list[tuple[Any, ...]] = []
    for entity, laid_out in _LAYOUTS.items():
        kind = TYPES[entity]
        place = sharing[kind.column] = sharing.get(kind.column, -1) + 1
        windows = laid_out.windows
        by_window = sorted(laid_out.sums, key=lambda s: (WINDOWS.index(s.window), s))
        kinds.append(
            (
                TEXTS.index(kind.column),
                place,
                kind.per_currency,
                kind.of_labels,
                RETENTION[entity],
                tuple(LENGTH[w] for w in windows),
                tuple((windows.index(s.window), s.kind, _column(s.column)) for s in by_window),
            )
        )
    return tuple(kinds)


def _asked(feature: Feature) -> tuple[int, str, int, int, int, int]:
    windows = _LAYOUTS[feature.entity].windows
    last_day = windows.index("24h") if feature.measure == "known" else -1
    return (
        ENTITIES.index(feature.entity),
        feature.measure,
        windows.index(feature.window),
        _column(feature.of or ""),
        _column(feature.key),
        last_day,
    )


def _column(name: str) -> int:
    return TEXTS.index(name) if name in TEXTS else _MARKS.get(name, _NO_TEXT)
