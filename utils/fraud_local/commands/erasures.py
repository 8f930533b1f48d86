"""`fraud erasures`: those that were done, those that wait, and those that a restore undid."""

from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def register(app: typer.Typer) -> None:
    """Add `fraud erasures`."""
    commands = typer.Typer(
        help="Erasures of customers: done, waiting, and to be done again after a restore.",
        no_args_is_help=True,
    )
    app.add_typer(commands, name="erasures")
    commands.command("list")(list_erasures)
    commands.command()(requests)
    commands.command()(withdraw)
    commands.command()(again)


def list_erasures(*, as_json: Json = False) -> None:
    """Those that were done. Keep what --json writes apart from the backups, after each erasure."""
    from fraud_core.settings import load_settings
    from fraud_local.erasure.again import erasures

    done = erasures(load_settings())
    if as_json:
        typer.echo(_json(done))
        return
    for each in done:
        typer.echo(f"{each.erased_at:%Y-%m-%d %H:%M}  {each.erased_id}  {each.erased_by}")
    if not done:
        typer.echo("nobody was erased")


def requests(*, as_json: Json = False) -> None:
    """Requests that wait for the DAG `housekeeping`."""
    from fraud_core.settings import load_settings
    from fraud_local.erasure_requests import waiting_requests
    from fraud_local.printable import printable

    waiting = waiting_requests(load_settings())
    if as_json:
        typer.echo(_json(waiting))
        return
    for each in waiting:
        who = printable(f"{each.customer_id}  {each.requested_by}  {each.why}")
        typer.echo(f"{each.request_id}  {each.requested_at:%Y-%m-%d %H:%M}  {who}")
    if not waiting:
        typer.echo("no request waits")


def withdraw(
    request_id: Annotated[int, typer.Argument(help="As `fraud erasures requests` shows it.")],
) -> None:
    """Take back a request that waits. It stays, and no longer says whom it named.

    Exits with 15 when no such request waits. It runs as the owner (POSTGRES_USER).
    """
    from fraud_core.settings import load_settings
    from fraud_local.erasure_requests import withdraw as take_back

    take_back(load_settings(), request_id)
    typer.echo(f"request {request_id} is withdrawn")


def again(
    file: Annotated[Path, typer.Argument(help="What `fraud erasures list --json` wrote.")],
    *,
    as_json: Json = False,
) -> None:
    """After a restore: erase again whom the backup has brought back, before consumers start.

    The file names nobody: customers are found by PSEUDONYM_KEY. Safe to run again; exits with 15
    when one is refused, the others being done. It runs as the owner (POSTGRES_USER).
    """
    from fraud_core.settings import load_settings
    from fraud_local.erasure.again import erase_again, read_erasures

    def progress(table: str, rows: int) -> None:
        typer.echo(f"{table}: {rows:,}", err=True)

    done = erase_again(load_settings(), read_erasures(file), progress)
    for sentence in done.not_vacuumed:
        typer.echo(f"warning: {sentence}", err=True)
    if as_json:
        typer.echo(_json(done))
    else:
        typer.echo(f"{done.erased:,} erased again, {done.noted:,} noted of whom nothing is there")


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value)).decode()
