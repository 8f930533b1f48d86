"""Whatever the consumer lets in can be flattened: no single message stops the models."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC

import pytest
from warehouse_orders import Order

from fraud_core.database import connect
from fraud_core.events import OrderEvent
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult, build
from fraud_stream.consumer.decode import decode

pytestmark = pytest.mark.integration


EXTREMES = [
    '"account_created_at": "2026-01-01T00:00:00+23:59"',
    '"account_created_at": "0001-01-01T00:00:00+10:00"',
    '"password_changed_at": "9999-12-31T23:59:59-10:00"',
    '"password_changed_at": "2026-01-01 00:00:00.123456789z"',
    f'"password_changed_at": "2026-01-01T00:00:00.{"123" * 60}Z"',
    f'"account_created_at": "2026-01-01T00:00:00.{"9" * 200}+0530"',
    '"event_time": "2026-03-01T12:00:00+20:00"',
    '"event_time": "2026-03-01T12:00:00+0000"',
    '"event_time": "0002-01-01T00:00:00Z"',
    '"failed_login_attempts": 2147483647',
    '"failed_login_attempts": 99999999999999999999999',
    '"failed_login_attempts": -0',
    '"discount_amount": 1e10',
    '"discount_amount": 1e300',
    '"discount_amount": 1e-400',
    '"discount_amount": 0.000001',
    '"ip_latitude": 1e-400',
    '"ip_longitude": -179.99999999999999999999999',
    '"event_time": "2026-03-01T12:00:00Z", "ip_longitude": 1e-400, "shipping": null',
    '"event_time": "2026-03-01T12:00:00Z", "shipping": {"longitude": -1e-400}',
    '"shipping": {"latitude": 1e-400, "longitude": 1E+2}',
    '"shipping": null, "billing": {}',
    '"items": []',
    '"items": null',
    '"items": [{"product_id": "p", "quantity": 1, "unit_price": 1e300}]',
    '"amount": 9999999999.99',
    '"amount": -5, "transaction_type": "refund"',
    '"amount": 10.10000000000000000000001',
    '"currency": "JPY", "amount": 1e3',
    '"card_country": "DE\\n"',
    '"customer_name": "\\u0000"',
    '"customer_name": "\\ud83d\\ude00 \\\\u0000"',
    '"unknown": "\\ud800"',
    '"unknown": "\\u0000"',
    '"unknown": 1e400000',
    f'"unknown": {"9" * 200_000}',
    f'"unknown": {"[" * 5000}{"]" * 5000}',
    f'"unknown": {"[" * 60}{"]" * 60}',
]


@pytest.fixture(scope="module")
def let_in(an_order: Callable[..., Order]) -> list[tuple[OrderEvent, str]]:
    """Those of the extremes that the consumer takes for orders, with their text."""
    messages = [_message(an_order(), extreme) for extreme in EXTREMES]
    decoded = [(decode(text.encode(), max_bytes=1_000_000), text) for text in messages]
    return [(event, text) for event, text in decoded if isinstance(event, OrderEvent)]


def _message(order: Order, extreme: str) -> str:
    """The order's text with the extreme in the place of the fields that it names."""
    plain = {name: value for name, value in order.items() if f'"{name}":' not in extreme}
    return f"{json.dumps(plain)[:-1]}, {extreme}}}"


def test_messages_at_the_edge_of_the_contract_build_and_pass_every_test(
    warehouse: Settings,
    let_in: list[tuple[OrderEvent, str]],
    land: Callable[[list[Order]], None],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], dict[str, list[str]]],
) -> None:
    build_models()
    land(
        [
            {
                "transaction_id": event.transaction_id,
                "customer_id": event.customer_id,
                "event_time": event.event_time.astimezone(UTC),
                "as_sent": text,
            }
            for event, text in let_in
        ]
    )

    result = build(warehouse)

    assert not result.problems
    assert len(contents()["fct_transactions"]) == len(let_in)
    assert len(let_in) >= len(EXTREMES) / 2


def test_amounts_are_those_of_the_message_to_the_last_digit(
    an_order: Callable[..., Order],
    land: Callable[[list[Order]], None],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], dict[str, list[str]]],
) -> None:
    land([an_order(customer_id="exact", amount=0.1) for _ in range(10)])
    build_models()

    (customer,) = [row for row in contents()["vw_customer_fraud_summary"] if "(exact," in row]

    assert ",EUR,1.0000," in customer


def test_an_id_spelled_with_combining_characters_is_the_same_id(
    warehouse: Settings,
    an_order: Callable[..., Order],
    land: Callable[[list[Order]], None],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], dict[str, list[str]]],
) -> None:
    spellings = ["caf\u00e9", "cafe\u0301"]
    land(
        [
            an_order(
                merchant_id=f"m-{name}",
                device_id=f"d-{name}",
                voucher_code=f"v-{name}",
                payment_method=f"p-{name}",
                card_fingerprint=f"c-{name}",
                browser_fingerprint=f"b-{name}",
            )
            for name in spellings
        ]
    )
    land([an_order(promotion_id=f"promo-{name}") for name in spellings])
    build_models()

    found = contents()

    assert len([row for row in found["stg_merchants"] if "m-caf" in row]) == 1
    assert len([row for row in found["stg_devices"] if "d-caf" in row]) == 1
    assert len([row for row in found["mart_campaign_summary"] if "v-caf" in row]) == 1
    assert len([row for row in found["mart_campaign_summary"] if "promo-caf" in row]) == 1
    assert len([row for row in found["mart_payment_method_hours"] if "p_caf" in row]) == 1
    with closing(connect(warehouse, Role.DBT, application="tests")) as dbt, dbt.cursor() as cursor:
        cursor.execute(
            "select distinct card_pseudonym, browser_pseudonym from raw.raw_transactions"
            " where voucher_code like 'v-caf%'"
        )
        assert len(cursor.fetchall()) == 1
