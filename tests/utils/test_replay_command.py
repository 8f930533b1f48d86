"""`fraud replay`: what its options may not say, and how a rescoring is shown."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from fraud_core.errors import ReplayError, RuleError
from fraud_local.cli import app
from fraud_stream.replay import run
from fraud_stream.replay.publishing import Sent
from fraud_stream.replay.run import Rescoring
from fraud_stream.replay.store import ChangedOutcome


@pytest.mark.parametrize("target", ["rescore", "publish"])
@pytest.mark.parametrize("option", ["--first-offset", "--end-offset"])
def test_an_offset_without_its_partition_is_refused_and_no_replay_of_everything(
    target: str, option: str
) -> None:
    result = CliRunner().invoke(app, ["replay", target, option, "5"])

    assert isinstance(result.exception, ReplayError)
    assert option in str(result.exception)
    assert "--partition" in str(result.exception)


def test_a_rule_set_is_looked_for_here_before_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yml").write_text("version: 1\n")
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["replay", "rescore", "--rules", "mine.yml"])

    assert isinstance(result.exception, RuleError), result.output
    assert str(result.exception).startswith("mine.yml")


def test_a_changed_outcome_names_its_rule_on_a_narrow_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = "behavioural.voucher_shared_address"
    found = Rescoring(
        replay_id=7,
        rule_set_version="next-2",
        orders=1_000,
        differences=12,
        decided_differently=11,
        not_in_ledger=0,
        changed=(ChangedOutcome(rule, "then", "decline", "approve", 1_234, 5, 6),),
    )
    monkeypatch.setattr(run, "rescore", Mock(return_value=found))
    monkeypatch.setenv("COLUMNS", "80")

    shown = CliRunner().invoke(app, ["replay", "rescore"]).output

    line = next(line for line in shown.splitlines() if "1,234" in line)
    assert line.split() == [rule, "then", "decline", "approve", "1,234", "5", "6"]


def test_a_replay_that_was_interrupted_says_how_far_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = Sent(topic="t", sent=3, acknowledged=3, failed=0, interrupted=True)
    monkeypatch.setattr(run, "resend", Mock(return_value=sent))

    result = CliRunner().invoke(app, ["replay", "publish"])

    assert result.exit_code == 130
    assert '"acknowledged":3' in result.output
