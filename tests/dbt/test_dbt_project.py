"""What an analyst may rely on in every model: a grain, described columns, a key, a layer."""

from typing import Any

import msgspec
import pytest
from dbt.contracts.graph.manifest import Manifest

from fraud_core.events import Address, OrderEvent
from fraud_core.settings import REPOSITORY

BELOW = {
    "raw": {"source"},
    "staging": {"raw", "restricted", "staging"},
    "marts": {"staging", "marts"},
}
"""Where a model of each layer may read from; a layer is a folder below models."""

PREFIXES = {
    "raw": ("raw_", "personal_"),
    "staging": ("stg_", "personal_"),
    "marts": ("dim_", "fct_", "vw_", "mart_"),
}

PERSONAL = {
    *("customer_email", "customer_phone", "customer_name", "ip_address", "referrer_url"),
    *("ip_latitude", "ip_longitude", "browser_fingerprint", "card_fingerprint"),
    *(
        f"{kind}_{part}"
        for kind in ("shipping", "billing")
        for part in ("city", "postal_code", "latitude", "longitude")
    ),
}
"""Columns that say who a customer is or where; only schema restricted may carry them."""


def _models(manifest: Manifest, layer: str | None = None) -> list[Any]:
    models = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    return [model for model in models if layer in (None, _layer(model))]


def _layer(model: Any) -> str:
    return model.path.split("/")[0]


def _tests(manifest: Manifest, model: Any) -> list[Any]:
    children = [manifest.nodes.get(child) for child in manifest.child_map[model.unique_id]]
    return [node for node in children if node is not None and node.resource_type == "test"]


def test_models_land_in_the_schema_of_their_layer_and_personal_ones_in_the_restricted_one(
    manifest: Manifest,
) -> None:
    for model in _models(manifest):
        personal = "/restricted/" in model.path

        assert model.schema == ("restricted" if personal else _layer(model)), model.name
        assert model.name.startswith("personal_") == personal, model.name


def test_a_models_name_says_its_layer(manifest: Manifest) -> None:
    wrong = [m.name for m in _models(manifest) if not m.name.startswith(PREFIXES[_layer(m)])]

    assert not wrong


def test_a_model_reads_from_its_own_layer_or_the_one_below(manifest: Manifest) -> None:
    for model in _models(manifest):
        parents = [manifest.nodes.get(parent) for parent in model.depends_on.nodes]
        layers = {parent.schema if parent else "source" for parent in parents}
        allowed = BELOW[_layer(model)] | ({"raw"} if _layer(model) == "raw" else set())

        assert layers <= allowed, model.name


def test_only_restricted_models_read_restricted_ones(manifest: Manifest) -> None:
    for model in _models(manifest):
        parents = [manifest.nodes.get(parent) for parent in model.depends_on.nodes]
        if any(parent is not None and parent.schema == "restricted" for parent in parents):
            assert model.schema == "restricted", model.name


def test_every_model_is_described_beside_its_sql_with_its_grain_first(manifest: Manifest) -> None:
    for model in _models(manifest):
        assert model.description.startswith("One row per "), model.name
        beside = model.original_file_path.replace(".sql", ".yml")
        assert model.patch_path.endswith(beside), model.name


def test_every_described_column_says_something(manifest: Manifest) -> None:
    silent = [
        f"{model.name}.{column.name}"
        for model in _models(manifest)
        for column in model.columns.values()
        if not column.description.strip()
    ]

    assert not silent


def test_every_model_has_a_key_that_is_tested(manifest: Manifest) -> None:
    for model in _models(manifest):
        tested = {
            (test.test_metadata.name, test.column_name)
            for test in _tests(manifest, model)
            if getattr(test, "test_metadata", None)
        }
        unique = {column for name, column in tested if name == "unique"}
        together = {name for name, _ in tested if name == "unique_together"}

        assert unique or together, model.name
        assert all(("not_null", column) in tested for column in unique), model.name


def test_every_mart_holds_its_contract_and_is_open_to_analysts(manifest: Manifest) -> None:
    for mart in _models(manifest, "marts"):
        assert mart.config.contract.enforced, mart.name
        assert mart.config.grants == {"select": ["fraud_analyst"]}, mart.name


def test_no_mart_adds_up_amounts_without_saying_in_which_currency(manifest: Manifest) -> None:
    """What has a twin in the reporting currency is in the order's."""
    mixed = [
        f"{mart.name}.{column}"
        for mart in _models(manifest, "marts")
        for column in mart.columns
        if f"{column}_reporting" in mart.columns and "currency" not in mart.columns
    ]

    assert not mixed


def test_every_mart_that_does_not_grow_says_so(manifest: Manifest) -> None:
    for mart in _models(manifest, "marts"):
        grows = mart.config.materialized == "incremental"
        assert grows or "A view" in mart.description, mart.name


@pytest.mark.parametrize("layer", ["raw", "staging"])
def test_nothing_before_the_marts_is_granted_to_anybody(manifest: Manifest, layer: str) -> None:
    assert not [model.name for model in _models(manifest, layer) if model.config.grants]


def test_a_personal_column_is_in_no_schema_but_the_restricted_one(manifest: Manifest) -> None:
    found = {(model.schema, column) for model in _models(manifest) for column in model.columns}

    assert {column for schema, column in found if schema == "restricted"} >= PERSONAL
    assert not [(s, column) for s, column in found if s != "restricted" and column in PERSONAL]


def test_there_are_two_hundred_data_tests_and_more(manifest: Manifest) -> None:
    tests = [node for node in manifest.nodes.values() if node.resource_type == "test"]

    assert len(tests) >= 200


def test_a_unit_tests_name_fits_into_postgres_where_it_becomes_a_tables(manifest: Manifest) -> None:
    names = {test.name for test in manifest.unit_tests.values()}
    assert names
    assert {name for name in names if len(name) > 63} == set()


def test_every_schema_that_dbt_writes_to_is_made_by_a_migration(manifest: Manifest) -> None:
    made = "".join(
        file.read_text() for file in (REPOSITORY / "postgres/migrations/sql").glob("*.sql")
    )
    nodes = [n for n in manifest.nodes.values() if n.resource_type in ("model", "seed")]

    assert not {n.schema for n in nodes if f"create schema {n.schema};" not in made}


def test_retention_waits_for_every_model_that_reads_what_it_drops(manifest: Manifest) -> None:
    waits = (REPOSITORY / "utils/fraud_local/housekeeping.py").read_text()
    ledger = {
        f"source.fraud_platform.stream.{table}"
        for table in ("transactions_stream", "transaction_decisions")
    }
    # The facts go no further than raw_transactions does, and the cohorts know both facts and hits.
    covered = {"raw.raw_transactions", "marts.mart_rule_cohorts"}

    readers = {f"{m.schema}.{m.name}" for m in _models(manifest) if ledger & _read(manifest, m)}

    assert len(readers) > len(covered)
    assert not {name for name in readers - covered if f" from {name})" not in waits}


def _read(manifest: Manifest, model: Any) -> set[str]:
    """The tables that a model reads when it is built; a view is none, but what it reads."""
    if model.config.materialized == "view":
        return set()
    found: set[str] = set()
    waiting = list(manifest.parent_map[model.unique_id])
    while waiting:
        node = manifest.nodes.get(name := waiting.pop())
        if node is not None and node.config.materialized == "view":
            waiting += manifest.parent_map[name]
        else:
            found.add(name)
    return found


def test_the_flattened_order_has_a_column_for_every_field_of_the_contract(
    manifest: Manifest,
) -> None:
    names = ("raw_transactions", "personal_transactions")
    columns = {c for m in _models(manifest) if m.name in names for c in m.columns}
    expected: set[str] = set()
    for field in msgspec.structs.fields(OrderEvent):
        if field.name in ("shipping", "billing"):
            expected |= {f"{field.name}_{p.name}" for p in msgspec.structs.fields(Address)}
        else:
            expected.add(field.name)

    assert expected <= columns
