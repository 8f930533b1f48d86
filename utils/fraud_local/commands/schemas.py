"""`fraud schemas`: write the event contract as JSON Schema for producers in other languages."""

import json
from pathlib import Path
from typing import Any

import msgspec
import typer

from fraud_core.alerts import Alert
from fraud_core.events import LabelEvent, OrderEvent
from fraud_core.settings import load_settings


def order_event_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `transactions_raw`, version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Order event, version 1",
        **msgspec.json.schema(OrderEvent),
    }


def label_event_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `transaction_labels`, version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Label event, version 1",
        **msgspec.json.schema(LabelEvent),
    }


def alert_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `transactions_flagged`, version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Alert about a flagged order, version 1",
        **msgspec.json.schema(Alert),
    }


def alert_schema_file(project: Path) -> Path:
    """Where the alerts' schema of version 1 is committed."""
    return project / "kafka" / "schemas" / "transactions_flagged.v1.json"


def label_schema_file(project: Path) -> Path:
    """Where the labels' schema of version 1 is committed."""
    return project / "kafka" / "schemas" / "transaction_labels.v1.json"


def schema_file(project: Path) -> Path:
    """Where the schema of version 1 is committed."""
    return project / "kafka" / "schemas" / "transactions_raw.v1.json"


def register(app: typer.Typer) -> None:
    """Add `fraud schemas`."""

    @app.command()
    def schemas() -> None:  # pyright: ignore[reportUnusedFunction] - typer keeps it
        """Write the JSON Schemas of the event contract to kafka/schemas/."""
        project = load_settings().fraud_project
        for target, schema in (
            (schema_file(project), order_event_schema()),
            (label_schema_file(project), label_event_schema()),
            (alert_schema_file(project), alert_schema()),
        ):
            target.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n")
            typer.echo(f"wrote {target}")
