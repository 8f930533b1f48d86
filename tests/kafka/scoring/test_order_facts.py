"""What an order says by itself: folded names, places, local hours, and the facts built on them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_core.events import OrderEvent
from fraud_stream.scoring.order.clock import local_hour, microseconds
from fraud_stream.scoring.order.functions import functions
from fraud_stream.scoring.order.geography import kilometres, kilometres_from_middle, place
from fraud_stream.scoring.order.identity import address_key, likeness, mailbox, network
from fraud_stream.scoring.order.memo import Memo
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.state import available_forms

BERLIN, MUNICH, SYDNEY = (52.52, 13.405), (48.137, 11.575), (-33.869, 151.209)


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("Anna.B+shop@Example.ORG", "annab@example.org"),
        (" anna@example.org ", "anna@example.org"),
        ("anna@EXAMPLE.org.", "anna@example.org"),
        ("anna@example.org. . ", "anna@example.org"),
        ("JO\u0308RG@BU\u0308RO.example", "j\u00f6rg@b\u00fcro.example"),
        ("jo.\u0308rg@example.org", "j\u00f6rg@example.org"),
        ("anna@.", None),
        ("+tag@example.org", "+tag@example.org"),
        ("no-at-sign", None),
        ("a@b@c", None),
        ("@example.org", None),
        ("", None),
        (None, None),
    ],
)
def test_spellings_of_one_mailbox_are_one(given: str | None, canonical: str | None) -> None:
    assert mailbox(given)[0] == canonical


@pytest.mark.parametrize(
    ("name", "address", "low", "high"),
    [
        ("Anna Keller", "anna.keller@x.org", 1, 1),
        ("Anna Keller", "a.kelle@x.org", 0.5, 0.99),
        ("Đặng Thị Hoa", "danghoa@x.org", 1, 1),
        ("Bo Li", "xqzw@x.org", 0, 0),
    ],
)
def test_likeness_of_name_and_address(name: str, address: str, low: float, high: float) -> None:
    found = likeness(name, mailbox(address)[0])
    assert found is not None
    assert low <= found <= high


@pytest.mark.parametrize(
    "pair", [(None, "a@x.org"), ("Anna", None), ("王伟", "w@x.org"), ("A", "1@x")]
)
def test_likeness_is_missing_without_latin_letters_on_both_sides(
    pair: tuple[str | None, str | None],
) -> None:
    assert likeness(pair[0], mailbox(pair[1])[0]) is None


def test_distances_are_those_of_the_map() -> None:
    berlin, munich, sydney = place(*BERLIN), place(*MUNICH), place(*SYDNEY)
    assert berlin is not None
    assert munich is not None
    assert sydney is not None
    assert kilometres(berlin, munich) == pytest.approx(504, abs=2)
    assert kilometres(berlin, sydney) == pytest.approx(16_090, rel=0.01)
    assert kilometres(berlin, berlin) == 0


def test_the_middle_of_places_works_across_the_date_line() -> None:
    east, west = place(0.0, 179.0), place(0.0, -179.0)
    here = place(0.0, 180.0)
    assert east is not None
    assert west is not None
    assert here is not None
    sums = tuple(a + b for a, b in zip(east, west, strict=True))
    assert kilometres_from_middle(here, *sums) == pytest.approx(0, abs=0.01)


def test_places_that_cancel_out_have_no_middle() -> None:
    here = place(0.0, 0.0)
    assert here is not None
    assert kilometres_from_middle(here, 0, 0, 0) is None


@given(
    st.datetimes(
        timezones=st.just(UTC), min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)
    )
)
def test_times_keep_every_microsecond(moment: datetime) -> None:
    assert timedelta(microseconds=microseconds(moment)) == moment - datetime(1970, 1, 1, tzinfo=UTC)


def test_the_local_hour_is_the_offsets_or_else_the_suns() -> None:
    noon = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    assert local_hour(noon.astimezone(timezone(timedelta(hours=-8))), 13.4) == 4
    assert local_hour(noon, 13.4) == 13
    assert local_hour(noon, -150.0) == 2
    assert local_hour(noon, None) is None
    midnight = noon.replace(hour=0, minute=0)
    assert local_hour(midnight, -1e-15) == 0
    assert local_hour(midnight.replace(hour=1), -15.000000000000002) == 0


def test_an_address_needs_coordinates_to_be_one() -> None:
    assert address_key("DE", "10 115", 52.52001, 13.40499) == "DE|10115|52.5200|13.4050"
    assert address_key("DE", "10115", None, None) is None


@pytest.mark.parametrize("form", available_forms())
def test_a_place_on_the_meridian_has_one_key(form: Literal["compiled", "python"]) -> None:
    key = functions(form)["_address_key"]
    for longitude in (0.0, -0.0, 0.00004, -0.00004):
        assert key("GB", "SE10", -0.0, longitude) == "GB|SE10|0.0000|0.0000"
    assert key("GB", "SE10", 51.4779, -0.0001) == "GB|SE10|51.4779|-0.0001"


def test_addresses_of_one_household_are_one() -> None:
    assert network("2001:db8:1:2::9") == network("2001:db8:1:2:ffff::1")


@pytest.mark.parametrize(
    "written",
    [
        *("192.0.2.1", " 192.0.2.1 ", "192.0.2.1:443", "\t192.0.2.1:65535\n"),
        *("::ffff:192.0.2.1", "::FFFF:c000:201", "0:0::ffff:192.0.2.1", "[::ffff:192.0.2.1]:443"),
    ],
)
def test_an_address_of_ipv4_is_one_however_it_is_written(written: str) -> None:
    assert network(written) == "192.0.2.1"


@pytest.mark.parametrize(
    "written",
    [
        *("2001:db8::1", "2001:DB8:0:0::9", " 2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443"),
        *("2001:db8::1%eth0", "[2001:db8::1%25eth0]:443"),
    ],
)
def test_an_address_of_ipv6_is_its_network_however_it_is_written(written: str) -> None:
    assert network(written) == "2001:db8::/64"


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "-", "n/a", "unknown", "null", "localhost", "not an address", "192.0.2"),
        *("192.0.2.256", "192.0.2.01", "192.0.2.1.", "192.0.2.1:x", "192.0.2.1, 192.0.2.2"),
        *("192.0.2.0/24", "::ffff:192.0.2.1.", "2001:db8::1::2", "[192.0.2.1", "12:30", "fe80::1%"),
    ],
)
def test_what_is_no_address_is_missing(written: str) -> None:
    assert network(written) is None


def test_a_memo_forgets_everything_at_its_limit() -> None:
    asked: list[int] = []
    memo = Memo[int, int](lambda n: asked.append(n) or n, limit=2)
    assert [memo[n] for n in (1, 1, 2, 3, 1)] == [1, 1, 2, 3, 1]
    assert asked == [1, 2, 3, 1]


FACTS = {
    "quantity == 5": {
        "items": [
            {"product_id": "a", "quantity": 2, "unit_price": 1},
            {"product_id": "b", "quantity": 3, "unit_price": 1},
        ]
    },
    "lines == 1": {"items": [{"product_id": "a", "quantity": 2, "unit_price": 1}]},
    "has_voucher": {"voucher_code": "V"},
    "is_refund": {"transaction_type": "refund"},
    "is_declined": {"transaction_status": "declined"},
    "account_age_days == 1.5": {"account_created_at": "2026-03-01T00:00:00Z"},
    "password_age_hours == 1": {"password_changed_at": "2026-03-02T11:00:00Z"},
    "profile_completeness == 0.5": {
        "customer_name": "A",
        "customer_email": "a@b.c",
        "customer_country": "DE",
    },
    "buyer_is_owner": {"merchant_owner_id": "c1"},
    "shipping_country == 'DE' and shipping_city == 'B'": {
        "shipping": {"country": "DE", "city": "B"}
    },
    "ip_shipping_km > 500 and ip_shipping_km < 510": {
        "ip_latitude": 52.52,
        "ip_longitude": 13.405,
        "shipping": {"latitude": 48.137, "longitude": 11.575},
    },
    "discount < high": {"discount_amount": 5.0},
}


@pytest.mark.parametrize(("condition", "fields"), FACTS.items())
def test_fact_is_what_the_order_says(
    scorer: Callable[..., RuleScorer],
    order: Callable[..., OrderEvent],
    condition: str,
    fields: dict[str, object],
) -> None:
    assert scorer(condition).score(order(**fields)).reasons
    assert not scorer(condition).score(order()).reasons
