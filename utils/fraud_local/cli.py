"""The `fraud` command: one sub-command a task, each in its own module of `commands/`.

Exit codes are those of `fraud_core.errors`; 130 means interrupted by the user.
"""

import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from fraud_core.errors import FraudPlatformError, StackError
from fraud_local.commands import (
    certificates,
    consume,
    dead_letters,
    demo,
    erase_customer,
    explain,
    export,
    housekeeping,
    lists,
    migrate,
    pipeline,
    produce,
    quality,
    reference,
    replay,
    rules,
    schemas,
    scoreboard,
    stack,
    topics,
    warehouse,
)

app = typer.Typer(
    name="fraud",
    help="An order-fraud platform on Kafka, Postgres, dbt and Airflow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _program() -> None:  # pyright: ignore[reportUnusedFunction] - keeps sub-commands for typer
    """An order-fraud platform on Kafka, Postgres, dbt and Airflow."""


for module in (
    stack,
    demo,
    produce,
    consume,
    migrate,
    topics,
    certificates,
    pipeline,
    dead_letters,
    erase_customer,
    explain,
    rules,
    lists,
    scoreboard,
    replay,
    export,
    reference,
    quality,
    housekeeping,
    schemas,
    warehouse,
):
    module.register(app)


def main() -> None:
    """Run the command line; our own errors become one message and their exit code."""
    try:
        app(standalone_mode=True)
    except FraudPlatformError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        _fail(_not_installed(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(error: FraudPlatformError) -> NoReturn:
    # A message may quote a log, whose brackets are no markup.
    Console(stderr=True).print(
        "[bold red]error:[/]", escape(str(error)), highlight=False, soft_wrap=True
    )
    sys.exit(error.exit_code)


def _not_installed(error: ModuleNotFoundError) -> StackError:
    """An image holds what its own service needs, and no more; a module of ours is never missing."""
    name = error.name or ""
    if name.partition(".")[0].startswith("fraud_"):
        raise error
    return StackError(
        f"this command needs the package {name!r}, which is not installed here. In a container, "
        "ask from outside: `docker compose ps`, `docker compose logs`; in a clone, `make setup` "
        "installs everything"
    )
