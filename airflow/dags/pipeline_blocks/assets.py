"""What Airflow shows as lineage: from the stream's topics over landed tables to each mart.

An asset is known by its name; the address only has to differ from all others.
"""

from airflow.sdk import Asset


def topic_asset(topic: str) -> Asset:
    """A topic of Kafka."""
    return Asset(name=topic, uri=f"x-kafka://stream/{topic}", group="topic")


def landed_asset(table: str) -> Asset:
    """A table that the consumer writes."""
    return Asset(name=f"landed.{table}", uri=f"x-landed://raw/{table}", group="landed")


def model_asset(model: str) -> Asset:
    """A table or view that dbt builds."""
    return Asset(name=model, uri=f"x-dbt://warehouse/{model}", group="model")


def export_asset() -> Asset:
    """The Parquet data sets."""
    return Asset(name="warehouse_export", uri="x-parquet://exports/warehouse", group="export")


def reference_asset() -> Asset:
    """The reference tables."""
    return Asset(name="reference", uri="x-reference://warehouse/reference", group="reference")
