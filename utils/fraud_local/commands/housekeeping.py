"""`fraud housekeeping ...`: the steps of the DAG housekeeping, one command each."""

from typing import Any

import msgspec
import typer

housekeeping = typer.Typer(
    name="housekeeping", help="Retention, partitions, snapshots.", no_args_is_help=True
)


@housekeeping.command("make-partitions")
def make_partitions() -> Any:
    """Make the partitions that the next orders land in."""
    from fraud_core.settings import load_settings
    from fraud_local.housekeeping import make_partitions as make

    return _result({"ready_up_to": make(load_settings())})


@housekeeping.command("drop-old")
def drop_old() -> Any:
    """Drop orders older than RETENTION_DAYS that the marts have: partitions, and a month's rows."""
    from fraud_core.settings import load_settings
    from fraud_local.housekeeping import drop_old as drop

    return _result(drop(load_settings()))


@housekeeping.command("prune")
def prune() -> Any:
    """Forget useless snapshots, old replays, and personal data older than RETENTION_DAYS."""
    from fraud_core.settings import load_settings
    from fraud_local.housekeeping import prune as forget

    return _result(forget(load_settings()))


@housekeeping.command("dead-letters")
def dead_letters() -> Any:
    """Count dead letters: of the last day, and those that nobody has dealt with."""
    from fraud_core.settings import load_settings
    from fraud_local.housekeeping import dead_letters as count

    return _result(count(load_settings()))


@housekeeping.command("erase")
def erase() -> Any:
    """Erase the customers whom `fraud erase-customer --later` named; runs as the owner."""
    from fraud_core.settings import load_settings
    from fraud_local.erasure_requests import erase_requested

    return _result(erase_requested(load_settings()))


def register(app: typer.Typer) -> None:
    """Add `fraud housekeeping`."""
    app.add_typer(housekeeping)


def _result(value: object) -> Any:
    """Print `value` as a line of JSON and return it as plain Python."""
    typer.echo(msgspec.json.encode(value).decode())
    return msgspec.to_builtins(value)
