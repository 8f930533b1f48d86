"""`fraud explain`: what it shows of an order, and what no order can do to the terminal."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from fraud_local import ledger
from fraud_local.cli import app
from fraud_local.ledger import Explained, LedgerEntry, Order

NASTY = "\x1b]0;pwned\x07\x1b[2J\u202e"
SPELT_OUT = r"\x1b]0;pwned\x07\x1b[2J\u202e"


ORDER = Order("c-1", datetime(2026, 3, 1, 11, 58, tzinfo=UTC), 655.97, "EUR")
AMOUNTS = {"customer_amount_sum_24h": 3_734_900, "customer_amount_mean_30d": 65_597.0}


def reason(text: str) -> dict[str, Any]:
    return {"rule": text, "weight": 0.5, "sentence": f"why {text}"}


def entry(text: str) -> LedgerEntry:
    """A decision on an order that has `text` wherever there can be one."""
    return LedgerEntry(
        ingest_id=7,
        transaction_id=text,
        rule_set_version=text,
        outcome="review",
        score=0.5,
        factors={"amount": 0.5, text: None},
        reasons=[reason(text)],
        features={"email_domain": text, text: 3, "orders_1h": 2.0, "is_vpn": None},
        decided_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        more={
            "recommended_action": text,
            "lists": [{"list": "watch", "kind": "customer", "value": text, "reason": text}],
            "shadow": [reason(text)],
            "snoozed": [reason(text)],
            "not_evaluable": [text],
        },
    )


def explain(
    monkeypatch: pytest.MonkeyPatch, entry: LedgerEntry, *options: str, order: Order | None = ORDER
) -> str:
    def read_ledger(_: Any, __: str) -> Explained:
        return Explained(entry, order)

    monkeypatch.setattr(ledger, "read_ledger", read_ledger)
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["explain", "t-1", *options])
    assert result.exit_code == 0
    return result.output


def test_no_text_of_an_order_reaches_the_terminal_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = explain(monkeypatch, entry(NASTY))
    assert not set(NASTY) & set(shown) & {"\x1b", "\x07", "\u202e"}
    for line in (
        f"order {SPELT_OUT}: review, score 0.500",
        f"by rule set {SPELT_OUT}, ingest_id 7",
        f"recommended: {SPELT_OUT}",
        f"on the watch list: customer {SPELT_OUT}, {SPELT_OUT}",
        f"in shadow: {SPELT_OUT}: why {SPELT_OUT}",
        f"snoozed: {SPELT_OUT}: why {SPELT_OUT}",
        f"not evaluable, for want of input: {SPELT_OUT}",
    ):
        assert line in shown


def test_reasons_and_features_are_shown_in_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = explain(monkeypatch, entry("plain")).splitlines()
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    for row in (
        ["0.500", "plain", "why plain"],
        ["email_domain", "plain"],
        ["orders_1h", "2.00"],
        ["is_vpn", "missing"],
    ):
        assert row in cells


def amounts(monkeypatch: pytest.MonkeyPatch, order: Order | None) -> str:
    found = msgspec.structs.replace(entry("plain"), features=AMOUNTS)
    return explain(monkeypatch, found, order=order)


def test_the_order_and_its_amounts_are_in_the_units_of_the_sentences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = amounts(monkeypatch, ORDER)
    for text in (
        "customer c-1, 655.97 EUR, 2026-03-01 11:58:00 UTC",
        " 37,349.00 EUR ",
        " 655.97 EUR ",
        "features at rest are left out",
    ):
        assert text in shown


def test_a_currency_may_have_no_decimals(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = amounts(monkeypatch, msgspec.structs.replace(ORDER, amount=65_597.0, currency="JPY"))
    assert "customer c-1, 65,597 JPY, 2026" in shown
    assert " 3,734,900 JPY " in shown


def test_without_the_order_its_amounts_say_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = amounts(monkeypatch, None)
    assert "customer c-1" not in shown
    assert " 3,734,900 minor units " in shown


def test_json_has_the_texts_as_they_were_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(explain(monkeypatch, entry(NASTY), "--json"))
    assert found["transaction_id"] == NASTY
    assert found["reasons"][0]["sentence"] == f"why {NASTY}"
