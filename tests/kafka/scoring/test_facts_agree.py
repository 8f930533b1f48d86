"""Facts computed in C are those computed in Python, to the last bit."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scorer_forms import form_or_skip

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_core.events import Address, OrderEvent
from fraud_stream.scoring.order.functions import functions
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.scorer import RuleScorer

LATITUDES = st.one_of(st.none(), st.floats(-90, 90))
LONGITUDES = st.one_of(st.none(), st.floats(-180, 180))
OFFSETS = st.one_of(
    st.timedeltas(timedelta(hours=-15), timedelta(hours=15)),
    st.integers(-15 * 4, 15 * 4).map(lambda quarters: timedelta(minutes=15 * quarters)),
)
ZONES = st.one_of(st.just(UTC), OFFSETS.map(timezone))
MOMENTS = st.datetimes(
    timezones=ZONES, min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 30)
)
TYPED = st.text(st.sampled_from("abcABC..+@ -\t\x1c\u0085éßİøđ王"), max_size=30)
TEXTS = st.one_of(
    st.none(), TYPED, st.text(max_size=20), st.text("ab ", min_size=505, max_size=520)
)

OPTIONAL = st.one_of(st.none(), st.sampled_from(["", "a", "Ä-1"]))
ADDRESSES = st.builds(
    Address, country=OPTIONAL, postal_code=OPTIONAL, latitude=LATITUDES, longitude=LONGITUDES
)
ORDERS = st.builds(
    OrderEvent,
    schema_version=st.just(1),
    transaction_id=st.just("t"),
    customer_id=st.sampled_from(["c", "ç"]),
    merchant_id=st.just("m"),
    event_time=MOMENTS,
    amount=st.floats(-1e10, 1e10),
    currency=st.sampled_from(sorted(MINOR_UNIT_DIGITS)),
    payment_method=st.just("card"),
    merchant_owner_id=OPTIONAL,
    device_id=OPTIONAL,
    transaction_type=st.sampled_from(["purchase", "refund", None]),
    transaction_status=st.sampled_from(["approved", "declined", None]),
    voucher_code=OPTIONAL,
    card_fingerprint=OPTIONAL,
    customer_email=TEXTS,
    ip_address=st.one_of(
        st.sampled_from([None, "", "10.0.0.1", "2001:db8::1", "2001:db8::2:0:1", "a:b", "unknown"]),
        st.sampled_from([" 10.0.0.1", "10.0.0.1:443", "[2001:db8::1%a]:443", "::ffff:10.0.0.1"]),
        st.text("0125.", max_size=15),
        st.tuples(*[st.integers(0, 300)] * 4).map(lambda octets: ".".join(map(str, octets))),
    ),
    ip_latitude=LATITUDES,
    ip_longitude=LONGITUDES,
    merchant_category=OPTIONAL,
    shipping=st.one_of(st.none(), ADDRESSES),
)

Functions = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module")
def forms() -> tuple[Functions, Functions]:
    return functions("python"), functions(_compiled())


def _compiled() -> Any:
    return form_or_skip("compiled")


def _exact(value: Any) -> Any:
    return struct.pack("d", value) if isinstance(value, float) else value


def _alike(forms: tuple[Functions, Functions], name: str, *given: Any) -> None:
    python, compiled = (form[name](*given) for form in forms)
    assert type(compiled) is type(python)
    assert _exact(compiled) == _exact(python)


@given(moment=MOMENTS)
def test_times_are_alike(forms: tuple[Functions, Functions], moment: datetime) -> None:
    _alike(forms, "_microseconds", moment)


@given(moment=MOMENTS, longitude=LONGITUDES)
@example(moment=datetime(2026, 3, 2, tzinfo=UTC), longitude=-1e-15)
def test_local_hours_are_alike(
    forms: tuple[Functions, Functions], moment: datetime, longitude: float | None
) -> None:
    _alike(forms, "_local_hour", moment, longitude)


@given(latitude=LATITUDES, longitude=LONGITUDES, north=LATITUDES, east=LONGITUDES)
def test_places_and_distances_are_alike(
    forms: tuple[Functions, Functions],
    latitude: float | None,
    longitude: float | None,
    north: float | None,
    east: float | None,
) -> None:
    _alike(forms, "_place_at", latitude, longitude)
    here, there = forms[0]["_place_at"](latitude, longitude), forms[0]["_place_at"](north, east)
    if here is not None and there is not None:
        _alike(forms, "_kilometres", here, there)


@given(country=TEXTS, postal=TEXTS, latitude=LATITUDES, longitude=LONGITUDES)
def test_address_keys_are_alike(
    forms: tuple[Functions, Functions],
    country: str | None,
    postal: str | None,
    latitude: float | None,
    longitude: float | None,
) -> None:
    _alike(forms, "_address_key", country, postal, latitude, longitude)


@given(address=TEXTS, name=TEXTS)
def test_mailboxes_and_likeness_are_alike(
    forms: tuple[Functions, Functions], address: str | None, name: str | None
) -> None:
    _alike(forms, "_mailbox", address)
    _alike(forms, "_likeness", name, forms[0]["_mailbox"](address)[0])
    _alike(forms, "_likeness", name, address)


@given(name=st.text("abcdAB é", max_size=14), local=st.text("abcd.+", max_size=10))
def test_likeness_is_alike_where_names_and_mailboxes_share_letters(
    forms: tuple[Functions, Functions], name: str, local: str
) -> None:
    _alike(forms, "_likeness", name, f"{local}@example.org")


@pytest.fixture(scope="module")
def scorers(starter_book: RuleBook) -> tuple[RuleScorer, RuleScorer]:
    return RuleScorer(starter_book, "python"), RuleScorer(starter_book, _compiled())


@given(order=ORDERS)
def test_orders_are_taken_apart_alike(
    scorers: tuple[RuleScorer, RuleScorer], order: OrderEvent
) -> None:
    python, compiled = (scorer.record_of(order) for scorer in scorers)
    assert compiled == python
    assert [type(value) for value in compiled] == [type(value) for value in python]


def test_what_is_no_order_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="not an order: 'text'"):
        functions(_compiled())["_take_apart"]("text", str)
