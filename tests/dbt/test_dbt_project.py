"""What an analyst may rely on in every model: a grain, described columns, a key, a layer."""

from typing import Any

import msgspec
import pytest
from dbt.contracts.graph.manifest import Manifest

from fraud_core.events import Address, OrderEvent

BELOW = {"raw": {"source"}, "staging": {"raw", "staging"}, "marts": {"staging", "marts"}}
"""Where a model of each layer may read from."""

PREFIXES = {"raw": ("raw_",), "staging": ("stg_",), "marts": ("dim_", "fct_", "vw_", "mart_")}

PERSONAL = (
    *("customer_email", "customer_phone", "customer_name", "ip_address"),
    *("ip_latitude", "ip_longitude", "browser_fingerprint", "card_fingerprint"),
    *(
        f"{kind}_{part}"
        for kind in ("shipping", "billing")
        for part in ("city", "postal_code", "latitude", "longitude")
    ),
)
"""Columns that say who a customer is or where; no mart may carry them."""


def _models(manifest: Manifest, layer: str | None = None) -> list[Any]:
    models = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    return [model for model in models if layer in (None, model.schema)]


def _tests(manifest: Manifest, model: Any) -> list[Any]:
    children = [manifest.nodes.get(child) for child in manifest.child_map[model.unique_id]]
    return [node for node in children if node is not None and node.resource_type == "test"]


def test_models_land_in_the_three_schemas_and_nowhere_else(manifest: Manifest) -> None:
    assert {model.schema for model in _models(manifest)} == {"raw", "staging", "marts"}


def test_a_models_name_says_its_layer(manifest: Manifest) -> None:
    wrong = [m.name for m in _models(manifest) if not m.name.startswith(PREFIXES[m.schema])]

    assert not wrong


def test_a_model_reads_from_its_own_layer_or_the_one_below(manifest: Manifest) -> None:
    for model in _models(manifest):
        parents = [manifest.nodes.get(parent) for parent in model.depends_on.nodes]
        layers = {parent.schema if parent else "source" for parent in parents}

        assert layers <= BELOW[model.schema], model.name


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

        assert unique, model.name
        assert all(("not_null", column) in tested for column in unique), model.name


def test_every_mart_holds_its_contract_and_is_open_to_analysts(manifest: Manifest) -> None:
    for mart in _models(manifest, "marts"):
        assert mart.config.contract.enforced, mart.name
        assert mart.config.grants == {"select": ["fraud_analyst"]}, mart.name


@pytest.mark.parametrize("layer", ["raw", "staging"])
def test_nothing_before_the_marts_is_granted_to_anybody(manifest: Manifest, layer: str) -> None:
    assert not [model.name for model in _models(manifest, layer) if model.config.grants]


def test_no_mart_carries_a_personal_column(manifest: Manifest) -> None:
    found = [(m.name, c) for m in _models(manifest, "marts") for c in m.columns if c in PERSONAL]

    assert not found


def test_the_flattened_order_has_a_column_for_every_field_of_the_contract(
    manifest: Manifest,
) -> None:
    (flattened,) = [m for m in _models(manifest) if m.name == "raw_transactions"]
    expected: set[str] = set()
    for field in msgspec.structs.fields(OrderEvent):
        if field.name in ("shipping", "billing"):
            expected |= {f"{field.name}_{p.name}" for p in msgspec.structs.fields(Address)}
        else:
            expected.add(field.name)

    assert expected <= set(flattened.columns)
