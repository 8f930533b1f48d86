"""`fraud certificates`: an authority of your own, for TLS."""

from pathlib import Path
from typing import Annotated

import typer

HOSTS = ["kafka", "postgres", "localhost", "127.0.0.1"]
"""What the servers are called inside the containers' network and on this machine."""


def register(app: typer.Typer) -> None:
    """Add `fraud certificates`."""

    @app.command()
    def certificates(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        folder: Annotated[
            Path, typer.Option(help="Where they go; the containers' secrets are here as well.")
        ] = Path("secrets"),
        host: Annotated[
            list[str] | None,
            typer.Option(help="A further name or address of the servers; can be given again."),
        ] = None,
    ) -> None:
        """Make an authority, once, and new certificates for Kafka and Postgres, for 13 months.

        Clients trust FOLDER/authority.pem (KAFKA_CA_FILE, POSTGRES_CA_FILE). Restart the servers
        after a renewal; clients go on with the same authority. docs/deployment.md says the rest.
        """
        from fraud_local.certificates import make_certificates

        for path in make_certificates(folder, [*HOSTS, *(host or [])]):
            typer.echo(path)
