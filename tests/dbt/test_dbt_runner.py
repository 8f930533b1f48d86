"""How the platform calls dbt."""

import os
from multiprocessing import get_context
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest
from pydantic import SecretStr

from fraud_core.errors import SettingsError, WarehouseError
from fraud_core.settings import Settings
from fraud_local.dbt import build, dbt_environment, parse


def test_the_profile_gets_the_connection_of_the_dbt_role(unreachable: Settings) -> None:
    environment = dbt_environment(unreachable)

    assert environment["DBT_USER"] == "fraud_dbt"
    assert environment["DBT_PASSWORD"] == "not-a-secret"
    assert (environment["POSTGRES_HOST"], environment["POSTGRES_PORT"]) == ("127.0.0.1", "9")


def test_what_a_run_writes_goes_where_it_is_told(unreachable: Settings, tmp_path: Path) -> None:
    environment = dbt_environment(unreachable, target=tmp_path)

    assert environment["DBT_TARGET_PATH"] == str(tmp_path)
    assert environment["DBT_LOG_PATH"].startswith(str(tmp_path))


def test_a_missing_password_is_named(unreachable: Settings) -> None:
    with pytest.raises(SettingsError, match="DBT_PASSWORD"):
        dbt_environment(unreachable.model_copy(update={"dbt_password": None}))


def test_a_missing_pseudonym_key_is_named(unreachable: Settings) -> None:
    with pytest.raises(SettingsError, match="PSEUDONYM_KEY"):
        dbt_environment(unreachable.model_copy(update={"pseudonym_key": None}))


def test_the_key_reaches_the_session_as_one_option_whatever_it_holds(unreachable: Settings) -> None:
    difficult = SecretStr("spaces and \\ in a key of enough letters")

    options = dbt_environment(unreachable.model_copy(update={"pseudonym_key": difficult}))[
        "PGOPTIONS"
    ]

    assert options.endswith(r"=spaces\ and\ \\\ in\ a\ key\ of\ enough\ letters")


def test_a_server_that_is_not_there_stops_the_build_and_leaves_no_password_behind(
    unreachable: Settings,
) -> None:
    before = dict(os.environ)

    with pytest.raises(WarehouseError, match="dbt build did not start"):
        build(unreachable)

    assert dict(os.environ) == before


def test_a_process_that_was_forked_after_dbt_had_read_the_project_can_read_it_too(
    unreachable: Settings, manifest: Manifest, tmp_path: Path
) -> None:
    assert manifest.nodes
    reader = get_context("fork").Process(
        target=parse, args=(unreachable,), kwargs={"target": tmp_path}
    )

    reader.start()
    reader.join(120)
    hangs = reader.is_alive()
    reader.kill()

    assert (hangs, (tmp_path / "manifest.json").exists()) == (False, True)
