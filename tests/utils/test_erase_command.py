"""`fraud erase-customer` refuses what contradicts itself, before it looks at anything."""

import pytest
from typer.testing import CliRunner

from fraud_core.errors import SettingsError
from fraud_local.cli import app


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--why", "asked", "--dry-run", "--later"], "--dry-run and --later"),
        (["--why", " "], "--why is empty"),
        (["--why", "", "--later"], "--why is empty"),
    ],
)
def test_what_contradicts_itself_is_refused(words: list[str], complaint: str) -> None:
    result = CliRunner().invoke(app, ["erase-customer", "c-1", *words])
    assert isinstance(result.exception, SettingsError)
    assert complaint in str(result.exception)
