"""Every feature of the catalogue as an SQL aggregate: the twin of what scoring computes.

It comes from the catalogue itself, so a feature that is added or changed there changes here, and
shares nothing with the code that scores: aggregates over rows where that moves cursors. An
aggregate is over the orders (or labels) `past` of one entity that were known before `decided`.
"""

from fraud_stream.scoring.features.feature import Feature, Measure
from fraud_stream.scoring.features.measures import GAPS
from fraud_stream.scoring.order.geography import EARTH_KM, UNIT


def _since(window: str) -> str:
    return f"seen_at >= decided.since_{window}"


def _count(f: Feature, what: str = "past.known_id") -> str:
    return f"count({what}) filter (where {_since(f.window)})"


def _sum(f: Feature, what: str) -> str:
    return f"coalesce(sum({what}) filter (where {_since(f.window)}), 0)"


def _flagged(f: Feature) -> str:
    flag = "past.voucher is not null" if f.of == "voucher" else f"past.{f.of}"
    return f"count(*) filter (where {_since(f.window)} and {flag})"


def _variance(f: Feature) -> str:
    """Count times the sum of squares, less the squared sum, in exact numbers."""
    count, total = _count(f), _sum(f, "past.amount")
    return f"({count} * {_sum(f, 'past.amount * past.amount')} - {total} * {total})"


def _std(f: Feature) -> str:
    count = _count(f)
    return (
        f"case when {count} > 1 then "
        f"sqrt(({_variance(f)} / ({count} * ({count} - 1)))::double precision) end"
    )


def _zscore(f: Feature) -> str:
    count = _count(f)
    distance = f"({count} * decided.amount - {_sum(f, 'past.amount')})::double precision"
    spread = f"({count} * ({_std(f)}))"
    return f"case when {count} > 1 and {_variance(f)} > 0 then {distance} / {spread} end"


def _last(f: Feature, what: str) -> str:
    """Of the newest order in the window."""
    order = "past.seen_at desc, past.known_id desc"
    return f"(array_agg({what} order by {order}) filter (where {_since(f.window)}))[1]"


def _km(dx: str, dy: str, dz: str) -> str:
    chord = f"sqrt(({dx}) ^ 2 + ({dy}) ^ 2 + ({dz}) ^ 2)"
    known = f"({dx}) is not null"  # least() would take an unknown chord for the longest
    return f"case when {known} then {2 * EARTH_KM} * asin(least(1.0, {chord} / {2 * UNIT})) end"


def _km_from_last(f: Feature) -> str:
    return _km(*(f"decided.{axis} - {_last(f, f'past.{axis}')}" for axis in "xyz"))


def _speed(f: Feature) -> str:
    hours = f"extract(epoch from decided.seen_at - {_last(f, 'past.seen_at')})"
    return f"{_km_from_last(f)} * 3600 / nullif({hours}::double precision, 0)"


def _km_from_usual(f: Feature) -> str:
    sums = [_sum(f, f"past.{axis}") for axis in "xyz"]
    length = f"nullif(sqrt({' + '.join(f'({s}) ^ 2' for s in sums)}), 0)"
    steps = [
        f"decided.{axis} - {UNIT}::double precision * {s} / {length}"
        for axis, s in zip("xyz", sums, strict=True)
    ]
    return _km(*steps)


def _gap_variation(f: Feature) -> str:
    """Of the newest orders of the window and this one; each gap ends where the next begins."""
    times = (
        "(array_agg(extract(epoch from past.seen_at) order by past.seen_at desc)"
        f" filter (where {_since(f.window)}))[1:{GAPS}]"
    )
    before = "lag(moment, 1, extract(epoch from decided.seen_at)) over (order by place)"
    newest = f"unnest({times}) with ordinality as newest (moment, place)"
    gaps = f"select {before} - moment as gap from {newest}"  # noqa: S608 - our own names
    spread = "((max(gap) - min(gap)) * count(*) / nullif(sum(gap), 0))::double precision"
    return f"case when {_count(f)} >= 3 then (select {spread} from ({gaps}) as gaps) end"  # noqa: S608 - as above


def _seen(f: Feature, condition: str) -> str:
    found = f"bool_or(past.{f.of} = decided.{f.key}) filter (where {condition})"
    return f"case when decided.{f.key} is not null then coalesce({found}, false) end"


def _ratio(above: str, below: str) -> str:
    return f"{above}::double precision / nullif({below}, 0)"


def reading(f: Feature) -> str:
    """The feature as an aggregate over the orders `past` in the windows of `decided`."""
    readings: dict[Measure, str] = {
        "count": _count(f),
        "count_if": _flagged(f),
        "share_if": _ratio(_flagged(f), _count(f)),
        "distinct": _count(f, f"distinct past.{f.of}"),
        "per_distinct": _ratio(_count(f), _count(f, f"distinct past.{f.of}")),
        "seen": _seen(f, _since(f.window)),
        "known": _seen(f, f"{_since(f.window)} and seen_at < decided.since_24h"),
        "sum": _sum(f, "past.amount"),
        "mean": f"({_ratio(_sum(f, 'past.amount'), _count(f))})",
        "std": _std(f),
        "zscore": _zscore(f),
        "median": "percentile_cont(0.5) within group (order by past.amount) "
        f"filter (where {_since(f.window)})",
        "since_last": f"extract(epoch from decided.seen_at - {_last(f, 'past.seen_at')}) / 60.0",
        "since_first": "extract(epoch from decided.seen_at - min(past.seen_at) "
        f"filter (where {_since(f.window)})) / 86400.0",
        "km_from_last": _km_from_last(f),
        "speed": _speed(f),
        "km_from_usual": _km_from_usual(f),
        "gap_variation": _gap_variation(f),
    }
    return (
        readings[f.measure]
        .replace("seen_at >= decided", "past.seen_at >= decided")
        .replace("and seen_at", "and past.seen_at")
    )
