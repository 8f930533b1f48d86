"""Decisions that were recorded as json are text after the migration, letter for letter."""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from alembic import command
from alembic.config import Config
from psycopg2 import sql

from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings

pytestmark = pytest.mark.integration

BEFORE, MIGRATION = "0012", "0013"
RECORDED = (
    ('{"velocity":0.25,"amount":null}', '{"customer_orders_1h":3}', "[]"),
    ('{ "velocity" : 1e-7 }', '{"city":"Zo\\u00eb\\\\ \\"ü\\"","n":1.0}', '["a.b", "c.d"]'),
    ("{}", '{"long":"' + "x" * 9_000 + '"}', "[\n]"),
)
"""Factors, features and rules without input: what a parser would write otherwise among them."""

INSERT = """
insert into raw.transaction_decisions values
(%s, %s, 'r', 'l', 'approve', 0, '', %s, '[]', %s, %s, '[]', '[]', '[]', now())
"""
VIEWS = (
    "create view raw.raw_decisions as"
    " select *, factors ->> 'velocity' as velocity_score from raw.transaction_decisions",
    "create view staging.stg_decisions as"
    " select ingest_id, not_evaluable::jsonb as not_evaluable from raw.raw_decisions",
)

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def before(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Generator[Settings]:
    """A database of its own in which decisions are json, some of them in each of two partitions."""
    own = settings.model_copy(update={"postgres_db": f"decisions_{uuid4().hex}"})
    named = sql.Identifier(own.postgres_db)
    upgrade = command.upgrade

    def no_further(config: Config, _: str) -> None:
        upgrade(config, BEFORE)

    with closing(connect(settings, Role.OWNER, application="tests")) as owner:
        owner.autocommit = True
        owner.cursor().execute(sql.SQL("create database {}").format(named))
        with monkeypatch.context() as patch:
            patch.setattr(command, "upgrade", no_further)
            migrate(own)
        yield own
        owner.cursor().execute(sql.SQL("drop database {}").format(named))


@pytest.fixture
def ask(before: Settings) -> Ask:
    """Run a statement as a role and return its rows."""

    def run(statement: str, *parameters: Any, role: Role = Role.OWNER) -> list[tuple[Any, ...]]:
        connection = connect(before, role, application="tests")
        with closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture(autouse=True)
def _decided_and_built(ask: Ask) -> None:
    ask("select raw.ensure_partitions(1000000)")
    for ingest_id, parts in enumerate(RECORDED, 999_998):
        ask(INSERT, ingest_id, f"t-{ingest_id}", *parts, role=Role.CONSUMER)
    for view in VIEWS:
        ask(view, role=Role.DBT)


def types(ask: Ask, table: str) -> set[str]:
    found = ask(
        "select format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass"
        " and attname in ('factors', 'features', 'not_evaluable') and attnotnull",
        table,
    )
    assert len(found) == 3
    return {name for (name,) in found}


def test_what_was_recorded_is_text_and_the_same_in_every_partition(
    before: Settings, ask: Ask
) -> None:
    assert types(ask, "raw.transaction_decisions") == {"json"}
    rest = "select to_jsonb(d) - array['factors', 'features', 'not_evaluable']"
    untouched = ask(f"{rest} from raw.transaction_decisions as d order by ingest_id")

    assert MIGRATION in migrate(before)

    ask("select raw.ensure_partitions(2000000)")
    for table in ("transaction_decisions", *(f"transaction_decisions_{n}" for n in range(3))):
        assert types(ask, f"raw.{table}") == {"text"}
    assert (
        tuple(
            ask(
                "select factors, features, not_evaluable from raw.transaction_decisions"
                " order by ingest_id"
            )
        )
        == RECORDED
    )
    assert untouched == ask(f"{rest} from raw.transaction_decisions as d order by ingest_id")


def test_partitions_stay_as_they_are_kept(before: Settings, ask: Ask) -> None:
    query = (
        "select relname, reloptions, relacl::text from pg_class"
        " where starts_with(relname, 'transaction_decisions') order by 1"
    )
    kept = ask(query)

    migrate(before)

    assert kept == ask(query)


def test_views_of_dbt_are_not_in_the_way(before: Settings, ask: Ask) -> None:
    migrate(before)

    assert ask("select to_regclass('raw.raw_decisions'), to_regclass('staging.stg_decisions')") == [
        (None, None)
    ]


def test_a_view_of_somebody_elses_is_named_and_nothing_is_changed(
    before: Settings, ask: Ask
) -> None:
    ask("create view staging.mine as select * from raw.raw_decisions", role=Role.DBT)

    with pytest.raises(psycopg2.errors.DependentObjectsStillExist, match=r"staging\.mine"):
        migrate(before)

    assert ask("select count(*) from staging.stg_decisions", role=Role.DBT) == [(len(RECORDED),)]
    assert types(ask, "raw.transaction_decisions") == {"json"}


def test_the_columns_say_that_they_hold_json(before: Settings, ask: Ask) -> None:
    migrate(before)

    said = ask(
        "select col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = 'raw.transaction_decisions'::regclass and atttypid = 'text'::regtype"
        " and attname in ('factors', 'features', 'not_evaluable')"
    )
    assert len(said) == 3
    assert all("JSON, as text" in text for (text,) in said)
