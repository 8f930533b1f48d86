"""`fraud replay`: what its options may not say."""

import pytest
from typer.testing import CliRunner

from fraud_core.errors import ReplayError
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
