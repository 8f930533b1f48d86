"""Generates the code that reads features off the windows of an entity, once they are in place."""

from collections.abc import Callable, Sequence

from fraud_stream.scoring.features.feature import Feature
from fraud_stream.scoring.features.layout import RunningSum, low
from fraud_stream.scoring.features.record import ORDER_COLUMN
from fraud_stream.scoring.features.source import Source

KEYS = {
    name: f"_key_{name}"
    for name in (
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
}
"""Locals that hold the order's own keys, by record column."""

ALWAYS_GIVEN = frozenset({"customer", "shop"})
"""Columns that every order has a key in."""

EMPTY: dict[str, str] = {
    "count": "0",
    "count_if": "0",
    "share_if": "None",
    "distinct": "0",
    "per_distinct": "None",
    "sum": "0",
    "mean": "None",
    "std": "None",
    "zscore": "None",
    "median": "None",
    "since_last": "None",
    "since_first": "None",
    "km_from_last": "None",
    "speed": "None",
    "km_from_usual": "None",
    "gap_variation": "None",
}
"""What a feature is over an empty window."""


def emit_empty(out: Source, features: Sequence[Feature]) -> None:
    """Set every feature to its value for an entity without a history."""
    alike: dict[str, list[str]] = {}
    for feature in features:
        if feature.measure in ("seen", "known"):
            out.add(f"{feature.name} = None if {KEYS[feature.key]} is None else False")
        else:
            alike.setdefault(EMPTY[feature.measure], []).append(feature.name)
    out.extend(" = ".join([*names, value]) for value, names in alike.items())


def emit_missing(out: Source, features: list[Feature]) -> None:
    """Set every feature to missing: the order does not name the entity."""
    out.add(" = ".join([*(feature.name for feature in features), "None"]))


def emit_readings(out: Source, features: Sequence[Feature]) -> None:
    """Set every feature from the windows in place."""
    for feature in features:
        out.add(*_READ[feature.measure](feature))


def _size(f: Feature) -> str:
    return f"(_high - {low(f.window)})"


def _any(f: Feature) -> str:
    return f"_high > {low(f.window)}"


def _sum(f: Feature, kind: str) -> str:
    return RunningSum(f.window, kind, f.of or "").local  # pyright: ignore[reportArgumentType] - the kinds are those of layout._SUMS


def _count(f: Feature) -> list[str]:
    return [f"{f.name} = _high - {low(f.window)}"]


def _count_if(f: Feature) -> list[str]:
    return [f"{f.name} = {_sum(f, 'flag')}"]


def _share_if(f: Feature) -> list[str]:
    return [f"{f.name} = {_sum(f, 'flag')} / {_size(f)} if {_any(f)} else None"]


def _column(f: Feature) -> int:
    return ORDER_COLUMN[f.of or ""]


def _different(f: Feature) -> str:
    values = _sum(f, "distinct")
    alone = f"(1 if {_any(f)} and {values} is not None else 0)"
    looked = f"_distinct_values(_log, {low(f.window)}, _high, {_column(f)})"
    few = f"{looked} if {values} is _MIXED else {alone}"
    return f"len({values}) if {values}.__class__ is dict else ({few})"


def _distinct(f: Feature) -> list[str]:
    return [f"{f.name} = {_different(f)}"]


def _per_distinct(f: Feature) -> list[str]:
    return [f"_c = {_different(f)}", f"{f.name} = {_size(f)} / _c if _c else None"]


def _seen(f: Feature) -> list[str]:
    key, values = KEYS[f.key], _sum(f, "distinct")
    looked = f"_holds(_log, {low(f.window)}, _high, {_column(f)}, {key})"
    few = f"{looked} if {values} is _MIXED else {_any(f)} and {key} == {values}"
    known = f"{key} in {values} if {values}.__class__ is dict else ({few})"
    return [f"{f.name} = None if {key} is None else ({known})"]


def _known(f: Feature) -> list[str]:
    key, values = KEYS[f.key], _sum(f, "distinct")
    recent = RunningSum("24h", "distinct", f.of or "").local
    looked = f"_holds(_log, {low(f.window)}, {low('24h')}, {_column(f)}, {key})"
    alone = f"{low('24h')} > {low(f.window)} and {key} == {values}"
    few = f"{looked} if {values} is _MIXED else {alone}"
    mixed = f"{values}.get({key}, 0) > {recent}.get({key}, 0)"
    known = f"({mixed}) if {values}.__class__ is dict else ({few})"
    return [f"{f.name} = None if {key} is None else ({known})"]


def _total(f: Feature) -> list[str]:
    return [f"{f.name} = {_sum(f, 'sum')}"]


def _mean(f: Feature) -> list[str]:
    return [f"{f.name} = {_sum(f, 'sum')} / {_size(f)} if {_any(f)} else None"]


def _spread(f: Feature) -> list[str]:
    total, squares = _sum(f, "sum"), _sum(f, "square")
    return [f"_c = {_size(f)}", f"_v = _c * {squares} - {total} * {total}"]


def _std(f: Feature) -> list[str]:
    return [*_spread(f), f"{f.name} = _sqrt(_v / (_c * (_c - 1))) if _c > 1 else None"]


def _zscore(f: Feature) -> list[str]:
    distance = f"(_c * amount - {_sum(f, 'sum')}) / (_c * _sqrt(_v / (_c * (_c - 1))))"
    return [*_spread(f), f"{f.name} = {distance} if _c > 1 and _v > 0 else None"]


def _median(f: Feature) -> list[str]:
    return [f"{f.name} = _median(_log, {low(f.window)}, _high) if {_any(f)} else None"]


def _since_last(f: Feature) -> list[str]:
    return [f"{f.name} = (_at - _log[_high - 1][0]) / 60000000 if {_any(f)} else None"]


def _since_first(f: Feature) -> list[str]:
    first = f"_log[{low(f.window)}][0]"
    return [f"{f.name} = (_at - {first}) / 86400000000 if {_any(f)} else None"]


def _km_from_last(f: Feature) -> list[str]:
    return [f"{f.name} = _travelled(_log[_high - 1], _place) if {_any(f)} else None"]


def _speed(f: Feature) -> list[str]:
    return [f"{f.name} = _speed(_log[_high - 1], _place, _at) if {_any(f)} else None"]


def _km_from_usual(f: Feature) -> list[str]:
    middle = ", ".join(_sum(f, axis) for axis in "xyz")
    given = f"_place is not None and {_any(f)}"
    return [f"{f.name} = _kilometres_from_middle(_place, {middle}) if {given} else None"]


def _gap_variation(f: Feature) -> list[str]:
    enough = f"{_size(f)} >= 3"
    reading = f"_gap_variation(_log, {low(f.window)}, _high, _at)"
    return [f"{f.name} = {reading} if {enough} else None"]


_READ: dict[str, Callable[[Feature], list[str]]] = {
    "count": _count,
    "count_if": _count_if,
    "share_if": _share_if,
    "distinct": _distinct,
    "per_distinct": _per_distinct,
    "seen": _seen,
    "known": _known,
    "sum": _total,
    "mean": _mean,
    "std": _std,
    "zscore": _zscore,
    "median": _median,
    "since_last": _since_last,
    "since_first": _since_first,
    "km_from_last": _km_from_last,
    "speed": _speed,
    "km_from_usual": _km_from_usual,
    "gap_variation": _gap_variation,
}
