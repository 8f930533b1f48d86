"""A commit whose answer is lost is tried again, and what was done is not done twice."""

from collections.abc import Callable, Generator
from typing import Any

import psycopg2
import pytest
from landing_support import Ledger
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import LeaseLostError
from fraud_core.settings import Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import quarantine
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.tenure import tenure
from fraud_stream.consumer.waiting import Database

pytestmark = pytest.mark.integration


class ForgetfulDatabase(Database):
    """Breaks its connection after the first commit, before anybody hears of it."""

    lost = 0

    def once(self, work: Callable[[Cursor], Any]) -> Any:
        result = super().once(work)
        if not self.lost:
            self.lost += 1
            self.close()
            raise psycopg2.OperationalError("server closed the connection unexpectedly")
        return result


@pytest.fixture
def forgetful(stream_settings: Settings) -> Generator[ForgetfulDatabase]:
    database = ForgetfulDatabase(stream_settings, "first", lambda: False)
    yield database
    assert database.lost == 1
    database.close()


@pytest.fixture
def take(stream_settings: Settings) -> Generator[Callable[[str], Lease]]:
    """The lease in another's name, for a moment."""
    database = Database(stream_settings, "tests", lambda: False)

    def run(holder: str) -> Lease:
        lease = database.run(lambda cursor: leases.take(cursor, holder, 0.001))
        assert lease
        return lease

    yield run
    database.close()


@pytest.mark.parametrize("seconds", [60, 0])
def test_a_lease_that_was_taken_without_hearing_of_it_is_ours_at_once(
    forgetful: ForgetfulDatabase, seconds: float
) -> None:
    assert forgetful.run(lambda cursor: leases.take(cursor, "first", seconds)) == Lease(1, 0, 0)
    assert forgetful.run(leases.starts_in_vain) == 0


def test_a_start_in_vain_is_taken_back_once(
    forgetful: ForgetfulDatabase, take: Callable[[str], Lease], ledger: Ledger
) -> None:
    """Of three others that came after it, none said why it landed nothing."""
    own = take("own")
    for holder in ("second", "third", "fourth"):
        take(holder)

    forgetful.run(lambda cursor: quarantine.absolve(cursor, own))

    assert ledger.value("select starts_in_vain from raw.scorer_lease") == 3


def test_what_a_successor_notes_between_both_attempts_is_kept(
    stream_settings: Settings, take: Callable[[str], Lease], ledger: Ledger
) -> None:
    partition = (stream_settings.kafka_topic_transactions, 0)
    own = take("own")
    take("second")
    database = Database(stream_settings, "own", lambda: False)

    database.run(lambda cursor: quarantine.absolve(cursor, own))
    take("third")
    database.run(lambda cursor: quarantine.suspect(cursor, {partition: 5}, {partition: 9}))
    database.run(lambda cursor: quarantine.absolve(cursor, own))
    database.close()

    assert ledger.value("select starts_in_vain from raw.scorer_lease") == 2
    assert ledger.rows("select kafka_offset from raw.message_attempts") == [(5,)]


def test_whoever_loses_the_lease_alive_has_not_started_in_vain(
    stream_settings: Settings, take: Callable[[str], Lease], ledger: Ledger
) -> None:
    database = Database(
        stream_settings.model_copy(update={"consumer_lease_seconds": 2}), "own", lambda: False
    )
    with pytest.raises(LeaseLostError), tenure(stream_settings, database, "own") as lease:
        assert lease
        ledger.rows("update raw.scorer_lease set expires_at = to_timestamp(0) returning 1")
        assert take("second").starts_in_vain == 1
        database.run(lambda cursor: leases.renew(cursor, lease, 60))

    assert ledger.value("select starts_in_vain from raw.scorer_lease") == 1
    database.close()
