"""Every feature of the catalogue equals a slow reference that looks at the whole list of orders."""

import random
import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isclose, sqrt
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud_core.events import LabelEvent, OrderEvent
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
START = datetime(2026, 3, 2, tzinfo=UTC)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
SHARED_PLACES = [(52.5, 13.4), (48.1, 11.6), (-33.9, 151.2), (0.0, 179.9), (None, None)]


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
    mine = now[columns[f.of or ""]]
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


def same(found: Any, expected: Any) -> bool:
    """Whole numbers exactly; the rest up to the rounding of another order of operations."""
    if isinstance(expected, float) and isinstance(found, int | float):
        return isclose(found, expected, rel_tol=1e-9, abs_tol=0.01)
    return found == expected


@st.composite
def orders(draw: st.DrawFn) -> OrderEvent:
    """An order among few entities, at few times, so that windows fill up and times tie."""
    few = st.one_of(st.none(), st.sampled_from(["a", "b"]))
    steps = [0, 1, 299, 300, 301, 3599, 3600, 86_400, 90_000, 7 * 86_400, 29 * 86_400, 31 * 86_400]
    seconds = draw(st.sampled_from(steps)) + draw(st.sampled_from(steps)) + draw(st.integers(0, 3))
    place = draw(st.sampled_from(SHARED_PLACES))
    values: dict[str, Any] = {
        "schema_version": 1,
        "transaction_id": "t",
        "customer_id": draw(st.sampled_from(["a", "b"])),
        "merchant_id": draw(st.sampled_from(["a", "b"])),
        "event_time": START + timedelta(seconds=seconds),
        "amount": draw(st.integers(1, 999)) / 100,
        "currency": draw(st.sampled_from(["EUR", "EUR", "USD"])),
        "payment_method": "card",
        "transaction_status": draw(st.sampled_from([None, "approved", "declined"])),
        "transaction_type": draw(st.sampled_from([None, "purchase", "refund"])),
        "device_id": draw(few),
        "card_fingerprint": draw(few),
        "voucher_code": draw(few),
        "merchant_owner_id": draw(few),
        "merchant_category": draw(few),
        "ip_address": draw(st.sampled_from([None, "10.0.0.1", "2001:db8::1", "2001:db8::2"])),
        "customer_email": draw(st.sampled_from([None, "a.b@x.org", "AB+1@x.org", "c@x.org"])),
        "ip_latitude": place[0],
        "ip_longitude": place[1],
        "shipping": draw(st.sampled_from([None, {"latitude": 1.0, "longitude": 2.0}])),
    }
    return msgspec.convert(values, OrderEvent)


@pytest.fixture(scope="module")
def new_scorer(rules_text: Callable[..., str]) -> Callable[[], RuleScorer]:
    """Makes a scorer whose rules ask for every feature of the catalogue."""
    text = rules_text(*(f"{name} == {name}" for name in CATALOGUE), state="shadow")
    book = read_rule_book(text)
    return lambda: RuleScorer(book)


def _label(event: OrderEvent, *, fraud: bool) -> LabelEvent:
    return LabelEvent(
        transaction_id=event.transaction_id,
        label="fraud" if fraud else "legitimate",
        source="chargeback",
        labelled_at=event.event_time + timedelta(days=1),
    )


STREAM = st.lists(st.tuples(orders(), st.sampled_from([None, None, True, False])), max_size=40)


def _check(scorer: RuleScorer, stream: list[tuple[OrderEvent, bool | None]]) -> None:
    seen: list[Record] = []
    labels: list[Record] = []
    for event, fraud in stream:
        now = scorer.record_of(event)
        newest = max([now[0], *(r[0] for r in seen)])
        found = values_of(scorer.score(event).features)
        for feature in CATALOGUE.values():
            expected = reference(feature, seen, labels, now, newest)
            assert same(found[feature.name], expected), (
                feature.name,
                found[feature.name],
                expected,
            )
        seen.append(now)
        if fraud is not None:
            label = _label(event, fraud=fraud)
            scorer.absorb_label(label, event)
            labels.append((now[0] + DAY, int(fraud), now[10], now[4], now[6]))


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(stream=STREAM)
def test_features_equal_the_reference_with_ties_and_disorder(
    new_scorer: Callable[[], RuleScorer], stream: list[tuple[OrderEvent, bool | None]]
) -> None:
    _check(new_scorer(), stream)


def test_features_equal_the_reference_in_histories_too_long_to_look_through(
    new_scorer: Callable[[], RuleScorer], order: Callable[..., OrderEvent]
) -> None:
    draw = random.Random(7)
    stream: list[tuple[OrderEvent, bool | None]] = []
    for number in range(140):
        fields = {
            "customer_id": draw.choice("ab"),
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
    new_scorer: Callable[[], RuleScorer], stream: list[tuple[OrderEvent, bool | None]]
) -> None:
    _check(new_scorer(), sorted(stream, key=lambda step: step[0].event_time))
