"""`fraud erase-customer` refuses what contradicts itself, before it looks at anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_core.errors import ErasureError, SettingsError
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


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "No such file"), ("x", "is not what"), ('[{"erased_id":"e"}]', "erased_at")],
)
def test_a_file_of_no_erasures_is_refused(
    tmp_path: Path, content: str | None, complaint: str
) -> None:
    file = tmp_path / "erasures.json"
    if content is not None:
        file.write_text(content)
    result = CliRunner().invoke(app, ["erasures", "again", str(file)])
    assert isinstance(result.exception, ErasureError)
    assert str(file) in str(result.exception)
    assert complaint in str(result.exception)
