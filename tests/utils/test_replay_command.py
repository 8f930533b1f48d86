"""`fraud replay`: what its options may not say."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_core.errors import ReplayError, RuleError
from fraud_local.cli import app


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
