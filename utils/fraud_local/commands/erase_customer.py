"""`fraud erase-customer`: what the right to be forgotten asks for."""

from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add `fraud erase-customer`."""

    @app.command("erase-customer")
    def erase_customer(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        customer_id: Annotated[str, typer.Argument(help="As it stands in the orders.")],
        *,
        why: Annotated[str, typer.Option(help="Kept with the audit row; name no person in it.")],
        by: Annotated[str | None, typer.Option(help="Who decides it; you, unless given.")] = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Try it, show the counts, change nothing.")
        ] = False,
        later: Annotated[
            bool, typer.Option("--later", help="Note it; the DAG housekeeping does it.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    ) -> Any:
        """Put a token in a customer's place in everything that has landed and been built.

        Orders, amounts and decisions stay, so no sum changes; who it was does not. Snapshots of the
        scorer are deleted and a running one starts anew. Messages still in Kafka are recognised
        when they come again, and nothing of them is kept. It runs as the owner (POSTGRES_USER).

        Exits with 16 when nothing is known of the customer, with 15 while the warehouse is being
        built or a replay is at work (run it again) and when he is named as the owner of a shop.
        Safe to run again after an interruption.
        """
        import msgspec

        from fraud_core.errors import SettingsError
        from fraud_core.settings import load_settings
        from fraud_local.editing import user_name
        from fraud_local.erasure.run import erase_customer as erase
        from fraud_local.erasure_requests import request_erasure

        def progress(table: str, rows: int) -> None:
            typer.echo(f"{table}: {rows:,}", err=True)

        if dry_run and later:
            raise SettingsError("--dry-run and --later: one changes nothing, the other erases")
        if not why.strip():
            raise SettingsError("--why is empty: say what for, it stays with the audit row")
        settings, by = load_settings(), by or user_name()
        if later:
            request_id = request_erasure(settings, customer_id, by=by, why=why)
            typer.echo(msgspec.json.encode({"request_id": request_id}).decode())
            return {"request_id": request_id}
        done = erase(settings, customer_id, by=by, why=why, dry_run=dry_run, progress=progress)
        for sentence in done.not_vacuumed:
            typer.echo(f"warning: {sentence}", err=True)
        if as_json:
            typer.echo(msgspec.json.encode(done).decode())
        elif not (rows := sum(done.counts.values())):
            typer.echo(f"nothing new is there: the customer was erased before, as {done.erased_id}")
        else:
            verb = "would be" if dry_run else "is"
            typer.echo(f"{rows:,} rows changed or deleted; the customer {verb} {done.erased_id}")
        return msgspec.to_builtins(done)
