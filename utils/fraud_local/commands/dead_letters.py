"""`fraud dead-letters`: look at what could not be landed, mend it, send it again, or discard it."""

import json
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from fraud_core.database import Connection
    from fraud_core.settings import Settings
    from fraud_local.dead_letter_actions import Actor
    from fraud_local.dead_letters import Letter, Line

Ids = Annotated[list[int], typer.Argument(help="As `fraud dead-letters list` shows them.")]
Why = Annotated[str, typer.Option(help="Kept for whoever asks later.")]
By = Annotated[str | None, typer.Option(help="Who decides it; you, unless given.")]
Again = Annotated[bool, typer.Option("--again", help="Also when it was acted on before.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Even if it would be a dead letter again.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]

TABLE_ROWS = 50
"""As many as a person looks through; a program gets all, unless it says how many it wants."""


def register(app: typer.Typer) -> None:
    """Add `fraud dead-letters`."""
    commands = typer.Typer(
        help="Messages that are no order or label: why, what they hold, and what to do with them.",
        no_args_is_help=True,
    )
    app.add_typer(commands, name="dead-letters")
    commands.command("list")(list_letters)
    commands.command()(show)
    commands.command()(requeue)
    commands.command()(edit_and_requeue)
    commands.command()(discard)


def list_letters(
    *,
    reason: Annotated[str | None, typer.Option(help="Only this reason code.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Only those landed since: 90m, 24h, 7d, or a time (UTC if without a zone)."
        ),
    ] = None,
    state: Annotated[
        Literal["open", "interrupted", "requeued", "discarded"] | None,
        typer.Option(help="Only those of which this is the state."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "-n", min=1, help=f"At most so many; {TABLE_ROWS}, or with --json all."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """The newest dead letters first; `interrupted` ones may have been sent, or not."""
    from datetime import UTC

    from fraud_local.dead_letters import find
    from fraud_local.moments import moment

    start = moment(since, datetime.now(UTC), option="--since") if since else None
    limit = limit or (None if as_json else TABLE_ROWS)
    with _session() as (_, connection), connection, connection.cursor() as cursor:
        found, of = find(cursor, reason=reason, since=start, state=state, limit=limit)
    if as_json:
        typer.echo(_json(found))
    elif not found:
        typer.echo("no dead letters")
    else:
        _print_table(found)
    if of > len(found):
        typer.echo(f"{len(found):,} of {of:,}; -n shows more", err=as_json)


def show(
    dead_letter_id: Annotated[int, typer.Argument(help="As the list shows it.")],
    *,
    value_to: Annotated[
        Path | None,
        typer.Option(help="Write the value's bytes to this file as well, for you alone to read."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Everything about one: why, from where, headers, value, and what was done about it."""
    from fraud_core.errors import DeadLetterError
    from fraud_local.dead_letter_report import as_data, lines
    from fraud_local.dead_letters import letter
    from fraud_local.editing import write_for_oneself

    with _session() as (_, connection), connection, connection.cursor() as cursor:
        found = letter(cursor, dead_letter_id)
    if value_to:
        if found.value is None:
            raise DeadLetterError(f"dead letter {dead_letter_id}: no value is kept of it")
        write_for_oneself(value_to, found.value)
    typer.echo(_json(as_data(found)) if as_json else "\n".join(lines(found)))


def requeue(
    ids: Ids, *, why: Why, anyway: Anyway = False, by: By = None, again: Again = False
) -> None:
    """Send the original bytes to the original topic once more, with the header `replay_of`."""
    from fraud_local.dead_letter_actions import original, require_open, resend

    def check(
        connection: "Connection", settings: "Settings", found: "Letter", actor: "Actor"
    ) -> None:
        require_open(connection, found, actor)
        original(found, settings, anyway=anyway)

    def act(connection: "Connection", settings: "Settings", found: "Letter", actor: "Actor") -> str:
        what = original(found, settings, anyway=anyway)
        return f"sent to {resend(connection, settings, found, what, actor)}"

    _act_on(ids, _actor(by, why, again=again), act, check=check)


def edit_and_requeue(
    dead_letter_id: Annotated[int, typer.Argument(help="As the list shows it.")],
    *,
    why: Why,
    file: Annotated[
        Path | None,
        typer.Option(help="The mended value; without it, $EDITOR opens on what was kept."),
    ] = None,
    anyway: Anyway = False,
    by: By = None,
    again: Again = False,
) -> None:
    """Send a mended value to the original topic, with the header `replay_of`."""
    from contextlib import nullcontext

    from fraud_local.dead_letter_actions import edited, require_open, resend
    from fraud_local.editing import bytes_of, kept_when_refused, with_editor

    def act(connection: "Connection", settings: "Settings", found: "Letter", actor: "Actor") -> str:
        require_open(connection, found, actor)
        value = bytes_of(file) if file else with_editor(found.value or b"", suffix=".json")
        is_new = not file and value != found.value
        with kept_when_refused(value, suffix=".json") if is_new else nullcontext():
            what = edited(found, value, settings, anyway=anyway)
            return f"sent to {resend(connection, settings, found, what, actor)}"

    _act_on([dead_letter_id], _actor(by, why, again=again), act)


def discard(ids: Ids, *, why: Why, by: By = None, again: Again = False) -> None:
    """Note that nothing more is to be done; the dead letter itself stays."""
    from fraud_local import dead_letter_actions

    def act(connection: "Connection", settings: "Settings", found: "Letter", actor: "Actor") -> str:
        del settings
        dead_letter_actions.discard(connection, found, actor)
        return "discarded"

    _act_on(ids, _actor(by, why, again=again), act)


_Act = Callable[["Connection", "Settings", "Letter", "Actor"], str]


def _act_on(
    ids: list[int],
    actor: "Actor",
    act: _Act,
    *,
    check: Callable[["Connection", "Settings", "Letter", "Actor"], None] | None = None,
) -> None:
    """All are looked at before anything is done to the first."""
    from fraud_local.dead_letters import letter

    with _session() as (settings, connection):
        with connection, connection.cursor() as cursor:
            found = [letter(cursor, dead_letter_id) for dead_letter_id in dict.fromkeys(ids)]
        if check:
            for dead in found:
                check(connection, settings, dead, actor)
        for dead in found:
            typer.echo(
                f"dead letter {dead.dead_letter_id}: {act(connection, settings, dead, actor)}"
            )


@contextmanager
def _session() -> Generator[tuple["Settings", "Connection"]]:
    """The settings, and a session with the consumer's own rights."""
    import psycopg2

    from fraud_core.database import connect
    from fraud_core.errors import DatabaseError
    from fraud_core.settings import Role, load_settings

    settings = load_settings()
    try:
        with closing(
            connect(settings, Role.CONSUMER, application="fraud dead-letters")
        ) as connection:
            yield settings, connection
    except psycopg2.errors.UndefinedTable as error:
        raise DatabaseError(f"{error}: run `fraud migrate`") from error
    except psycopg2.OperationalError as error:
        raise DatabaseError(f"Postgres does not answer (`fraud status`): {error}") from error


def _actor(by: str | None, why: str, *, again: bool) -> "Actor":
    from fraud_core.errors import DeadLetterError
    from fraud_local.dead_letter_actions import Actor
    from fraud_local.editing import user_name

    if not why.strip():
        raise DeadLetterError("--why is empty: say why, for whoever asks later")
    return Actor(by=by or user_name(), why=why, again=again)


def _print_table(found: "list[Line]") -> None:
    from rich.table import Table

    from fraud_local.printable import printable
    from fraud_local.screens import screen

    table = Table(box=None, pad_edge=False)
    table.add_column("id", justify="right", no_wrap=True)
    for heading in ("landed", "state", "reason", "from", "detail"):
        table.add_column(heading, no_wrap=heading == "landed", overflow="fold")
    for line in found:
        at = line.landed_at.strftime("%m-%d %H:%M:%S")
        cells = (str(line.dead_letter_id), at, line.state, line.reason, line.place, line.detail)
        table.add_row(*map(printable, cells))
    screen().print(table)


def _json(value: Any) -> str:
    """With everything beyond ASCII escaped, so that no terminal is led astray."""
    import msgspec

    return json.dumps(msgspec.to_builtins(value), indent=2)
