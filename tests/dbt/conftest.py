"""The dbt project as dbt itself reads it; no database is needed for that."""

import pytest
from dbt.contracts.graph.manifest import Manifest

from fraud_core.settings import Settings, load_settings
from fraud_local.dbt import parse


@pytest.fixture(scope="session")
def unreachable(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that name a Postgres where none is."""
    return load_settings(
        fraud_home=tmp_path_factory.mktemp("home"),
        postgres_host="127.0.0.1",
        postgres_port=9,  # the discard port: nobody listens there
        dbt_password="not-a-secret",
        pseudonym_key="k" * 32,
    )


@pytest.fixture(scope="session")
def manifest(unreachable: Settings) -> Manifest:
    """The project's models, tests and their ties."""
    return parse(unreachable)
