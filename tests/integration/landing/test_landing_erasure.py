"""Orders of an erased customer that come again bring nothing of him back, nor does any memory."""

from collections.abc import Callable, Generator
from contextlib import closing

import pytest
from landing_support import Ledger, Publish, order

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.erasure import vacuum
from fraud_local.erasure.run import Erasure, erase_customer
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.state import restored
from fraud_stream.consumer.tenure import tenure
from fraud_stream.consumer.waiting import Database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

VICTIM = "kanarie-1"
MAIL = "kanarie.mail@example.org"


def of_the_victim(number: int) -> bytes:
    return order(number, customer_id=VICTIM, customer_email=MAIL, customer_name="Kanarie")


@pytest.fixture
def erase(stream_settings: Settings) -> Callable[[], Erasure]:
    def run() -> Erasure:
        return erase_customer(stream_settings, VICTIM, by="officer", why="article 17")

    return run


@pytest.fixture
def landed(stream_settings: Settings, publish: Publish) -> Generator[Settings]:
    """Two of his orders and two of others."""
    publish([(0, of_the_victim(1)), (0, order(2)), (0, of_the_victim(3)), (0, order(4))])
    until_caught_up(stream_settings)
    yield stream_settings


def names_him(ledger: Ledger) -> bool:
    tables = ("transactions_stream", "transaction_decisions", "duplicate_transactions")
    return any(
        ledger.value(
            f"select exists (select from raw.{table} as t where t::text ilike %s)", "%kanarie%"
        )
        for table in (*tables, "dead_letters", "erasures")
    )


def test_the_same_message_again_is_a_duplicate(
    landed: Settings, ledger: Ledger, publish: Publish, erase: Callable[[], Erasure]
) -> None:
    erase()

    publish([(0, of_the_victim(1))])
    until_caught_up(landed)

    assert ledger.value("select count(*) from raw.duplicate_transactions") == 1
    assert ledger.landed() == 4
    assert not names_him(ledger)


def test_an_order_of_his_past_that_never_landed_leaves_no_trace_of_him(
    landed: Settings, ledger: Ledger, publish: Publish, erase: Callable[[], Erasure]
) -> None:
    erase()

    publish([(0, of_the_victim(5)), (0, order(6))])
    until_caught_up(landed)

    assert ledger.rows("select reason, key, value from raw.dead_letters") == [
        ("erased", None, None)
    ]
    assert ledger.landed() == 5
    assert not names_him(ledger)


def test_an_order_that_he_makes_after_the_erasure_is_an_order_like_any(
    landed: Settings, ledger: Ledger, publish: Publish, erase: Callable[[], Erasure]
) -> None:
    erase()
    later = ledger.value("select (erased_at + interval '1 second')::text from raw.erasures")

    publish([(0, order(7, customer_id=VICTIM, event_time=later.replace(" ", "T")[:19] + "Z"))])
    until_caught_up(landed)

    assert ledger.landed() == 5
    assert ledger.value("select count(*) from raw.dead_letters") == 0


def test_a_scorer_at_work_loses_its_lease_and_a_memory_of_before_is_not_used(
    landed: Settings, ledger: Ledger, erase: Callable[[], Erasure]
) -> None:
    with closing(Database(landed, "tests", lambda: False)) as database:
        memory = restored(database, RuleFiles.of(landed))
        with tenure(landed, database, "tests") as lease:
            assert lease
            erase()
            epoch = ledger.value("select epoch from raw.scorer_lease")

        assert epoch > lease.epoch
        following = database.run(lambda cursor: leases.take(cursor, "tests", 0))
        assert following
        assert following.starts_in_vain == 0
        assert memory.is_outdated(database)
        anew = restored(database, RuleFiles.of(landed))
        assert not anew.is_outdated(database)
        held = b"".join(anew.scorer.freeze().chunks())
    assert MAIL.replace(".mail", "mail").encode() not in held
    assert VICTIM.encode() not in held


def test_the_consumer_cannot_change_what_was_erased_or_note_that_it_was(
    landed: Settings,
) -> None:
    with closing(connect(landed, Role.CONSUMER, application="tests")) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "select has_table_privilege('raw.erasures', 'select'),"
            " has_table_privilege('raw.erasures', 'insert, update, delete'),"
            " has_table_privilege('raw.transactions_stream', 'update, delete')"
        )
        assert cursor.fetchone() == (True, False, False)


def vacuumed(ledger: Ledger) -> dict[str, int]:
    """How often each of the ledger's tables was."""
    return dict(
        ledger.rows(
            "select relname, vacuum_count from pg_stat_user_tables where schemaname = 'raw'"
        )
    )


def quoting_him(ledger: Ledger) -> set[str]:
    """Columns whose statistics do."""
    return {
        column
        for (column,) in ledger.rows(
            "select attname from pg_stats where tablename = 'transactions_stream_0'"
            " and concat(most_common_vals, histogram_bounds) ilike %s",
            "%kanarie%",
        )
    }


def test_what_stood_there_before_is_cleared_out_of_the_files_and_of_the_statistics(
    landed: Settings, ledger: Ledger, erase: Callable[[], Erasure]
) -> None:
    with closing(connect(landed, Role.OWNER, application="tests")) as owner:
        owner.autocommit = True
        owner.cursor().execute("analyze raw.transactions_stream_0")
    before, quoted = vacuumed(ledger), quoting_him(ledger)

    done = erase()

    now = {name for name, times in vacuumed(ledger).items() if times > before.get(name, 0)}
    assert done.not_vacuumed == ()
    assert now >= {"transactions_stream_0", "transaction_decisions_0"}
    assert not now & {"transaction_keys", "duplicate_transactions"}
    assert {"customer_id", "payload"} <= quoted
    assert quoting_him(ledger) == set()


def test_a_table_that_cannot_be_vacuumed_is_named_and_the_erasure_stands(
    landed: Settings,
    ledger: Ledger,
    erase: Callable[[], Erasure],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vacuum, "LOCK_SECONDS", 0.1)
    before = vacuumed(ledger)
    with closing(connect(landed, Role.OWNER, application="tests")) as other:
        other.cursor().execute(
            "lock table raw.transaction_decisions_0 in share update exclusive mode"
        )
        done = erase()

    (sentence,) = done.not_vacuumed
    assert "raw.transaction_decisions_0" in sentence
    assert "lock timeout" in sentence
    assert vacuumed(ledger)["transactions_stream_0"] == before["transactions_stream_0"] + 1
    assert not names_him(ledger)
