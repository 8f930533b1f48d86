"""A customer who is erased is nowhere in the database, and what was counted over him stays."""

import json
from collections.abc import Callable, Generator
from contextlib import closing
from random import Random

import pytest
from erasure_support import AMOUNTS, CANARIES, PERSONAL, VICTIM, Platform
from psycopg2 import InterfaceError
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from warehouse_orders import START, Order, plain_order, random_labels, random_orders

from fraud_core.database import connect
from fraud_core.errors import ErasureError, UnknownCustomerError
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult
from fraud_local.erasure import run
from fraud_local.erasure import warehouse as built

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

Contents = dict[str, list[str]]

_SOUTH_WEST = {"latitude": -12.345678, "longitude": -12.345678}
SPELT_APART: Order = {
    "customer_email": "",
    "session_id": "kanarie-se\u0301ance",
    "card_fingerprint": "kanarie-carte\u0301",
    "browser_fingerprint": "kanarie-navigate\u0301",
    **{f"ip_{name}": value for name, value in _SOUTH_WEST.items()},
    "shipping": {**PERSONAL["shipping"], "postal_code": "kanarie-3", **_SOUTH_WEST},
}
"""Ids as sent in combining characters, which the warehouse composes; south and west of 0."""


@pytest.fixture(scope="module")
def platform(warehouse: Settings) -> Platform:
    return Platform(warehouse)


@pytest.fixture(scope="module", autouse=True)
def _seeded(
    land: Callable[..., None],
    land_dead_letter: Callable[[str], None],
    build_models: Callable[..., BuildResult],
    platform: Platform,
) -> Generator[None]:
    random = Random(7)
    orders: list[Order] = [
        *(plain_order(**PERSONAL, event_time=f"2026-03-01T{hour:02}:59:58.5Z") for hour in (1, 2)),
        plain_order(**{**PERSONAL, "customer_email": "kanarie+shop@example.org", "is_guest": True}),
        plain_order(**{**PERSONAL, **SPELT_APART}),
        plain_order(customer_id="neighbour", card_fingerprint="kanarie-card-2", device_id="d1"),
    ]
    his, others = orders[0]["transaction_id"], orders[-1]["transaction_id"]
    land(
        orders,
        [
            (his, "fraud", "manual_review", "Somebody wrote: 'Kanarie Name called.'", START),
            (others, "legitimate", "manual_review", f"not {VICTIM}", START),
            (others, "fraud", "chargeback", "10.4", START),
        ],
    )
    for _ in range(3):
        more = random_orders(random)
        land(more, random_labels(random, more))
        build_models()
    land_dead_letter(json.dumps({**PERSONAL, "amount": "none"}))
    land_dead_letter('{"customer_id": "someone-else"}')
    platform.ask(
        "insert into raw.scorer_snapshots (ingest_id, epoch, format, horizon, taken_at)"
        " values (1, 1, 1, interval '1 day', now())"
    )
    platform.ask(
        "insert into raw.scorer_snapshot_chunks"
        " select snapshot_id, 1, convert_to(%s, 'UTF8') from raw.scorer_snapshots",
        "kanarie.mail@example.org",
    )
    platform.ask(
        "insert into reference.customers values (%s, 'Kanarie Name', 'kanarie@example.org', null,"
        " 'DE', false, now(), now())",
        VICTIM,
    )
    build_models()
    yield


def test_somebody_unknown_is_said_to_be_unknown_and_nothing_is_noted(platform: Platform) -> None:
    with pytest.raises(UnknownCustomerError, match="nobody-knows"):
        platform.erase("nobody-knows")

    assert platform.ask("select count(*) from raw.erasures") == [(0,)]


def test_who_owns_a_shop_is_not_erased_as_a_customer(platform: Platform) -> None:
    with pytest.raises(ErasureError, match="owner of m"):
        platform.erase("c1")


def test_a_dry_run_counts_and_changes_nothing(
    platform: Platform, contents: Callable[[], Contents]
) -> None:
    before = contents()

    tried = platform.erase(VICTIM, dry_run=True)

    assert tried.counts["raw.transactions_stream"] == 4
    assert tried.counts["marts.fct_transactions"] == 4
    assert contents() == before
    assert platform.ask("select count(*) from raw.erasures") == [(0,)]


def test_a_crash_between_the_two_commits_leaves_what_the_next_attempt_needs(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, contents: Callable[[], Contents]
) -> None:
    commit = run.commit
    tried = platform.erase(VICTIM, dry_run=True).counts["raw.unverifiable_decisions"]

    def crash(aside: Connection, dbt: Connection, owner: Connection) -> None:
        owner.close()
        commit(aside, dbt, owner)

    with monkeypatch.context() as patched:
        patched.setattr(run, "commit", crash)
        with pytest.raises(InterfaceError, match="connection already closed"):
            platform.erase(VICTIM)

    aside = platform.ask("select count(*) from raw.unverifiable_decisions")
    assert aside == [(tried,)]
    assert tried > 3, "others than his own are among them"
    assert not any(VICTIM in row for row in contents()["stg_customers"])
    assert platform.erase(VICTIM, dry_run=True).counts["raw.transactions_stream"] == 4


def test_nothing_of_him_is_left_and_every_sum_stays(
    platform: Platform, contents: Callable[[], Contents], build_models: Callable[..., BuildResult]
) -> None:
    sums = platform.ask(AMOUNTS, role=Role.DBT)
    rows = {name: len(found) for name, found in contents().items()}
    assert "raw.transactions_stream" in platform.found(CANARIES)

    done = platform.erase(VICTIM)

    assert platform.found((VICTIM, "kanarie.mail", "kanarie mail", *CANARIES[1:])) == []
    assert platform.ask(AMOUNTS, role=Role.DBT) == sums
    assert {name: len(found) for name, found in contents().items()} == rows
    assert platform.ask("select erased_by, why, counts from raw.erasures") == [
        ("officer", "article 17", done.counts)
    ]
    erased = contents()
    build_models()
    assert contents() == erased
    build_models(full_refresh=True)
    refreshed = contents()
    different = {
        name: (
            sorted(set(erased[name]) - set(rows_))[:2],
            sorted(set(rows_) - set(erased[name]))[:2],
        )
        for name, rows_ in refreshed.items()
        if erased[name] != rows_
    }
    assert not different
    assert platform.found((VICTIM, "kanarie.mail", *CANARIES[1:])) == []


def test_what_names_others_stays(platform: Platform) -> None:
    kept = platform.ask("select value from raw.dead_letters where value is not null")
    neighbours = platform.ask(
        "select payload from raw.transactions_stream where customer_id = 'neighbour'"
    )

    reasons = platform.ask(
        "select reason from raw.transaction_labels where source = 'chargeback' and reason = '10.4'"
    )

    assert reasons == [("10.4",)]
    assert [bytes(value) for (value,) in kept] == [b'{"customer_id": "someone-else"}']
    assert "kanarie-card-2" in neighbours[0][0]


def test_erasing_him_again_finds_nothing_and_is_no_error(platform: Platform) -> None:
    again = platform.erase(VICTIM)

    assert not [table for table, rows in again.counts.items() if rows]


def test_who_comes_back_and_goes_again_is_erased_again(
    platform: Platform,
    land: Callable[..., None],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], Contents],
) -> None:
    land([plain_order(**PERSONAL)])
    build_models()

    done = platform.erase(VICTIM)

    assert done.counts["raw.transactions_stream"] == 1
    assert platform.found((VICTIM, "kanarie.mail", *CANARIES[1:])) == []
    erased = contents()
    build_models(full_refresh=True)
    assert contents() == erased


def test_no_built_table_has_a_column_about_customers_that_is_not_covered(
    platform: Platform,
) -> None:
    connection = connect(platform.settings, Role.DBT, application="tests")
    with closing(connection), connection.cursor() as cursor:
        tables = built.built_tables(cursor)

    assert len(tables) > 30
    assert [table.name for table in tables if not built.is_covered(table)] == []
