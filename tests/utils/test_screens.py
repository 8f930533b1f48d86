"""What commands print is what they were given: no emoji out of addresses and places in files."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import fraud_local
from fraud_core.errors import RuleError
from fraud_local import cli
from fraud_local.commands.stack import show_parts
from fraud_local.demo_report import show_order
from fraud_local.fraud_summary import FlaggedOrder
from fraud_local.screens import screen
from fraud_local.status import PartStatus, StackStatus

ADDRESS = "2001:db8:a:b::1"
SOCKET = "/home/somebody/a/rather/long/path/to/a/folder/of/the/stack/.s.PGSQL.5432"
PARTS = StackStatus(
    (
        PartStatus("airflow-scheduler", "RUNNING", SOCKET, 1_234_567, 360_000.0, 12),
        PartStatus("postgres", "UNREACHABLE", SOCKET),
    ),
    0,
)


def test_only_one_module_makes_consoles() -> None:
    folder = Path(fraud_local.__file__).parent
    makers = [
        path.name
        for path in sorted(folder.rglob("*.py"))
        if re.search(r"(?<![\w.])Console\(|\bget_console\(", path.read_text())
    ]
    assert makers == ["screens.py"]


def test_an_address_in_a_list_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "lists.yml"
    file.write_text(
        f"version: ':100:'\nentries:\n- {{list: block, kind: ip, value: '{ADDRESS}', "
        "reason: ':key: [red]', author: Ann}\n"
    )
    shown = CliRunner().invoke(cli.app, ["lists", "show", "--file", str(file)]).output
    for text in (ADDRESS, ":key: [red]", "lists :100:"):
        assert text in shown


def test_an_error_is_shown_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*, standalone_mode: bool) -> None:
        assert standalone_mode
        raise RuleError("l.yml:100: [red] :key:")

    monkeypatch.setattr(cli, "app", command)
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err == "error: l.yml:100: [red] :key:\n"


def test_an_order_of_the_demo_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    order = FlaggedOrder(
        "[red]:key:", "\x1b[2J", datetime(2026, 3, 1, tzinfo=UTC), "review", 0.5, "1.00", "EUR", []
    )
    show_order(screen(markup=True), order)
    assert r"Order [red]:key: of \x1b[2J, 1.00 EUR: review" in capsys.readouterr().out


def status(*, terminal: bool) -> str:
    out = Console(file=io.StringIO(), force_terminal=terminal, width=80, no_color=True)
    show_parts(PARTS, out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_on_a_narrow_terminal_only_the_address_is_broken() -> None:
    shown = status(terminal=True)
    assert "…" not in shown
    for whole in ("airflow-scheduler", "running", "unreachable", "100:00:00", "restarts"):
        assert whole in shown


def test_in_a_pipe_each_part_has_one_line() -> None:
    lines = status(terminal=False).splitlines()
    assert len(lines) == 1 + len(PARTS.parts)
    assert all(SOCKET in line for line in lines[1:])


def test_help_is_broken_where_the_screen_ends_and_not_where_the_source_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    shown = CliRunner().invoke(cli.app, ["erasures", "again", "--help"]).output
    assert "Safe to run again; exits with 15 when one is refused, the others being done." in shown
