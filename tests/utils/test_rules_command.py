"""`fraud rules` and `fraud lists`: what they print, and how they exit."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fraud_core.errors import RuleError
from fraud_core.settings import REPOSITORY
from fraud_local.cli import app

STARTER = REPOSITORY / "kafka" / "rules" / "starter.yml"
run = CliRunner().invoke


def test_list_shows_every_rule_as_json() -> None:
    result = run(app, ["rules", "list", "--json"])
    rules = json.loads(result.output)
    assert result.exit_code == 0
    assert len(rules) >= 35
    assert {"id", "factor", "weight", "sentence"} <= set(rules[0])


def test_list_shows_what_a_sentence_names_on_a_narrow_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run(app, ["rules", "list"]).output.splitlines()
    cells = [line.split("│")[4].strip() for line in lines if line.startswith("│")]
    assert "{customer_orders_hour_limit}" in "".join(cells)


def test_list_can_be_narrowed_to_a_state() -> None:
    assert json.loads(run(app, ["rules", "list", "--state", "draft", "--json"]).output) == []


def test_list_refuses_a_state_that_no_rule_can_have() -> None:
    result = run(app, ["rules", "list", "--state", "actve"])
    assert result.exit_code == 2
    assert "'actve'" in result.output
    assert "'active'" in result.output


def test_lint_of_the_starter_rules_finds_nothing() -> None:
    assert run(app, ["rules", "lint"]).exit_code == 0


def test_lint_of_a_broken_rule_set_names_file_and_line(tmp_path: Path) -> None:
    broken = tmp_path / "mine.yml"
    broken.write_text(STARTER.read_text().replace("when: is_vpn\n", "when: is_vnp\n", 1))
    result = run(app, ["rules", "lint", str(broken)])
    assert result.exit_code == RuleError.exit_code
    assert f"{broken}:" in result.output
    assert "did you mean is_vpn?" in result.output


def test_lint_of_an_impossible_date_names_file_and_line(tmp_path: Path) -> None:
    broken = tmp_path / "mine.yml"
    broken.write_text(STARTER.read_text().replace("since: 2026-", "since: 2026-02-30 #", 1))
    result = run(app, ["rules", "lint", str(broken)])
    assert result.exit_code == RuleError.exit_code
    assert f"{broken}:" in result.output
    assert "'2026-02-30' is no valid timestamp" in result.output


def test_the_files_of_the_settings_are_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, lists = tmp_path / "rules.yml", tmp_path / "mine.yml"
    rules.write_text(STARTER.read_text().replace("version: starter-5", "version: mine-7", 1))
    lists.write_text("version: lists-7\nentries: []\n")
    monkeypatch.setenv("RULES_FILE", str(rules))
    monkeypatch.setenv("LISTS_FILE", str(lists))
    assert "rule set mine-7" in run(app, ["rules", "lint"]).output
    assert "lists lists-7" in run(app, ["lists", "check"]).output


def snooze_of(rule: str, lists: Path) -> Path:
    """A file of lists with one snooze, in line 4."""
    who = "kind: shop, value: m1, until: 2027-01-01T00:00:00Z, reason: known, author: me"
    lists.write_text(f"version: lists-1\nentries: []\nsnoozes:\n  - {{rule: {rule}, {who}}}\n")
    return lists


def test_lint_refuses_rules_that_lack_one_that_the_lists_in_force_snooze(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = snooze_of("velocity.card_orders_hour", tmp_path / "lists.yml")
    monkeypatch.setenv("LISTS_FILE", str(lists))
    rules = tmp_path / "mine.yml"
    text = STARTER.read_text()
    assert run(app, ["rules", "lint"]).exit_code == 0
    rules.write_text(text.replace("velocity.card_orders_hour", "velocity.renamed"))
    result = run(app, ["rules", "lint", str(rules)])
    assert result.exit_code == RuleError.exit_code
    assert f"{lists}:4: error: unknown rule velocity.card_orders_hour" in result.output


def test_lint_reads_the_lists_that_are_named(tmp_path: Path) -> None:
    lists = snooze_of("velocity.typo", tmp_path / "mine.yml")
    result = run(app, ["rules", "lint", "--json", "--lists", str(lists)])
    assert result.exit_code == RuleError.exit_code
    assert [(found["file"], found["line"]) for found in json.loads(result.output)] == [
        (str(lists), 4)
    ]


def test_lint_without_a_file_of_lists_refuses_as_the_consumer_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTS_FILE", str(tmp_path / "none.yml"))
    result = run(app, ["rules", "lint"])
    assert isinstance(result.exception, RuleError)
    assert "none.yml" in str(result.exception)


def test_lint_with_lists_that_are_named_and_missing_is_refused(tmp_path: Path) -> None:
    result = run(app, ["rules", "lint", "--lists", str(tmp_path / "none.yml")])
    assert isinstance(result.exception, RuleError)
    assert "none.yml" in str(result.exception)


def test_check_of_lists_refuses_a_snooze_of_an_unknown_rule(tmp_path: Path) -> None:
    lists = snooze_of("velocity.typo", tmp_path / "lists.yml")
    result = run(app, ["lists", "check", "--file", str(lists)])
    assert isinstance(result.exception, RuleError)
    assert f"{lists}:4: error: unknown rule velocity.typo" in str(result.exception)


def test_a_failing_example_fails_the_test(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yml"
    text = STARTER.read_text()
    mine.write_text(text.replace("expect: {outcome: approve}", "expect: {outcome: decline}", 1))
    result = run(app, ["rules", "test", str(mine)])
    assert result.exit_code == RuleError.exit_code
    assert "expected decline, got approve" in result.output


def test_a_failing_example_says_what_fired(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yml"
    text = STARTER.read_text()
    mine.write_text(
        text.replace("expect: {outcome: approve, fires", "expect: {outcome: decline, fires", 1)
    )
    result = run(app, ["rules", "test", str(mine)])
    assert "        what fired: geographic.impossible_travel\n" in result.output


def test_an_example_that_is_no_order_fails_the_test_and_lint_warns_of_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yml"
    mine.write_text(STARTER.read_text().replace("minutes_before: 30000", "minutes_before: 1e12"))
    tested = run(app, ["rules", "test", str(mine)])
    assert tested.exit_code == RuleError.exit_code
    assert "differs a regular customer's usual order" in tested.output
    assert "not an order: minutes_before leads from" in tested.output
    linted = run(app, ["rules", "lint", str(mine)])
    assert linted.exit_code == 0
    line = mine.read_text().splitlines().index("  - name: a regular customer's usual order") + 1
    assert f"{mine}:{line}: warning: a regular customer's usual order: not an or" in linted.output


def test_examples_of_the_starter_rules_pass() -> None:
    assert run(app, ["rules", "test"]).exit_code == 0


def test_an_entry_can_be_added_shown_and_removed(tmp_path: Path) -> None:
    lists = tmp_path / "lists.yml"
    lists.write_text("version: lists-1\nentries: []\n")
    file = ["--file", str(lists)]
    because = ["--reason", "card testing", "--author", "me"]
    added = run(app, ["lists", "add", "block", "ip", "203.0.113.0/24", *because, *file])
    shown = json.loads(run(app, ["lists", "show", "--json", *file]).output)
    assert added.exit_code == 0
    assert shown["version"] == "lists-2"
    assert shown["entries"][0]["value"] == "203.0.113.0/24"
    assert run(app, ["lists", "remove", "ip", "203.0.113.0/24", *file]).exit_code == 0
    assert "0 entries" in run(app, ["lists", "check", *file]).output


def test_a_broken_entry_is_not_written(tmp_path: Path) -> None:
    lists = tmp_path / "lists.yml"
    lists.write_text("version: lists-1\nentries: []\n")
    arguments = ["lists", "add", "block", "ip", "nowhere", "--reason", "because", "--author", "me"]
    result = run(app, [*arguments, "--file", str(lists)])
    assert isinstance(result.exception, RuleError)
    assert lists.read_text() == "version: lists-1\nentries: []\n"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = run(app, ["rules", "list", str(tmp_path / "none.yml")])
    assert isinstance(result.exception, RuleError)
    assert "none.yml" in str(result.exception)


@pytest.mark.parametrize("command", ["rules", "lists", "explain"])
def test_command_explains_itself(command: str) -> None:
    assert run(app, [command, "--help"]).exit_code == 0


ENTRY = ["watch", "customer", "c-1", "--reason", "why", "--author", "who"]


def test_a_kill_while_lists_are_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = tmp_path / "mine.yml"
    lists.write_text("version: lists-7\nentries: []\n")
    write_text = Path.write_text

    def killed(path: Path, _text: str, **_: Any) -> None:
        write_text(path, "vers")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", killed)
        run(app, ["lists", "add", *ENTRY, "--file", str(lists)])
    assert lists.read_text() == "version: lists-7\nentries: []\n"

    assert run(app, ["lists", "add", *ENTRY, "--file", str(lists)]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yml"]
    assert "c-1" in lists.read_text()


def test_lists_behind_a_link_keep_the_link_and_their_mode(tmp_path: Path) -> None:
    lists, link = tmp_path / "mine.yml", tmp_path / "link.yml"
    lists.write_text("version: lists-7\nentries: []\n")
    lists.chmod(0o640)
    link.symlink_to(lists)
    assert run(app, ["lists", "add", *ENTRY, "--file", str(link)]).exit_code == 0
    assert link.is_symlink()
    assert "c-1" in lists.read_text()
    assert lists.stat().st_mode & 0o777 == 0o640
