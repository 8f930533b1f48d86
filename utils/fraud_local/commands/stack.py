"""`fraud up`, `down`, `status`, `logs` and `env`: the embedded stack."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from fraud_core.errors import SettingsError, StackError
from fraud_core.settings import load_settings
from fraud_local.screens import screen

if TYPE_CHECKING:
    from rich.console import Console

    from fraud_local.status import PartStatus, StackStatus

_ANY_WIDTH = 10_000
_NOTHING = "nothing runs here: start it with `fraud up`"


def register(app: typer.Typer) -> None:
    """Add the five commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(logs)
    app.command()(env)


def up(
    only: Annotated[
        str | None,
        typer.Option(help="Only these and what they need: kafka,postgres,airflow,consumer."),
    ] = None,
) -> None:
    """Start Kafka, Postgres, Airflow and the consumer, and wait until all of them answer."""
    from fraud_local.up_progress import up_with_progress

    parts = [name.strip() for name in only.split(",") if name.strip()] if only else None
    up_with_progress(load_settings(), screen(), parts)
    typer.echo('up. For clients: eval "$(.venv/bin/fraud env)". It stops with: fraud down')


def down() -> None:
    """Stop everything of this stack, however it was left."""
    from fraud_local.stack import Stack

    stack = Stack(load_settings())
    was_up = stack.is_up()
    left_over = stack.down()
    typer.echo("down" if was_up or left_over else "nothing runs here")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What runs, since when, where, who scores and how far.

    Exits with 0 if all runs and, where a consumer is part of it, orders are landed; with 1 if not.
    """
    from fraud_local.stack import Stack
    from fraud_local.status import stack_status

    found = stack_status(Stack(load_settings()))
    if as_json:
        typer.echo(json.dumps(found.as_data(), indent=2))
    elif not found.parts:
        typer.echo(_NOTHING)
    else:
        show_parts(found, screen())
        _show_stream(found)
    if not found.is_well:
        raise typer.Exit(1)


def show_parts(found: "StackStatus", out: "Console") -> None:
    """A line a part; on a narrow terminal the address goes on below, and a pipe has no width."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "state"):
        table.add_column(heading, no_wrap=True)
    for heading in ("pid", "up for", "restarts"):
        table.add_column(heading, no_wrap=True, justify="right")
    table.add_column("address", overflow="fold")
    for part in found.parts:
        table.add_row(*_cells(part))
    if not out.is_terminal:
        out.width = _ANY_WIDTH
    out.print(table)


def _show_stream(found: "StackStatus") -> None:
    from fraud_local.stream_report import lines

    if found.stream is None:
        typer.echo("\nhow the stream is cannot be told: Postgres does not answer as expected")
        return
    typer.echo()
    for about, says in lines(found.stream, found.consumer_lag, found.rules):
        typer.echo(f"{about:<27} {says}")


def _cells(part: "PartStatus") -> list[str | Text]:
    colour = "green" if part.is_well else "red"
    return [
        part.part,
        Text(part.state.lower(), colour),
        str(part.pid or ""),
        "" if part.uptime_s is None else _duration(part.uptime_s),
        "" if part.restarts is None else str(part.restarts),
        part.address or "",
    ]


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def logs(
    name: Annotated[str | None, typer.Argument(help="A part, as `fraud status` names it.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of each.")] = 40,
) -> None:
    """Print the end of a part's log, or of every part's."""
    from fraud_local.stack import Stack
    from fraud_local.waiting import tail

    files = Stack(load_settings()).log_files()
    if not files:
        raise StackError(f"there are no logs yet: {_NOTHING}")
    if name is not None and name not in files:
        raise SettingsError(f"there is no log of {name}; there are {', '.join(files)}")
    for part, path in files.items():
        if name in {None, part}:
            typer.echo(f"==> {path} <==\n{tail(path, lines)}\n")


def env() -> None:
    """Print `export` lines for any client: eval "$(fraud env)"."""
    from fraud_local.env_file import exports
    from fraud_local.stack import Stack

    stack = Stack(load_settings())
    if not stack.is_up():
        raise StackError(_NOTHING)
    typer.echo(exports(stack.settings(), stack.metrics_url()))
