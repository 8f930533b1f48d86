"""The `fraud` command: one sub-command a task, each in its own module of `commands/`.

Exit codes are those of `fraud_core.errors`; 130 means interrupted by the user.
"""

import errno
import inspect
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import typer

from fraud_core.errors import DatabaseError, FraudPlatformError, SettingsError, StackError
from fraud_local.commands import (
    certificates,
    consume,
    dead_letters,
    demo,
    erase_customer,
    erasures,
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
from fraud_local.screens import screen

_UNDEFINED_TABLE = "42P01"
_KEPT_FROM_US = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

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
    erasures,
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


def _join_lines(commands: typer.Typer) -> None:
    """A paragraph of help is one line, for the screen to break; typer does it for the first alone.

    Markdown would do it as well, and drop the backticks around commands where there is no terminal.
    """
    for command in commands.registered_commands:
        paragraphs = (inspect.getdoc(command.callback) or "").split("\n\n")
        command.help = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
    for group in commands.registered_groups:
        if group.typer_instance:
            _join_lines(group.typer_instance)


_join_lines(app)


def main() -> None:
    """Run the command line; our own errors become one message and their exit code."""
    try:
        app(standalone_mode=True)
    except FraudPlatformError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        _fail(_not_installed(error))
    except Exception as error:
        known = _of_postgres(error) or _of_the_files(error) or _of_the_disk(error)
        if known is None:
            raise
        _fail(known)


def _fail(error: FraudPlatformError) -> NoReturn:
    from rich.text import Text

    screen(stderr=True).print(Text("error:", "bold red"), str(error), soft_wrap=True)
    sys.exit(error.exit_code)


def _of_postgres(error: Exception) -> DatabaseError | None:
    """A server that is away or gives up, and tables that are not made yet; None for all else."""
    if "psycopg2" not in sys.modules:  # a command without a database stays quick
        return None
    import psycopg2

    from fraud_core.database import is_transient

    if not isinstance(error, psycopg2.Error):
        return None
    said = str(error).strip()
    if error.pgcode == _UNDEFINED_TABLE:
        return DatabaseError(
            f"the database is not built as far as that: {said}\nRun `fraud migrate`; what dbt "
            "builds is there after the first run of the pipeline"
        )
    if isinstance(error, psycopg2.OperationalError) or is_transient(error):
        return DatabaseError(
            f"Postgres did not answer as it should: {said}\n`fraud status` says whether the "
            "embedded server is up, and `fraud up` starts it; another one is where POSTGRES_HOST "
            "and POSTGRES_PORT say. Then run this again"
        )
    return None


def _of_the_files(error: Exception) -> SettingsError | None:
    """What another user or the mount keeps from us; None for all else."""
    if not isinstance(error, OSError) or error.errno not in _KEPT_FROM_US:
        return None
    reason = str(error.strerror).lower()
    if error.filename is None:
        return SettingsError(f"{reason}: run this as the user who started it, or as root")
    path = Path(os.fsdecode(error.filename)).absolute()
    return SettingsError(
        f"{path}: {reason}{_owner(path)}. Run this as the owner, or name a place of your own: "
        "FRAUD_HOME for the stack's folder, the command's option or setting for any other"
    )


def _of_the_disk(error: Exception) -> StackError | None:
    """A disk with no room left; None for all else."""
    if not isinstance(error, OSError) or error.errno not in _FULL:
        return None
    place = "" if error.filename is None else f"{Path(os.fsdecode(error.filename)).absolute()}: "
    return StackError(
        f"{place}{str(error.strerror).lower()}: make room where FRAUD_HOME is, or wherever this "
        "was to write, and run it again"
    )


def _owner(path: Path) -> str:
    """Whose the path is, or the innermost folder on the way that we can see."""
    for place in (path, *path.parents):
        with suppress(OSError):
            owner = place.stat().st_uid
            return f"; {place} belongs to user {owner}, and you are {os.geteuid()}"
    return ""


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
