"""Puts the generated scoring program together for one rule set and one state, and compiles it."""

from bisect import insort
from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt
from operator import itemgetter
from sys import intern
from typing import Any

import msgspec

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_core.events import OrderEvent
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.features.history import Histories, Record, mixed_values, rewind, trim
from fraud_stream.scoring.features.measures import (
    MIXED,
    distinct_values,
    gap_variation,
    holds,
    median,
    speed,
    travelled,
)
from fraud_stream.scoring.features.program import (
    emit_absorb,
    emit_packed_record_of,
    emit_packed_score,
    emit_record_of,
    emit_score,
    plan,
)
from fraud_stream.scoring.features.source import Source
from fraud_stream.scoring.features.windows import LATENESS
from fraud_stream.scoring.order.domains import is_within
from fraud_stream.scoring.order.functions import functions
from fraud_stream.scoring.order.geography import kilometres_from_middle
from fraud_stream.scoring.order.memo import Memo
from fraud_stream.scoring.rules.compile import emit_rules, inputs, limits, snapshot_type
from fraud_stream.scoring.rules.lists import Lists, watched
from fraud_stream.scoring.rules.load import CheckedRule, CheckedRuleSet
from fraud_stream.scoring.rules.parameters import amounts
from fraud_stream.scoring.state import State

Hits = list[tuple[int, tuple[Any, ...]]]
Scored = tuple[Record, Hits, int, tuple[Any, ...], msgspec.Struct]


class Program(msgspec.Struct, frozen=True):
    """The compiled functions; `source` is what they were compiled from, for people to read."""

    score: Callable[[OrderEvent], Scored]
    record_of: Callable[[OrderEvent], Record]
    absorb: Callable[[Record], None]
    absorb_label: Callable[[Record], None]
    source: str


def compile_program(
    rules: CheckedRuleSet, evaluated: Sequence[CheckedRule], lists: Lists, state: State
) -> Program:
    """Generate and compile, bound to `state`, which keeps and answers what it asks for."""
    facts, features = inputs(evaluated)
    facts = [*facts, *(["_mailbox"] if "domain" in lists.by_kind else [])]
    feature_plan = plan(features)
    out = Source()
    snapshot = ", ".join(features) if state.form == "python" else "*_values"
    rest = emit_rules(evaluated, rules.symbols, lists, snapshot)
    names: dict[str, Any] = {
        **_FUNCTIONS,
        **functions(state.form),
        **rules.sets,
        **{name: Memo(partial(is_within, held)) for name, held in rules.domains.items()},
        **{f"_list_{kind}": entries for kind, entries in lists.by_kind.items()},
        "_list_addresses": lists.by_address,
        "_list_domains": lists.by_domain,
        "_Features": snapshot_type(features),
    }
    if isinstance(state, Histories):
        state.lay_out(feature_plan.layouts)
        emit_record_of(out)
        emit_score(out, feature_plan, facts, rest)
        emit_absorb(out, feature_plan)
        names |= _of_state(state)
        names |= {f"_layout_{entity}": layout for entity, layout in feature_plan.layouts.items()}
    else:
        state.ask_for([CATALOGUE[name] for name in features])
        emit_packed_record_of(out)
        emit_packed_score(out, features, facts, rest)
        names |= {"_ask": state.ask, "_absorb": state.absorb, "_absorb_label": state.absorb_label}
    names["_limits"] = _limits(rules, limits(evaluated, rules.symbols))
    source = out.text()
    # The text is ours from end to end: catalogue entries and checked trees, no author's string but
    # as the repr of a literal.
    exec(compile(source, f"<rules {rules.content.version}>", "exec"), names)  # noqa: S102
    return Program(
        names["_score"], names["_record_of"], names["_absorb"], names["_absorb_label"], source
    )


_FUNCTIONS: dict[str, Any] = {
    "_kilometres_from_middle": kilometres_from_middle,
    "_travelled": travelled,
    "_speed": speed,
    "_median": median,
    "_gap_variation": gap_variation,
    "_mixed_values": mixed_values,
    "_distinct_values": distinct_values,
    "_holds": holds,
    "_MIXED": MIXED,
    "_rewind": rewind,
    "_trim": trim,
    "_watched": watched,
    "_insort": insort,
    "_time_of": itemgetter(0),
    "_intern": intern,
    "_sqrt": sqrt,
    "_min": min,
    "_max": max,
    "_abs": abs,
    "_len": len,
    "_LATENESS": LATENESS,
    "_CURRENCY": {code: (intern(code), 10**d) for code, d in MINOR_UNIT_DIGITS.items()},
}


def _limits(rules: CheckedRuleSet, used: Sequence[str]) -> dict[str, tuple[int | None, ...]]:
    """By currency the amounts of these names in its minor units."""
    content = rules.content
    found = [amounts(content.parameters[name], content.money) for name in used]
    currencies = {currency for one in found for currency in one}
    return {c: tuple([one.get(c) for one in found]) for c in currencies}


def _of_state(state: Histories) -> dict[str, Any]:
    tables = {f"_t_{entity}": table for entity, table in state.tables.items()}
    by_currency = {f"_t_{entity}": tables for entity, tables in state.money_tables.items()}
    return {
        **tables,
        **by_currency,
        "_state": state,
        "_orders_append": state.orders.append,
        "_labels_append": state.labels.append,
    }
