"""`fraud scoreboard`: what it refuses, and how it says that there is nothing to judge."""

from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from fraud_core.errors import SettingsError
from fraud_local import scoreboard
from fraud_local.cli import app
from fraud_local.scoreboard import Scoreboard

run = CliRunner().invoke
EMPTY = Scoreboard(
    has_truth=True,
    attacks=(),
    lookalikes=(),
    orders=0,
    fraud=0,
    flagged=0,
    declined=0,
    precision=None,
    decline_precision=None,
    everyday=0,
    everyday_flagged=0,
    labels_without_decision=0,
)


@pytest.mark.parametrize("until", ["2024-01-01", "2024-02-01"])
def test_a_range_without_time_in_it_is_refused(monkeypatch: pytest.MonkeyPatch, until: str) -> None:
    monkeypatch.setattr(scoreboard, "read_scoreboard", Mock(return_value=EMPTY))

    result = run(app, ["scoreboard", "--from", "2024-02-01", "--to", until])

    assert isinstance(result.exception, SettingsError), result.output
    assert str(result.exception) == "--from must be before --to"


def test_of_no_everyday_orders_no_share_was_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoreboard, "read_scoreboard", Mock(return_value=EMPTY))

    assert "everyday orders flagged -" in run(app, ["scoreboard"]).output.replace("\n", " ")
