"""`fraud lists remove`, `snooze` and `unsnooze`: what they change, say and refuse."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fraud_core.errors import RuleError, SettingsError
from fraud_local.cli import app

RULE = "velocity.card_orders_hour"
BECAUSE = ["--reason", "known reseller", "--author", "Ann"]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A customer on two lists, and one on the block list twice."""
    file = tmp_path / "lists.yml"
    lines = (
        "{list: allow, kind: customer, value: c-1, reason: loyal, author: Ann}",
        "{list: block, kind: customer, value: c-1, reason: raid, author: Bo, absolute: true}",
        "{list: block, kind: customer, value: c-2, reason: odd, author: Ann}",
        "{list: block, kind: customer, value: c-2, reason: raid, author: Bo, absolute: true}",
    )
    file.write_text("version: l-1\nentries:\n" + "".join(f"  - {line}\n" for line in lines))
    return file


def call(lists: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["lists", *arguments, "--file", str(lists)])


def shown(lists: Path) -> dict[str, Any]:
    return json.loads(call(lists, "show", "--json").output)


def on(lists: Path, value: str) -> list[str]:
    return [entry["list"] for entry in shown(lists)["entries"] if entry["value"] == value]


def test_a_value_on_several_lists_stays_there_until_one_is_named(lists: Path) -> None:
    before = lists.read_bytes()
    result = call(lists, "remove", "customer", "c-1")
    assert isinstance(result.exception, SettingsError)
    assert result.exception.exit_code == 2
    assert "customer c-1 is on allow and block: name one with --list" in str(result.exception)
    assert lists.read_bytes() == before


def test_a_value_leaves_only_the_list_that_is_named(lists: Path) -> None:
    result = call(lists, "remove", "customer", "c-1", "--list", "allow")
    assert "removed from allow: customer c-1 (loyal)\n" in result.output
    assert on(lists, "c-1") == ["block"]


def test_what_is_removed_is_said_an_absolute_block_included(lists: Path) -> None:
    result = call(lists, "remove", "customer", "c-2")
    assert "removed from block: customer c-2 (odd)\n" in result.output
    assert "removed from block (absolute): customer c-2 (raid)\n" in result.output
    assert on(lists, "c-2") == []


def test_a_value_that_is_not_on_the_list_named_is_not_there(lists: Path) -> None:
    result = call(lists, "remove", "customer", "c-2", "--list", "watch")
    assert isinstance(result.exception, RuleError)
    assert "no entry for customer c-2 on the watch list" in str(result.exception)


def test_a_snooze_can_be_added_and_ended(lists: Path) -> None:
    added = call(lists, "snooze", RULE, "shop", "m-1", "--until", "2027-01-31", *BECAUSE)
    assert added.exit_code == 0
    (snooze,) = shown(lists)["snoozes"]
    assert (snooze["rule"], snooze["kind"], snooze["value"]) == (RULE, "shop", "m-1")
    assert datetime.fromisoformat(snooze["until"]) == datetime(2027, 1, 31, tzinfo=UTC)
    ended = call(lists, "unsnooze", RULE, "shop", "m-1")
    assert f"removed snooze of {RULE}: shop m-1 (known reseller)\n" in ended.output
    assert shown(lists)["snoozes"] == []
    assert len(shown(lists)["entries"]) == 4


@pytest.mark.parametrize(
    ("rule", "kind", "value", "complaint"),
    [
        ("velocity.card_orders_huor", "shop", "m-1", f"did you mean {RULE}?"),
        (RULE, "ip", "203.0.113.0/24", "is not an address: a snooze takes one"),
        (RULE, "card", "4111 1111 1111 1111", "looks like a card number"),
    ],
)
def test_a_snooze_that_cannot_be_used_is_not_written(
    lists: Path, rule: str, kind: str, value: str, complaint: str
) -> None:
    before = lists.read_bytes()
    result = call(lists, "snooze", rule, kind, value, "--until", "2027-01-31", *BECAUSE)
    assert isinstance(result.exception, RuleError)
    assert complaint in str(result.exception)
    assert lists.read_bytes() == before


@pytest.mark.parametrize(
    ("why", "named"),
    [
        (["--reason", " x ", "--author", "Ann"], "--reason"),
        (["--reason", "raid", "--author", " "], "--author"),
    ],
)
def test_a_snooze_says_why_and_who_like_an_entry(lists: Path, why: list[str], named: str) -> None:
    result = call(lists, "snooze", RULE, "shop", "m-1", "--until", "2099-01-31", *why)
    assert isinstance(result.exception, RuleError)
    assert str(result.exception).startswith(f"{named}: ")
    assert shown(lists)["snoozes"] == []


def test_a_snooze_that_has_ended_or_stands_there_already_is_warned_of(lists: Path) -> None:
    def snooze(value: str, until: str) -> Result:
        return call(lists, "snooze", RULE, "email", value, "--until", until, *BECAUSE)

    ended = f"warning: a@x.org: its snooze of {RULE} ended at 2020-01-31"
    twice = f"warning: A@x.org: its snooze of {RULE} stands there already, until 2099-01-31"
    assert ended in snooze("a@x.org", "2020-01-31").output
    assert "warning" not in snooze("a@x.org", "2099-01-31").output
    assert twice in snooze("A@x.org", "2098-01-31").output
    checked = call(lists, "check").output
    assert ended in checked
    assert twice in checked


@pytest.mark.parametrize(
    ("value", "same"),
    [
        ("192.0.2.1:443", "192.0.2.1"),
        ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ("2001:db8::1", "2001:db8::2"),
    ],
)
def test_a_snooze_of_an_address_stands_there_already_however_it_is_written(
    lists: Path, value: str, same: str
) -> None:
    """Of IPv6 the whole /64 is meant."""
    until = ("--until", "2099-01-31", *BECAUSE)
    call(lists, "snooze", RULE, "ip", value, *until)
    again = call(lists, "snooze", RULE, "ip", same, *until)
    assert f"warning: {same}: its snooze of {RULE} stands there already" in again.output


def test_a_snooze_that_is_not_there_cannot_be_ended(lists: Path) -> None:
    result = call(lists, "unsnooze", RULE, "shop", "m-1")
    assert isinstance(result.exception, RuleError)
    assert f"no snooze of {RULE} for shop m-1" in str(result.exception)
