"""Generates the one function that reads all asked-for features of an order and then adds it.

Made once a rule set, from the catalogue and never from a rule author's text. Steps: the order's own
facts, its entities, the record to keep, then entity by entity: move the windows, read them, add the
record. Only what the rules use is computed.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext

import msgspec

from fraud_stream.scoring.features.catalogue import CATALOGUE, RETENTION
from fraud_stream.scoring.features.cursors import (
    cut,
    emit_insert,
    emit_move,
    emit_store,
    new_entity,
)
from fraud_stream.scoring.features.entities import ENTITIES, TYPES, Entity
from fraud_stream.scoring.features.feature import Feature
from fraud_stream.scoring.features.layout import Layout, layout, low
from fraud_stream.scoring.features.readings import (
    ALWAYS_GIVEN,
    KEYS,
    emit_empty,
    emit_missing,
)
from fraud_stream.scoring.features.record import LabelRecord, OrderRecord
from fraud_stream.scoring.features.source import Source
from fraud_stream.scoring.features.windows import LENGTH
from fraud_stream.scoring.order.facts import FACTS

VALUES = {
    **KEYS,
    "at": "_at",
    "amount": "amount",
    "currency": "currency",
    "place": "_place",
    "declined": "_declined",
    "refund": "_refund",
}
"""The local that holds each column of an order's record."""

LABEL_VALUES = {**KEYS, "at": "_at", "fraud": "_fraud"}

_RECORD_FACTS = ("currency", "amount", "is_declined", "is_refund", "_place", *KEYS.values())
_TAKEN_APART = ("currency", "amount", "_place", "_mailbox", *KEYS.values())
"""What compiled code has found of an order when its record is there."""


_TIME = (
    "_time = _event.event_time",
    "_at = _microseconds(_time)",
)

_TRIM_FROM = 256
"""Histories shorter than this are not worth trimming; they go as a whole."""


class FeaturePlan(msgspec.Struct, frozen=True):
    """Which features are computed, and how the state for them is laid out."""

    features: tuple[Feature, ...]
    layouts: dict[Entity, Layout]

    def of(self, entity: Entity) -> list[Feature]:
        """The planned features of one entity."""
        return [f for f in self.features if f.entity == entity]


def plan(names: Iterable[str]) -> FeaturePlan:
    """Plan these features; the order of the catalogue, not of `names`, decides the layout."""
    wanted = set(names)
    features = tuple(f for f in CATALOGUE.values() if f.name in wanted)
    layouts: dict[Entity, Layout] = {}
    for entity in ENTITIES:
        own = [f for f in features if f.entity == entity]
        if own:
            layouts[entity] = layout(entity, own)
    return FeaturePlan(features, layouts)


def emit_score(out: Source, plan: FeaturePlan, facts: Sequence[str], rules: Source) -> None:
    """`_score(_event)`: facts and features into locals, the order into state, then `rules`."""
    with out.block("def _score(_event):"):
        out.add(*_TIME)
        emit_facts(out, _RECORD_FACTS)
        _emit_clock(out, plan)
        _emit_lookups(out, plan)
        _emit_record(out)
        out.add("_orders_append(_record)")
        for entity in plan.layouts:
            if TYPES[entity].of_labels:
                _emit_label_entity(out, plan, entity)
            else:
                _emit_entity(out, plan, entity)
        out.add("if _newest >= _state.tidies_next: _state.tidy()")
        emit_facts(out, facts, _closure(_RECORD_FACTS))
        out.add(*rules.text().splitlines())


def emit_packed_score(
    out: Source, features: Sequence[str], facts: Sequence[str], rules: Source
) -> None:
    """The same `_score(_event)` over compiled histories, which answer all features at once.

    Compiled code takes the order apart as well; its flags are made anew where rules ask for them.
    """
    columns = ", ".join(VALUES[name] for name in OrderRecord._fields)
    with out.block("def _score(_event):"):
        out.add("_record, _domain = _take_apart(_event, _network)", f"({columns}) = _record")
        names = "".join(f"{name}, " for name in features)
        out.add(f"({names}) = _values = _ask(_record)", "_time = _event.event_time")
        emit_facts(out, facts, _TAKEN_APART)
        out.add(*rules.text().splitlines())


def emit_record_of(out: Source) -> None:
    """`_record_of(_event)`: the order's part of state; records share their texts."""
    with out.block("def _record_of(_event):"):
        out.add(*_TIME)
        emit_facts(out, _RECORD_FACTS)
        out.add(*(f"if {key} is not None: {key} = _intern({key})" for key in KEYS.values()))
        _emit_record(out)
        out.add("return _record")


def emit_packed_record_of(out: Source) -> None:
    """The same where compiled code takes the order apart."""
    with out.block("def _record_of(_event):"):
        out.add("return _take_apart(_event, _network)[0]")


def emit_absorb(out: Source, plan: FeaturePlan) -> None:
    """`_absorb(_record)` and `_absorb_label(_record)`: into state, without reading a window."""
    columns = ", ".join(VALUES[name] for name in OrderRecord._fields)
    with out.block("def _absorb(_record):"):
        out.add(f"({columns}) = _record")
        out.add("if _at > _state.newest: _state.newest = _at")
        out.add("_orders_append(_record)")
        for entity in plan.layouts:
            if not TYPES[entity].of_labels:
                _emit_absorb_entity(out, plan.layouts[entity], VALUES)
        out.add("if _state.newest >= _state.tidies_next: _state.tidy()")
    columns = ", ".join(LABEL_VALUES[name] for name in LabelRecord._fields)
    with out.block("def _absorb_label(_record):"):
        out.add(f"({columns}) = _record", "_labels_append(_record)")
        for entity in plan.layouts:
            if TYPES[entity].of_labels:
                _emit_absorb_entity(out, plan.layouts[entity], LABEL_VALUES)


def emit_facts(out: Source, names: Iterable[str], done: Iterable[str] = ()) -> None:
    """Set each fact's local, what it needs first."""
    before = set(done)
    for name in _closure(names):
        if name not in before:
            out.add(*FACTS[name].code)


def _closure(names: Iterable[str]) -> list[str]:
    """The facts and all that they need, each after its needs."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in ordered:
            for need in FACTS[name].needs:
                visit(need)
            ordered[name] = None

    for name in names:
        visit(name)
    return list(ordered)


def _emit_clock(out: Source, plan: FeaturePlan) -> None:
    """The newest event time, and how far back each window of this order goes.

    An order that is more than the allowed lateness old sees what a window of an order just within
    it would still hold.
    """
    used = {window for layout in plan.layouts.values() for window in layout.windows}
    windows = sorted(used, key=lambda w: LENGTH[w])
    out.add("_newest = _state.newest", "if _at > _newest: _state.newest = _newest = _at")
    out.add("_from = _newest - _LATENESS", "if _at > _from: _from = _at")
    out.add(*(f"{cut(w)} = _from - {LENGTH[w]}" for w in windows))
    with out.block("if _from > _at:"):
        out.add(*(f"if {cut(w)} > _at: {cut(w)} = _at" for w in windows))


def _emit_lookups(out: Source, plan: FeaturePlan) -> None:
    """Find each entity, and use its own copy of the key, so that one string serves all records."""
    interned: set[str] = set()
    for entity in plan.layouts:
        kind = TYPES[entity]
        if kind.of_labels or kind.per_currency:
            continue
        key = KEYS[kind.column]
        interned.add(key)
        with out.block(f"if {key} is None:"):
            out.add(f"_e_{entity} = None")
        with out.block("else:"):
            out.add(f"_e_{entity} = _t_{entity}.get({key})")
            out.add(f"if _e_{entity} is not None: {key} = _e_{entity}[0]")
    for key in KEYS.values():
        if key not in interned:
            out.add(f"if {key} is not None: {key} = _intern({key})")


def _emit_record(out: Source) -> None:
    out.add("_declined = 1 if is_declined else 0", "_refund = 1 if is_refund else 0")
    out.add(f"_record = ({', '.join(VALUES[name] for name in OrderRecord._fields)})")


def _emit_entity(out: Source, plan: FeaturePlan, entity: Entity) -> None:
    """Move, read, add, for an entity that orders are added to."""
    kind, own, layout = TYPES[entity], plan.of(entity), plan.layouts[entity]
    key = KEYS[kind.column]
    adds = "if not (_declined or _refund):" if kind.per_currency else ""
    if kind.per_currency:
        out.add(f"_t = _t_{entity}[currency]", f"_e = None if {key} is None else _t.get({key})")
    else:
        out.add(f"_t = _t_{entity}", f"_e = _e_{entity}")
    with out.block("if _e is not None:"):
        emit_move(out, layout, own)
        with out.block(adds) if adds else nullcontext():
            emit_store(out, layout)
            _emit_trim(out, layout)
            emit_insert(out, layout, VALUES, moved=True)
    if kind.column not in ALWAYS_GIVEN:
        with out.block(f"elif {key} is None:"):
            emit_missing(out, own)
    with out.block("else:"):
        emit_empty(out, own)
        with out.block(adds) if adds else nullcontext():
            _emit_new(out, layout, VALUES)


def _emit_trim(out: Source, layout: Layout) -> None:
    """Half of a long history is too old: drop it."""
    cursor, floor = low(layout.windows[-1]), f"_newest - {RETENTION[layout.entity]}"
    with out.block(f"if {cursor} > {_TRIM_FROM} and _log[_n >> 1][0] < {floor}:"):
        out.add(f"_trim(_layout_{layout.entity}, _e, {floor})")


def _emit_new(out: Source, layout: Layout, values: dict[str, str]) -> None:
    key = KEYS[TYPES[layout.entity].column]
    out.add(f"_t[{key}] = _e = {new_entity(layout, key, values)}", "_t.fresh.append(_e)")


def _emit_label_entity(out: Source, plan: FeaturePlan, entity: Entity) -> None:
    """Move and read, for an entity whose history is of labels."""
    key = KEYS[TYPES[entity].column]
    out.add(f"_e = None if {key} is None else _t_{entity}.get({key})")
    with out.block("if _e is not None:"):
        emit_move(out, plan.layouts[entity], plan.of(entity))
        emit_store(out, plan.layouts[entity])
    with out.block(f"elif {key} is None:"):
        emit_missing(out, plan.of(entity))
    with out.block("else:"):
        emit_empty(out, plan.of(entity))


def _emit_absorb_entity(out: Source, layout: Layout, values: dict[str, str]) -> None:
    entity, kind = layout.entity, TYPES[layout.entity]
    key = KEYS[kind.column]
    guard = " and not (_declined or _refund)" if kind.per_currency else ""
    with out.block(f"if {key} is not None{guard}:"):
        out.add(f"_t = _t_{entity}[currency]" if kind.per_currency else f"_t = _t_{entity}")
        out.add(f"_e = _t.get({key})")
        with out.block("if _e is None:"):
            _emit_new(out, layout, values)
        with out.block("else:"):
            out.add("_log = _e[1]", "_n = len(_log)")
            emit_insert(out, layout, values, moved=False, late=f"_rewind(_layout_{entity}, _e)")
