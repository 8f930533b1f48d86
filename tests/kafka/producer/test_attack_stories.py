"""Each attack does what its description says, and each lookalike stays honest."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from fraud_core.events import OrderEvent
from fraud_stream.producer.attacks import ATTACKS
from fraud_stream.producer.lookalikes import LOOKALIKES
from fraud_stream.producer.market import RATES

Stories = dict[str, list[OrderEvent]]


@pytest.fixture(scope="module")
def stories(crime_wave: Any, month: Any) -> Stories:
    found: Stories = defaultdict(list)
    for told in (crime_wave, month):
        reasons = {x.transaction_id: x.reason for x in told.labels if x.source == "injected"}
        for order in told.orders:
            if order.transaction_id in reasons:
                found[reasons[order.transaction_id]].append(order)
    assert len(found) == len(ATTACKS) + len(LOOKALIKES)
    return found


def groups(orders: list[OrderEvent], *fields: str) -> dict[Any, list[OrderEvent]]:
    found: dict[Any, list[OrderEvent]] = defaultdict(list)
    for order in orders:
        found[tuple(getattr(order, field) for field in fields)].append(order)
    return found


@pytest.fixture(scope="module")
def everyday(crime_wave: Any, month: Any) -> Stories:
    """By customer, all that is ordered, stories included, each stream in order of time."""
    found: Stories = defaultdict(list)
    for order in (*crime_wave.orders, *month.orders):
        found[order.customer_id].append(order)
    return found


def devices_before(story: list[OrderEvent], everyday: Stories) -> set[str | None]:
    """Of all that the customer ordered before the story of theirs begins."""
    start = min(order.event_time for order in story)
    ordered = everyday[story[0].customer_id]
    return {order.device_id for order in ordered if order.event_time < start}


def dollars(order: OrderEvent) -> float:
    """Prices have steps, so this is a few percent off what the story wanted to spend."""
    return order.amount / RATES[order.currency]


def test_card_testing_tries_many_cards_from_one_device_and_is_mostly_declined(
    stories: Stories,
) -> None:
    by_device = [g for g in groups(stories["card_testing"], "device_id").values() if len(g) > 20]
    assert by_device
    for tries in by_device:
        assert len({order.card_fingerprint for order in tries}) >= 5
        declined = sum(order.transaction_status == "declined" for order in tries)
        assert declined / len(tries) > 0.5


def test_a_spree_goes_on_abroad_within_the_hour_of_an_order_at_home(
    stories: Stories, crime_wave: Any
) -> None:
    spree = stories["stolen_card_spree"]
    first = {order.card_fingerprint: order for order in reversed(spree)}
    at_home = [
        (order, first[order.card_fingerprint])
        for order in crime_wave.orders
        if order.card_fingerprint in first and order not in spree
    ]
    assert at_home
    for order, thief in at_home:
        assert order.ip_country != thief.ip_country
        assert thief.event_time - order.event_time < timedelta(hours=1)


def test_a_taken_over_account_has_failed_logins_a_new_password_and_a_new_device(
    stories: Stories, everyday: Stories
) -> None:
    with_a_past = 0
    for orders in groups(stories["account_takeover"], "customer_id").values():
        for order in orders:
            assert (order.failed_login_attempts or 0) >= 4
            assert order.password_changed_at
            assert order.event_time - order.password_changed_at < timedelta(hours=6)
        known = devices_before(orders, everyday)
        assert not known & {order.device_id for order in orders}
        with_a_past += bool(known)
    assert with_a_past >= 10


def test_a_voucher_farm_redeems_one_voucher_a_day_and_account_on_few_devices(
    stories: Stories,
) -> None:
    farm = stories["voucher_farm"]
    assert all(order.voucher_code for order in farm)
    assert len({o.device_id for o in farm}) * 4 < len({o.customer_id for o in farm})
    uses = groups(farm, "customer_id").values()
    for orders in uses:
        gaps = [b.event_time - a.event_time for a, b in pairwise(orders)]
        assert all(gap > timedelta(hours=12) for gap in gaps)


def test_brushing_gives_a_shop_many_tiny_orders_of_few_buyers_in_an_hour(
    stories: Stories,
) -> None:
    buyers = groups(stories["order_brushing"], "customer_id").values()
    counts = [len(orders) for orders in buyers]
    assert sum(counts) / len(counts) >= 5
    for orders in buyers:
        assert orders[-1].event_time - orders[0].event_time <= timedelta(hours=1)
        assert len({order.merchant_id for order in orders}) == 1
        assert all(dollars(order) < 15 for order in orders)


def test_colluding_buyers_share_the_owners_device_or_card(
    stories: Stories, crime_wave: Any
) -> None:
    used: dict[str, set[str | None]] = defaultdict(set)
    for order in crime_wave.orders:
        used[order.customer_id] |= {order.device_id, order.card_fingerprint}
    ids = {order.transaction_id for order in crime_wave.orders}
    puppets = [order for order in stories["collusion"] if order.transaction_id in ids]
    shared = [
        bool(
            used[order.merchant_owner_id or ""] & {order.device_id, order.card_fingerprint} - {None}
        )
        for order in puppets
    ]
    assert sum(shared) / len(shared) > 0.9


def test_night_bulk_is_ordered_by_the_hundred_before_dawn(stories: Stories) -> None:
    for order in stories["night_bulk"]:
        assert order.event_time.hour < 5
        assert order.items[0].quantity >= 90


def test_wallet_limits_uses_wallets_and_pay_later_of_accounts_on_one_device(
    stories: Stories,
) -> None:
    orders = stories["wallet_limits"]
    assert {order.payment_method for order in orders} == {"wallet", "pay_later"}
    assert len({o.device_id for o in orders}) < len({o.customer_id for o in orders})


def test_refund_abuse_claims_many_refunds(stories: Stories) -> None:
    orders = stories["refund_abuse"]
    assert {order.transaction_type for order in orders} == {"refund"}
    assert max(Counter(order.customer_id for order in orders).values()) >= 6


def test_a_family_shares_a_device_and_a_home_but_not_its_cards(stories: Stories) -> None:
    homes = [g for g in groups(stories["family_device"], "device_id").values() if len(g) > 3]
    assert homes
    for orders in homes:
        assert len({order.customer_id for order in orders}) > 1
        assert len({order.shipping for order in orders}) == 1
        assert len({(order.customer_name or "").rsplit(" ", 1)[-1] for order in orders}) == 1
        holders = groups([o for o in orders if o.card_fingerprint], "card_fingerprint").values()
        assert all(len({order.customer_id for order in paid}) == 1 for paid in holders)


def test_a_traveller_orders_from_abroad_on_the_usual_device(
    stories: Stories, everyday: Stories
) -> None:
    for orders in groups(stories["traveller"], "customer_id").values():
        (device,) = {order.device_id for order in orders}
        assert device in devices_before(orders, everyday)
        assert all(order.ip_country != order.customer_country for order in orders)


def test_a_firm_buys_in_bulk_by_day_with_an_old_account(stories: Stories) -> None:
    for order in stories["bulk_buyer"]:
        assert 8 <= order.event_time.hour < 18
        assert order.items[0].quantity >= 40
        assert order.account_created_at
        assert order.event_time - order.account_created_at > timedelta(days=180)


def test_a_flash_sale_brings_strangers_to_one_shop_within_half_an_hour(stories: Stories) -> None:
    for orders in groups(stories["flash_sale"], "merchant_id", "voucher_code").values():
        assert len({order.customer_id for order in orders}) == len(orders) >= 50
        assert orders[-1].event_time - orders[0].event_time <= timedelta(minutes=30)


def test_a_large_first_order_is_the_accounts_only_one(stories: Stories, everyday: Stories) -> None:
    assert all(len(everyday[order.customer_id]) == 1 for order in stories["large_first_order"])


def test_a_large_first_order_is_large(stories: Stories) -> None:
    assert min(dollars(order) for order in stories["large_first_order"]) > 350 * 0.95
