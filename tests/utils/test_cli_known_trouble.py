"""Trouble that an operator can end is one sentence with its exit code; a defect shows as one."""

import errno
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors

from fraud_core.errors import DatabaseError, SettingsError, StackError
from fraud_local import cli


class UndefinedTable(errors.UndefinedTable):
    """As the server makes it, which alone sets the code."""

    pgcode = "42P01"


def run(monkeypatch: pytest.MonkeyPatch, error: Exception) -> int | str | None:
    """The exit code of a command that ends with `error`."""

    def command(*, standalone_mode: bool) -> None:
        assert standalone_mode
        raise error

    monkeypatch.setattr(cli, "app", command)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_a_server_that_is_away_is_said_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = psycopg2.OperationalError("connection refused\n")
    assert run(monkeypatch, away) == DatabaseError.exit_code
    assert "connection refused\n`fraud status`" in capsys.readouterr().err


def test_a_connection_that_breaks_in_an_answer_is_a_server_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = psycopg2.DatabaseError("server closed the connection unexpectedly")
    assert run(monkeypatch, broken) == DatabaseError.exit_code


def test_a_table_that_is_not_made_yet_names_fraud_migrate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = UndefinedTable('relation "raw.orders" does not exist')
    assert run(monkeypatch, missing) == DatabaseError.exit_code
    printed = capsys.readouterr().err
    assert "raw.orders" in printed
    assert "fraud migrate" in printed


def test_a_full_disk_is_said_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert run(monkeypatch, full) == StackError.exit_code
    assert "no space left on device: make room where FRAUD_HOME is" in capsys.readouterr().err


def test_what_belongs_to_somebody_else_is_named_with_the_owner_and_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = PermissionError(13, "Permission denied", str(tmp_path / "state" / "env"))
    assert run(monkeypatch, refused) == SettingsError.exit_code
    printed = capsys.readouterr().err
    assert f"{tmp_path / 'state' / 'env'}: permission denied; {tmp_path} belongs to" in printed
    assert "FRAUD_HOME" in printed


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a defect"),
        psycopg2.ProgrammingError("syntax"),
        FileNotFoundError(2, "gone", "x"),
    ],
)
def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def command(*, standalone_mode: bool) -> None:
        assert standalone_mode
        raise error

    monkeypatch.setattr(cli, "app", command)
    with pytest.raises(type(error)):
        cli.main()


def test_the_command_line_loads_no_database_driver_to_say_so() -> None:
    script = "import sys, fraud_local.cli; sys.exit('psycopg2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
