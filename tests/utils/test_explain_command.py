"""`fraud explain`: what it shows of an order, and what no order can do to the terminal."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from fraud_local import ledger
from fraud_local.cli import app
from fraud_local.ledger import LedgerEntry

NASTY = "\x1b]0;pwned\x07\x1b[2J\u202e"
SPELT_OUT = r"\x1b]0;pwned\x07\x1b[2J\u202e"


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


def explain(monkeypatch: pytest.MonkeyPatch, found: LedgerEntry, *options: str) -> str:
    def read_ledger(_: Any, __: str) -> LedgerEntry:
        return found

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


def test_json_has_the_texts_as_they_were_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(explain(monkeypatch, entry(NASTY), "--json"))
    assert found["transaction_id"] == NASTY
    assert found["reasons"][0]["sentence"] == f"why {NASTY}"
