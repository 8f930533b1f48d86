"""Every feature of the catalogue equals a slow reference that looks at the whole list of orders."""

import random
import statistics
from collections.abc import Callable
from itertools import pairwise
from math import isclose, sqrt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from order_streams import STREAM, Stream, label_of
from scorer_forms import form_or_skip

from fraud_core.events import OrderEvent
from fraud_stream.scoring.decision import values_of
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.features.entities import TYPES
from fraud_stream.scoring.features.feature import Feature
from fraud_stream.scoring.features.record import LABEL_COLUMN, ORDER_COLUMN
from fraud_stream.scoring.features.windows import DAY, LENGTH
from fraud_stream.scoring.order.geography import kilometres
from fraud_stream.scoring.rules.book import read_rule_book
from fraud_stream.scoring.scorer import RuleScorer

Record = tuple[Any, ...]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def reference(
    feature: Feature, seen: list[Record], labels: list[Record], now: Record, newest: int
) -> Any:
    """The feature's value by its definition, from all that was ingested before `now`."""
    kind = TYPES[feature.entity]
    columns = LABEL_COLUMN if kind.of_labels else ORDER_COLUMN
    key = now[ORDER_COLUMN[kind.column]]
    if key is None:
        return None
    edge = max(now[0], newest - DAY)
    start, end = edge - LENGTH[feature.window], now[0]
    if feature.measure == "known":
        end = min(end, edge - DAY)
    history = labels if kind.of_labels else seen
    window = [r for r in history if start <= r[0] < end and r[columns[kind.column]] == key]
    if kind.per_currency:
        window = [r for r in window if r[2] == now[2] and not r[14] and not r[15]]
    window.sort(key=lambda r: r[0])
    return MEASURES[feature.measure](feature, window, now, columns)


def _values(f: Feature, window: list[Record], columns: dict[str, int]) -> list[Any]:
    return [r[columns[f.of or ""]] for r in window]


def _flags(f: Feature, window: list[Record], columns: dict[str, int]) -> int:
    values = _values(f, window, columns)
    return sum(v is not None if f.of == "voucher" else v for v in values)


def _distinct(f: Feature, window: list[Record], columns: dict[str, int]) -> int:
    return len(set(_values(f, window, columns)) - {None})


def _seen(f: Feature, window: list[Record], now: Record, columns: dict[str, int]) -> bool | None:
    mine = now[columns[f.key]]
    return None if mine is None else mine in _values(f, window, columns)


def _zscore(f: Feature, window: list[Record], now: Record, columns: dict[str, int]) -> float | None:
    amounts = _values(f, window, columns)
    if len(set(amounts)) < 2:
        return None
    return (now[1] - statistics.fmean(amounts)) / statistics.stdev(amounts)


def _travel(window: list[Record], now: Record) -> float | None:
    if not window or window[-1][13] is None or now[13] is None:
        return None
    return kilometres(window[-1][13], now[13])


def _speed(window: list[Record], now: Record) -> float | None:
    distance = _travel(window, now)
    return None if distance is None else distance / ((now[0] - window[-1][0]) / 3.6e9)


def _usual(window: list[Record], now: Record) -> float | None:
    places = [r[13] for r in window if r[13] is not None]
    if now[13] is None or not places:
        return None
    middle = [sum(axis) for axis in zip(*places, strict=True)]
    length = sqrt(sum(m * m for m in middle))
    if not length:
        return None
    return kilometres(now[13], tuple(round(1e7 * m / length) for m in middle))  # pyright: ignore[reportArgumentType] - three axes


def _gaps(window: list[Record], now: Record) -> float | None:
    if len(window) < 3:
        return None
    times = [*(r[0] for r in window[-8:]), now[0]]
    gaps = [b - a for a, b in pairwise(times)]
    return (max(gaps) - min(gaps)) / statistics.fmean(gaps) if any(gaps) else None


MEASURES: dict[str, Callable[[Feature, list[Record], Record, dict[str, int]], Any]] = {
    "count": lambda _f, w, _n, _c: len(w),
    "count_if": lambda f, w, _n, c: _flags(f, w, c),
    "share_if": lambda f, w, _n, c: _flags(f, w, c) / len(w) if w else None,
    "distinct": lambda f, w, _n, c: _distinct(f, w, c),
    "per_distinct": lambda f, w, _n, c: len(w) / _distinct(f, w, c) if w else None,
    "seen": _seen,
    "known": _seen,
    "sum": lambda f, w, _n, c: sum(_values(f, w, c)),
    "mean": lambda f, w, _n, c: sum(_values(f, w, c)) / len(w) if w else None,
    "std": lambda f, w, _n, c: statistics.stdev(_values(f, w, c)) if len(w) > 1 else None,
    "zscore": _zscore,
    "median": lambda f, w, _n, c: statistics.median(_values(f, w, c)) if w else None,
    "since_last": lambda _f, w, n, _c: (n[0] - w[-1][0]) / 6e7 if w else None,
    "since_first": lambda _f, w, n, _c: (n[0] - w[0][0]) / 8.64e10 if w else None,
    "km_from_last": lambda _f, w, n, _c: _travel(w, n),
    "speed": lambda _f, w, n, _c: _speed(w, n),
    "km_from_usual": lambda _f, w, n, _c: _usual(w, n),
    "gap_variation": lambda _f, w, n, _c: _gaps(w, n),
}


def same(measure: str, found: Any, expected: Any) -> bool:
    """Whole numbers exactly; the rest up to the rounding of another order of operations.

    The reference rounds the middle of the usual places to their grid, whose steps are 64 cm.
    """
    if isinstance(expected, float) and isinstance(found, int | float):
        tolerance = 0.01 if measure == "km_from_usual" else 1e-9
        return isclose(found, expected, rel_tol=1e-9, abs_tol=tolerance)
    return found == expected


@pytest.fixture(scope="module", params=["python", "compiled"])
def new_scorer(
    rules_text: Callable[..., str], request: pytest.FixtureRequest
) -> Callable[[], RuleScorer]:
    """Makes a scorer of either form whose rules ask for every feature of the catalogue."""
    form = form_or_skip(request.param)
    text = rules_text(*(f"{name} == {name} and amount != 0" for name in CATALOGUE), state="shadow")
    book = read_rule_book(text)
    return lambda: RuleScorer(book, form)


def _check(scorer: RuleScorer, stream: Stream) -> None:
    seen: list[Record] = []
    labels: list[Record] = []
    for event, fraud in stream:
        now = scorer.record_of(event)
        newest = max([now[0], *(r[0] for r in seen)])
        found = values_of(scorer.score(event).features)
        for feature in CATALOGUE.values():
            expected = reference(feature, seen, labels, now, newest)
            assert same(feature.measure, found[feature.name], expected), (
                feature.name,
                found[feature.name],
                expected,
            )
        seen.append(now)
        if fraud is not None:
            label = label_of(event, fraud=fraud)
            scorer.absorb_label(label, event)
            labels.append((now[0] + DAY, int(fraud), now[10], now[4], now[6]))


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(stream=STREAM)
def test_features_equal_the_reference_with_ties_and_disorder(
    new_scorer: Callable[[], RuleScorer], stream: Stream
) -> None:
    _check(new_scorer(), stream)


def test_features_equal_the_reference_in_histories_too_long_to_look_through(
    new_scorer: Callable[[], RuleScorer], order: Callable[..., OrderEvent]
) -> None:
    draw = random.Random(7)
    stream: Stream = []
    for number in range(140):
        fields = {
            "customer_id": draw.choice("abc"),
            "merchant_owner_id": draw.choice(["a", "b", "z", None]),
            "merchant_id": draw.choice("ab"),
            "device_id": draw.choice(["a", "b", "c", None]),
            "card_fingerprint": draw.choice("abcdef"),
            "ip_address": draw.choice(["10.0.0.1", "10.0.0.2"]),
            "voucher_code": draw.choice(["a", None]),
            "amount": float(draw.randrange(1, 9)),
            "transaction_status": draw.choice(["approved", "approved", "declined"]),
        }
        minutes = number * 120 + draw.choice([0, 0, 30, -300, -2000])
        stream.append((order(minutes, **fields), draw.choice([None, True, False])))
    _check(new_scorer(), stream)


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(stream=STREAM)
def test_features_equal_the_reference_in_order_of_time(
    new_scorer: Callable[[], RuleScorer], stream: Stream
) -> None:
    _check(new_scorer(), sorted(stream, key=lambda step: step[0].event_time))
