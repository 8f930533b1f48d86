"""`make guards` never says that all is well of nothing."""

import sys

import pytest

from tests.guards.__main__ import main


@pytest.mark.parametrize("option", ["--only", "--file"])
def test_what_names_no_guard_is_an_error(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["guards", option, "no such guard"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "no guard has that" in capsys.readouterr().err
