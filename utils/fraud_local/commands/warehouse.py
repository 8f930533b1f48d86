"""`fraud warehouse ...`: what people ask of the warehouse beside the pipeline's runs."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fraud_local.dbt import BuildResult

warehouse = typer.Typer(
    name="warehouse", help="Test, document and check the warehouse.", no_args_is_help=True
)


@warehouse.command("test")
def test(
    select: Annotated[
        list[str] | None, typer.Option(help="Models or tests, in dbt's selection syntax.")
    ] = None,
    *,
    complete: Annotated[
        bool, typer.Option(help="All rows, not only the newest, and the tests of all history.")
    ] = False,
) -> None:
    """Run the data tests, building nothing.

    Exits with 1 when one finds something; its query finds the rows again.
    """
    from fraud_core.settings import load_settings
    from fraud_local.dbt import run_tests

    _show(run_tests(load_settings(), select=select or (), complete=complete))


@warehouse.command("parity")
def parity(
    *,
    sample: Annotated[int, typer.Option(help="How many of the newest decisions.", min=1)] = 200,
    every: Annotated[
        bool, typer.Option("--all", help="All decisions: minutes for some ten thousand.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write the test anew from the catalogue instead.")
    ] = False,
) -> None:
    """Recompute features from raw orders in SQL and compare them with those stored.

    Exits with 1 when a feature differs: then the state of scoring went astray, or a rule of the
    catalogue changed its meaning without a new name.
    """
    from fraud_core.settings import load_settings
    from fraud_local.dbt import run_tests

    if write:
        from fraud_local.parity_sql import PARITY_TEST, data_test

        PARITY_TEST.write_text(data_test(), encoding="utf-8")
        typer.echo(f"wrote {PARITY_TEST}")
        return
    _show(
        run_tests(
            load_settings(),
            select=["tag:parity"],
            complete=every,
            variables={"parity_sample": 0 if every else sample},
        )
    )


@warehouse.command("docs")
def docs() -> None:
    """Write the warehouse's documentation, with lineage, as one HTML page, and say where."""
    from fraud_core.settings import load_settings
    from fraud_local.dbt import write_docs

    typer.echo(write_docs(load_settings()))


def register(app: typer.Typer) -> None:
    """Add `fraud warehouse`."""
    app.add_typer(warehouse)


def _show(result: "BuildResult") -> None:
    warned = [node for node in result.nodes if node.has_warned]
    for found in [*warned, *result.problems]:
        typer.echo(f"{found.name}: {found.message}\n{found.query.strip()}\n", err=True)
    passed = len(result.nodes) - len(warned) - len(result.problems)
    typer.echo(f"{passed} tests passed, {len(warned)} warned, {len(result.problems)} failed")
    if result.problems:
        raise typer.Exit(1)
