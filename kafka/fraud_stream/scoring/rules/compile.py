"""Generates the rules' part of the scoring program: which rules fire, and on which values.

Rules are numbered as they stand in `order`; a rule that fires appends (number, values), one whose
inputs are missing sets its bit in `_missing`. Rules share the tests of inputs that they all need.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from fraud_stream.scoring.decision import Value
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.features.entities import TYPES
from fraud_stream.scoring.features.readings import ALWAYS_GIVEN, KEYS
from fraud_stream.scoring.features.source import Source
from fraud_stream.scoring.order.facts import FACTS
from fraud_stream.scoring.rules.emit import code
from fraud_stream.scoring.rules.language import Symbol, divisors, required, symbols
from fraud_stream.scoring.rules.lists import Lists
from fraud_stream.scoring.rules.load import CheckedRule
from fraud_stream.scoring.rules.sentences import placeholders

Group = tuple[frozenset[str], list[int]]
"""What must not be None, and the rules that need just that, by number."""

_DEEPEST = 20
"""Tests within tests; Python reads no more than 100 levels."""

_SURE = {KEYS[column] for column in ALWAYS_GIVEN}

_LISTED_KEYS = {
    "customer": "_key_customer",
    "device": "_key_device",
    "card": "_key_card",
    "email": "_key_email",
    "address": "_key_address",
    "shop": "_key_shop",
}


def inputs(rules: Sequence[CheckedRule]) -> tuple[list[str], list[str]]:
    """(facts, features) that the conditions name, each sorted."""
    names = {name for checked in rules for name in symbols(checked.condition)}
    return sorted(names & set(FACTS)), sorted(names & set(CATALOGUE))


def reason_values(checked: CheckedRule, names: Mapping[str, Symbol]) -> dict[str, Symbol]:
    """What is kept of an order when the rule fires: its inputs, and the limits it speaks of."""
    found = {n: s for n, s in symbols(checked.condition).items() if not s.constant}
    return found | {n: names[n] for n in placeholders(checked.rule.sentence)}


def emit_rules(
    rules: Sequence[CheckedRule], names: Mapping[str, Symbol], lists: Lists, snapshot: str
) -> Source:
    """The lines after facts and features are in their locals, up to the `return`.

    `snapshot` are the arguments of the struct that `snapshot_type` makes.
    """
    out = Source()
    _emit_limits(out, limits(rules, names), names)
    _emit_lists(out, lists)
    out.add("_hits = []", "_missing = 0")
    groups: dict[frozenset[str], list[int]] = {}
    for number, checked in enumerate(rules):
        needs = {n for s in required(checked.condition).values() for n in _needs(s)}
        groups.setdefault(frozenset(needs), []).append(number)
    _emit_groups(out, rules, names, list(groups.items()))
    out.add(f"return _record, _hits, _missing, _listed, _Features({snapshot})")
    return out


def _needs(symbol: Symbol) -> set[str]:
    """The locals that are None exactly when the symbol is missing.

    What is counted of an entity is there whenever the order names the entity, so that rules about
    one entity share a test.
    """
    feature = CATALOGUE.get(symbol.name)
    if feature is None:
        return {symbol.code}
    key = KEYS[TYPES[feature.entity].column]
    if feature.measure in ("count", "count_if", "distinct", "sum"):
        return {key} - _SURE
    if feature.measure in ("seen", "known"):
        return {key, KEYS[feature.key]} - _SURE
    return {symbol.code}


def _emit_groups(
    out: Source,
    rules: Sequence[CheckedRule],
    names: Mapping[str, Symbol],
    groups: Sequence[Group],
    depth: int = 0,
) -> None:
    """What most of them need is tested first, and once for all that need it."""
    for needs, members in groups:
        if not needs:
            _emit_group(out, rules, names, members)
    rest = [group for group in groups if group[0]]
    while rest:
        wanted = Counter(name for needs, _ in rest for name in sorted(needs))
        ((first, _),) = wanted.most_common(1)
        some = [group for group in rest if first in group[0]] if depth < _DEEPEST else rest[:1]
        rest = [group for group in rest if group not in some]
        shared = frozenset.intersection(*(needs for needs, _ in some))
        with out.block(f"if {' or '.join(f'{need} is None' for need in sorted(shared))}:"):
            out.add(f"_missing |= {sum(1 << n for _, members in some for n in members)}")
        with out.block("else:"):
            inner = [(needs - shared, members) for needs, members in some]
            _emit_groups(out, rules, names, inner, depth + 1)


def _emit_group(
    out: Source, rules: Sequence[CheckedRule], names: Mapping[str, Symbol], members: Sequence[int]
) -> None:
    for number in members:
        checked = rules[number]
        values = "".join(f"{s.code}, " for s in reason_values(checked, names).values())
        zero = " or ".join(f"not {code(d)}" for d in divisors(checked.condition))
        if zero:
            out.add(f"if {zero}: _missing |= {1 << number}")
        out.add(
            f"{'elif' if zero else 'if'} {code(checked.condition)}: "
            f"_hits.append(({number}, ({values})))"
        )


def limits(rules: Sequence[CheckedRule], names: Mapping[str, Symbol]) -> list[str]:
    """The amounts that depend on the order's currency and that some rule names, sorted."""
    used: set[str] = set()
    for checked in rules:
        used |= set(symbols(checked.condition)) | set(reason_values(checked, names))
    return sorted(n for n in used if names[n].constant and names[n].kind == "money")


def _emit_limits(out: Source, used: Sequence[str], names: Mapping[str, Symbol]) -> None:
    """Each in the order's currency; missing where the rule set has no rate."""
    if used:
        codes = "".join(f"{names[name].code}, " for name in used)
        out.add(f"({codes}) = _limits.get(currency) or ({'None, ' * len(used)})")


def _emit_lists(out: Source, lists: Lists) -> None:
    out.add("_listed = ()")
    for kind in lists.by_kind:
        if kind in _LISTED_KEYS:
            out.add(f"_found = _list_{kind}.get({_LISTED_KEYS[kind]})")
            out.add("if _found is not None: _listed += _found")
    if "domain" in lists.by_kind:
        out.add("_listed += _list_domains[_domain]")
    if lists.has_addresses:
        out.add("_listed += _list_addresses[_event.ip_address]")
    out.add("_on_watch_list = _watched(_listed, _at) if _listed else False")


def snapshot_type(features: Sequence[str]) -> type[msgspec.Struct]:
    """The struct that a decision's feature snapshot is; its JSON leaves out what is at rest."""
    fields = [(name, Value, CATALOGUE[name].resting) for name in features]
    return msgspec.defstruct("Features", fields, frozen=True, omit_defaults=True, gc=False)
