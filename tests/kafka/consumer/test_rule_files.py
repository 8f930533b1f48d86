"""Files that change under a consumer: what cannot be used is refused, and the old book goes on."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fraud_core.errors import RuleError
from fraud_core.settings import REPOSITORY
from fraud_stream.consumer.rule_files import RuleFiles

RULES = (REPOSITORY / "kafka" / "rules" / "starter.yml").read_text(encoding="utf-8")
LISTS = "version: l-1\nentries: []\n"
ENTRY = "{list: block, kind: shop, value: m1, reason: because, author: me, expires: EXPIRES}"
BROKEN_LISTS = f"version: l-2\nentries: [{ENTRY}]\n".replace("EXPIRES", "2026-02-30T00:00:00Z")
BLOCKED = f"version: l-2\nentries: [{ENTRY}]\n".replace("EXPIRES", "2027-01-31T00:00:00Z")


def broken(right: str, wrong: str) -> str:
    assert right in RULES
    return RULES.replace("version: starter-5", "version: next", 1).replace(right, wrong, 1)


BROKEN_RULES = [
    broken("since: 2026-", "since: 2026-11-31 #"),
    broken("owner: ", "owner: !!binary x #"),
    broken("USD: 1.1", "USD: .inf"),
    broken("value: 4,", "value: .nan,"),
]


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    """The rules and the lists, as yet whole."""
    rules, lists = tmp_path / "rules.yml", tmp_path / "lists.yml"
    rules.write_text(RULES, encoding="utf-8")
    lists.write_text(LISTS, encoding="utf-8")
    return rules, lists


@pytest.mark.parametrize("text", BROKEN_RULES)
def test_broken_rules_leave_the_old_ones_in_force(paths: tuple[Path, Path], text: str) -> None:
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    before = files.book
    paths[0].write_text(text, encoding="utf-8")
    files.refresh(scorer)
    assert files.book is before
    assert scorer.rule_set_version == before.version
    assert files.refused


def test_broken_lists_leave_the_old_ones_in_force(paths: tuple[Path, Path]) -> None:
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    paths[1].write_text(BROKEN_LISTS, encoding="utf-8")
    files.refresh(scorer)
    assert files.book.lists.version == "l-1"
    assert files.refused


@pytest.mark.parametrize("field", ["kind: shop", "value: m1", "reason: because", "author: me"])
@pytest.mark.parametrize("number", ["4111111111111111", "'4111-1111-1111-1111'"])
def test_lists_with_a_card_number_leave_the_old_ones_in_force(
    paths: tuple[Path, Path], field: str, number: str
) -> None:
    """Their texts are kept with the decisions on whom they are about; a log is no place either."""
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    name = field.partition(":")[0]
    paths[1].write_text(BLOCKED.replace(field, f"{name}: {number}"), encoding="utf-8")
    with capture_logs() as logs:
        files.refresh(scorer)
    assert files.refused
    assert files.book.lists.version == "l-1"
    ((_, reason),) = [(line["event"], line["reason"]) for line in logs]
    assert f"{paths[1]}:2: error: this looks like a card number" in reason
    assert number.strip("'") not in reason


def test_a_start_with_a_card_number_in_the_lists_names_the_line(paths: tuple[Path, Path]) -> None:
    paths[1].write_text(f"{LISTS}# 4111 1111 1111 1111\n", encoding="utf-8")
    with pytest.raises(RuleError, match=r"lists\.yml:3: error: this looks like a card number"):
        RuleFiles(*paths, "python")


@pytest.mark.parametrize("text", ["", "# Block lists.\n"])
def test_lists_cut_short_leave_the_blocks_in_force(paths: tuple[Path, Path], text: str) -> None:
    paths[1].write_text(BLOCKED, encoding="utf-8")
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    before = files.book
    paths[1].write_text(text, encoding="utf-8")
    files.refresh(scorer)
    assert files.book is before
    assert len(before.lists.content.entries) == 1


def test_a_start_with_empty_lists_names_the_file(paths: tuple[Path, Path]) -> None:
    paths[1].write_text("", encoding="utf-8")
    with pytest.raises(RuleError, match=r"lists\.yml:1: error: "):
        RuleFiles(*paths, "python")


def test_whole_rules_come_into_force_after_broken_ones(paths: tuple[Path, Path]) -> None:
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    paths[0].write_text(BROKEN_RULES[0], encoding="utf-8")
    files.refresh(scorer)
    files.refresh(scorer)
    assert files.refused
    paths[0].write_text(broken("value: 4,", "value: 5,"), encoding="utf-8")
    files.refresh(scorer)
    assert scorer.rule_set_version == "next"
    assert not files.refused


def test_going_back_to_the_rules_in_force_ends_the_refusal(paths: tuple[Path, Path]) -> None:
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    paths[0].write_text(BROKEN_RULES[0], encoding="utf-8")
    files.refresh(scorer)
    paths[0].write_text(RULES, encoding="utf-8")
    with capture_logs() as logs:
        files.refresh(scorer)
        files.refresh(scorer)
    assert not files.refused
    assert [(line["event"], line["rule_set"], line["lists"]) for line in logs] == [
        ("rules are good again", "starter-5", "l-1")
    ]


def test_content_that_changed_under_its_version_is_refused_until_it_has_another(
    paths: tuple[Path, Path],
) -> None:
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    changed = RULES.replace("value: 4,", "value: 5,", 1)
    paths[0].write_text(changed, encoding="utf-8")
    with capture_logs() as logs:
        files.refresh(scorer)
        paths[0].write_text(changed.replace("starter-5", "mine-6", 1), encoding="utf-8")
        files.refresh(scorer)
    assert [line["event"] for line in logs] == [
        "new rules refused, the old ones go on",
        "new rules",
        "rules are good again",
    ]
    assert "its version is still starter-5" in logs[0]["reason"]
    assert scorer.rule_set_version == "mine-6"


@pytest.mark.parametrize("text", BROKEN_RULES)
def test_a_start_with_broken_rules_names_file_and_line(paths: tuple[Path, Path], text: str) -> None:
    paths[0].write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=r"rules\.yml:\d+: error: "):
        RuleFiles(*paths, "python")


def test_other_content_under_the_version_in_force_is_refused(paths: tuple[Path, Path]) -> None:
    files = RuleFiles(*paths, "python")
    scorer = files.make()
    before = files.book
    paths[0].write_text(RULES.replace("value: 4,", "value: 5,", 1), encoding="utf-8")
    files.refresh(scorer)
    assert files.book is before
