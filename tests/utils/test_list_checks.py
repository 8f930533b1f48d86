"""What `fraud lists check` and `add` say of entries that cannot be meant like that."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fraud_core.errors import RuleError
from fraud_local.cli import app

CARD = "4111 1111 1111 1111"
OLD = ", expires: 2020-01-01T00:00:00Z"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    file = tmp_path / "lists.yml"
    file.write_text("version: l-1\nentries: []\n")
    return file


def entry(which: str, kind: str, value: str, more: str = "") -> str:
    return (
        f"  - {{list: {which}, kind: {kind}, value: '{value}', reason: raid, author: Ann{more}}}\n"
    )


def check(lists: Path, *entries: str) -> Result:
    lists.write_text("version: l-1\nentries:\n" + "".join(entries))
    return CliRunner().invoke(app, ["lists", "check", "--file", str(lists)])


def add(lists: Path, *arguments: str, reason: str = "raid", author: str = "Ann") -> Result:
    because = ["--reason", reason, "--author", author, "--file", str(lists)]
    return CliRunner().invoke(app, ["lists", "add", *arguments, *because])


@pytest.mark.parametrize(
    ("first", "second", "warned"),
    [
        (("block", "card", "k"), ("block", "card", "k"), "on the block list already (raid)"),
        (("block", "email", "An.Na@x.org"), ("block", "email", "anna@X.org"), "already"),
        (("block", "ip", "203.0.113.9/24"), ("block", "ip", "203.0.113.0/24"), "already"),
        (
            ("block", "shop", "m"),
            ("allow", "shop", "m"),
            "on the block list, too; the allow counts",
        ),
        (
            ("block", "shop", "m", ", absolute: true"),
            ("allow", "shop", "m"),
            "on the block list, too; the block counts",
        ),
    ],
)
def test_entries_about_the_same_are_warned_of(
    lists: Path, first: tuple[str, ...], second: tuple[str, ...], warned: str
) -> None:
    checked = check(lists, entry(*first), entry(*second))
    assert checked.exit_code == 0
    assert f"{lists}:4: warning: {second[2]}: is " in checked.output
    assert warned in checked.output
    check(lists, entry(*first))
    assert warned in add(lists, *second).output


@pytest.mark.parametrize(
    ("value", "warned"),
    [
        ("10.0.0.0/7", "wider than /8"),
        ("10.0.0.0/8", ""),
        ("2001:d00::/31", "wider than /32"),
        ("2001:db8::/32", ""),
        ("0.0.0.0/0", "wider than /8"),
    ],
)
def test_very_wide_networks_are_warned_of(lists: Path, value: str, warned: str) -> None:
    checked = check(lists, entry("block", "ip", value))
    assert checked.exit_code == 0
    assert ("warning" in checked.output) == bool(warned)
    assert warned in checked.output


def test_what_has_ended_is_warned_of_and_stands_against_nothing(lists: Path) -> None:
    checked = check(lists, entry("block", "shop", "m", OLD), entry("allow", "shop", "m"))
    assert checked.output.count("warning") == 1
    assert f"{lists}:3: warning: m: ended at 2020-01-01" in checked.output
    lists.write_text("version: l-1\nentries: []\n")
    added = add(lists, "block", "shop", "m", "--expires", "2020-01-01")
    assert added.exit_code == 0
    assert "warning: m: ended at 2020-01-01" in added.output


def test_an_absolute_block_counts_wherever_it_stands(lists: Path) -> None:
    blocks = [entry("block", "shop", "m", ", absolute: true"), entry("block", "shop", "m")]
    assert "the block counts" in check(lists, *blocks, entry("allow", "shop", "m")).output


def test_different_entries_are_not_warned_of(lists: Path) -> None:
    entries = [
        entry("watch", "shop", "m"),
        entry("block", "shop", "m"),
        entry("allow", "ip", "::1"),
    ]
    assert "warning" not in check(lists, *entries).output


def test_a_card_number_is_refused_with_each_of_its_lines_and_not_said(lists: Path) -> None:
    noted = entry("block", "shop", "m").replace("raid", f"raid with {CARD}")
    checked = check(lists, entry("block", "card", CARD, ", more: odd"), noted)
    assert isinstance(checked.exception, RuleError)
    said = str(checked.exception)
    assert f"{lists}:3: error: this looks like a card number" in said
    assert f"{lists}:4: error: this looks like a card number" in said
    assert CARD not in said
    lint = CliRunner().invoke(app, ["rules", "lint", "--lists", str(lists)])
    assert lint.exit_code == RuleError.exit_code
    assert f"{lists}:3: error: this looks like a card number" in lint.output
    assert CARD not in lint.output


@pytest.mark.parametrize(
    ("value", "texts", "option"),
    [
        (CARD, {"reason": "x"}, "VALUE"),
        ("k", {"reason": f"raid with {CARD}"}, "--reason"),
        ("k", {"author": f"Ann {CARD}"}, "--author"),
    ],
)
def test_an_entry_with_a_card_number_is_not_added(
    lists: Path, value: str, texts: dict[str, str], option: str
) -> None:
    refused = add(lists, "block", "card", value, **texts).exception
    assert isinstance(refused, RuleError)
    assert str(refused).startswith(f"{option}: this looks like a card number")
    assert CARD not in str(refused)
    assert lists.read_text() == "version: l-1\nentries: []\n"


@pytest.mark.parametrize(
    ("arguments", "texts", "option"),
    [
        (["block", "shop", "m"], {"reason": " x  "}, "--reason: "),
        (["block", "shop", "m"], {"reason": "x" * 401}, "--reason: "),
        (["block", "shop", "m"], {"author": " "}, "--author: "),
        (["allow", "shop", "m", "--absolute"], {}, "--absolute: "),
        (["block", "ip", "nowhere"], {}, "VALUE: nowhere is not an address"),
        (["block", "shop", "m" * 600], {}, "VALUE: "),
    ],
)
def test_a_refused_entry_names_the_option(
    lists: Path, arguments: list[str], texts: dict[str, str], option: str
) -> None:
    refused = add(lists, *arguments, **texts).exception
    assert isinstance(refused, RuleError)
    assert str(refused).startswith(option)
    assert lists.read_text() == "version: l-1\nentries: []\n"


def test_spaces_around_reason_and_author_are_not_kept(lists: Path) -> None:
    assert add(lists, "block", "shop", "m", reason=" raid ", author=" Ann ").exit_code == 0
    assert "reason: raid\n" in lists.read_text()
    assert "author: Ann\n" in lists.read_text()


@pytest.mark.parametrize("texts", ["reason: '  x ', author: Ann", "reason: raid, author: ' '"])
def test_a_reason_of_spaces_is_none_in_a_file_either(lists: Path, texts: str) -> None:
    lists.write_text(
        f"version: l-1\nentries:\n  - {{list: block, kind: shop, value: m, {texts}}}\n"
    )
    result = CliRunner().invoke(app, ["lists", "check", "--file", str(lists)])
    assert isinstance(result.exception, RuleError)
    assert f"{lists}:3: error: m: its" in str(result.exception)


@pytest.mark.parametrize("text", ["2027-01-31", "2027-01-31T00:00", "2027-01-31T02:00+02:00"])
def test_an_entry_ends_at_any_time_that_people_write(lists: Path, text: str) -> None:
    assert add(lists, "block", "shop", "m", "--expires", text).exit_code == 0
    assert "2027-01-31T00:00:00Z" in lists.read_text()
