"""`fraud pipeline ...`: the steps of the DAG kafka_streaming_pipeline, each a command of its own.

Results go to standard output as one line of JSON, for Airflow and for `jq`; a step that finds
something wrong says so in an error and exits non-zero.
"""

import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from fraud_core.errors import SettingsError

pipeline = typer.Typer(
    name="pipeline", help="The steps of the DAG, one command each.", no_args_is_help=True
)


@pipeline.command("wait-for-postgres")
def wait_for_postgres(
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0)] = 60.0,
) -> None:
    """Return once Postgres takes the dbt role's login."""
    import psycopg2
    import stamina

    from fraud_core.database import connect
    from fraud_core.errors import DatabaseError
    from fraud_core.settings import Role, load_settings

    settings = load_settings()
    try:
        for attempt in stamina.retry_context(
            on=psycopg2.OperationalError, attempts=None, timeout=timeout, wait_max=2.0
        ):
            with attempt:
                connect(settings, Role.DBT, application="wait_for_postgres").close()
    except psycopg2.OperationalError as error:
        raise DatabaseError(
            f"Postgres at {settings.postgres_host}:{settings.postgres_port} does not let "
            f"{settings.dbt_user} in after {timeout:.0f} s: {error}"
        ) from error


@pipeline.command("check-raw-transactions")
def check_raw_transactions(
    checked: Annotated[
        str, typer.Option(help="Begin where a check ended: `checked` of its result, as JSON.")
    ] = "",
) -> Any:
    """Fail unless orders have landed and every message read is accounted for exactly once."""
    from fraud_core.settings import load_settings
    from fraud_local.landed import Checked, accounts_since, require_complete

    try:
        before = msgspec.json.decode(checked, type=Checked) if checked else None
    except ValueError as error:
        raise SettingsError(
            f"--checked {checked!r} is not `checked` of a check's result ({error}): leave it out "
            "to check everything"
        ) from error
    accounts, now = accounts_since(load_settings(), before)
    landed = require_complete(accounts, may_be_none=before is not None)
    return _result({"landed": landed, "checked": now})


@pipeline.command("arrivals")
def new_arrivals(
    after: Annotated[int, typer.Option(help="Count beyond this ingest_id.", min=0)] = 0,
    since: Annotated[
        str,
        typer.Option(
            help="Dead letters: after this time; 24h, or ISO 8601 (UTC if without a zone)."
        ),
    ] = "",
) -> Any:
    """Count what has landed beyond --after, where the DAG says up to what it built; else all."""
    from datetime import UTC, datetime

    from fraud_core.settings import load_settings
    from fraud_local.arrivals import arrivals
    from fraud_local.moments import moment

    start = moment(since, datetime.now(UTC), option="--since") if since else None
    return _result(arrivals(load_settings(), after=after, since=start))


@pipeline.command("build")
def build(
    select: Annotated[
        list[str] | None, typer.Option(help="In dbt's selection syntax; none: everything.")
    ] = None,
    *,
    only: Annotated[
        str, typer.Option(help="Of those, these models and what hangs on them: a,b,c; none: all.")
    ] = "",
    refresh: Annotated[
        Literal["incremental", "full"], typer.Option(help="What is new, or everything anew.")
    ] = "incremental",
    alone: Annotated[
        bool,
        typer.Option(help="Run beside other builds: own target folder, all tests that touch it."),
    ] = False,
) -> Any:
    """Build and test models, and report on each; exit 0 also when some of them failed.

    A red model is for its box to show; this fails only when dbt could not get as far as building.
    """
    from fraud_core.settings import load_settings
    from fraud_local.build_report import report, require_connected, require_every_failure_shown
    from fraud_local.dbt import build as run_dbt

    settings = load_settings()
    select = select or []
    result = run_dbt(
        settings,
        select=_narrowed(settings.fraud_project, select, only),
        full_refresh=refresh == "full",
        indirect_selection="eager" if alone else "buildable",
        target=_lone_target(settings.fraud_home / "dbt", select) if alone else None,
    )
    require_connected(result)
    found = report(result)
    if not alone:  # alone, tests of other models that read this one run as well, and are not its
        require_every_failure_shown(result, found)
    return _result(found)


def register(app: typer.Typer) -> None:
    """Add `fraud pipeline`."""
    app.add_typer(pipeline)


def _result(value: object) -> Any:
    """Print `value` as a line of JSON and return it as plain Python."""
    typer.echo(msgspec.json.encode(value).decode())
    return msgspec.to_builtins(value)


def _narrowed(project: Path, select: list[str], only: str) -> list[str]:
    """Each selection, as far as it hangs on the models in `only`; raises SettingsError."""
    names = [name for name in only.split(",") if name]
    known = {file.stem for file in (project / "dbt/models").rglob("*.sql")}
    if unknown := sorted(set(names) - known):
        raise SettingsError(
            f"there is no model {', '.join(unknown)} in dbt/models; `--only` takes their names, "
            "separated by commas"
        )
    return [
        f"{part},{name}+" if part else f"{name}+" for part in select or [""] for name in names
    ] or select


def _lone_target(dbt_home: Path, select: list[str]) -> Path:
    """A target folder of its own, which starts from what dbt knows of the project already.

    Reading the whole project takes seconds, and what changed since is all that has to be read.
    """
    name = "+".join(select)
    target = dbt_home / "alone" / "".join(c if c.isalnum() or c in "_+-" else "." for c in name)
    target.mkdir(parents=True, exist_ok=True)
    known = dbt_home / "target" / "partial_parse.msgpack"
    if known.exists():
        shutil.copy2(known, target)
    return target
