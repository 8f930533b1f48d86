"""`fraud topics`: bring Kafka to what this version of the code expects."""

import typer

from fraud_core.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add `fraud topics`."""

    @app.command()
    def topics() -> None:  # pyright: ignore[reportUnusedFunction] - typer keeps it
        """Make the stream's topics and, where Kafka asks for logins, those and their rights.

        Needs the admin's login (KAFKA_ADMIN_USER, KAFKA_ADMIN_PASSWORD) where there are logins. Run
        it any time: a password that changed is set anew, a right that is not needed is taken away.
        """
        settings = load_settings()
        if settings.kafka_security_protocol == "PLAINTEXT":
            from fraud_local.topics import ensure_topics

            made = ensure_topics(settings)
            typer.echo(f"made {', '.join(made)}" if made else "nothing to do")
            return
        from fraud_local.kafka_provisioning import provision

        done = provision(settings)
        typer.echo(f"topics made: {', '.join(done.topics) or 'none'}")
        typer.echo(f"logins set: {', '.join(done.logins)}")
        typer.echo(f"rights granted: {len(done.granted)}, taken away: {len(done.revoked)}")
