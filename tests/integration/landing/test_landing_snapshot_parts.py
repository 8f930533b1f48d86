"""Snapshots that go on from one another are together what one of everything would be."""

from datetime import timedelta

import pytest
from landing_support import START, Ledger, Publish, order
from snapshot_support import (
    Knowledge,
    PublishLabel,
    content,
    forget_landed_orders,
    land,
    require_kept,
)

from fraud_core.settings import Settings
from fraud_stream.consumer import snapshots
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.state import Saved, State

pytestmark = pytest.mark.integration


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "FULL", 10)


@pytest.fixture
def state(
    stream_settings: Settings,
    publish: Publish,
    knowledge: Knowledge,
    request: pytest.FixtureRequest,
) -> State:
    """That of 60 orders, saved in three parts."""
    request.getfixturevalue("small_parts")
    state = knowledge.restored()
    for part in range(3):
        land(stream_settings, publish, 20 * part, 20)
        knowledge.save(state)
    return state


def test_each_holds_what_landed_since_the_one_before(
    state: State, ledger: Ledger, knowledge: Knowledge
) -> None:
    expected = content(state)
    assert knowledge.ends() == [20, 40, 60]
    assert [part.after_ingest_id for part in knowledge.whole()] == [0, 20, 40]
    forget_landed_orders(ledger, 60)

    restored = knowledge.restored()

    assert content(restored) == expected
    assert restored.saved == state.saved == Saved(60, (60, 0))


@pytest.mark.usefixtures("state")
def test_the_next_one_goes_on_from_those_that_were_read(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    restored = knowledge.restored()
    land(stream_settings, publish, 60, 20)
    knowledge.save(restored)

    assert knowledge.ends() == [20, 40, 60, 80]
    require_kept(knowledge, ledger, 80)


@pytest.mark.usefixtures("small_parts")
def test_labels_are_in_the_part_in_which_they_were_learned(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
    publish_label: PublishLabel,
) -> None:
    state = knowledge.restored()
    land(stream_settings, publish, 0, 20)
    for number in (3, 22, 404):
        publish_label(number)
    knowledge.save(state)
    land(stream_settings, publish, 20, 20)
    for number in (25, 405):
        publish_label(number)
    knowledge.save(state)
    assert [part.after_ingest_id for part in knowledge.whole()] == [0, 23]
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, 45)

    restored = knowledge.restored()

    assert restored.saved == Saved(45, (40, 3))
    assert content(restored) == content(state) == expected


@pytest.mark.usefixtures("small_parts")
def test_a_label_from_ahead_of_the_orders_is_still_there_when_they_have_caught_up(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
    publish_label: PublishLabel,
) -> None:
    state = knowledge.restored()
    for days in (0, 5, 37):
        at = (START + timedelta(days=days)).isoformat()
        publish((0, order(n, event_time=at)) for n in range(100 * days, 100 * days + 20))
        until_caught_up(stream_settings)
        if not days:
            publish_label(3, START + timedelta(days=40))
        knowledge.save(state)
    assert knowledge.ends() == [21, 41, 61]
    require_kept(knowledge, ledger, 61)


def test_a_small_one_is_written_anew_with_what_comes_next(
    state: State,
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    following = state
    for number in (60, 65):
        land(stream_settings, publish, number, 5)
        knowledge.save(following)
        assert knowledge.ends() == [20, 40, 60, number + 5]
        following = knowledge.restored()

    assert ledger.value("select count(*) from raw.scorer_snapshots") == 4
    require_kept(knowledge, ledger, 70)


def test_a_snapshot_that_was_changed_is_skipped_and_those_before_it_used(
    state: State, ledger: Ledger, knowledge: Knowledge
) -> None:
    expected = content(state)
    ledger.rows(
        "update raw.scorer_snapshot_chunks set content = overlay(content placing 'x' from 9) "
        "where snapshot_id = %s returning 1",
        knowledge.whole()[1].snapshot_id,
    )
    forget_landed_orders(ledger, 20)

    restored = knowledge.restored()

    assert content(restored) == expected
    knowledge.save(restored)
    assert knowledge.ends() == [20, 60]
    forget_landed_orders(ledger, 60)
    assert content(knowledge.restored()) == expected


@pytest.mark.usefixtures("small_parts")
def test_a_stand_by_that_knew_less_of_them_goes_on_from_what_it_knew(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    active, standby = knowledge.restored(), knowledge.restored()
    for number in (0, 20):
        land(stream_settings, publish, number, 20)
        knowledge.save(active)
        if not number:
            standby = knowledge.restored()
    land(stream_settings, publish, 40, 20)
    knowledge.save(standby)

    assert knowledge.ends() == [20, 60]
    require_kept(knowledge, ledger, 60)


def test_after_all_were_deleted_there_is_soon_one_of_everything(
    state: State,
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    ledger.rows("delete from raw.scorer_snapshots returning 1")
    land(stream_settings, publish, 60, 20)
    knowledge.save(state)
    assert knowledge.whole() == []
    knowledge.save(state)
    assert knowledge.ends() == [80]
    require_kept(knowledge, ledger, 80)


def test_without_the_one_it_goes_on_from_a_snapshot_is_not_used(
    state: State, ledger: Ledger, knowledge: Knowledge
) -> None:
    ledger.rows("delete from raw.scorer_snapshots where ingest_id = 40 returning 1")
    assert knowledge.ends() == [20]
    assert content(knowledge.restored()) == content(state)


def test_what_no_window_reaches_is_dropped_and_not_missed(
    state: State,
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    ledger.rows(
        "update raw.scorer_snapshots "
        "set newest_time = newest_time - horizon - interval '1 day' "
        "where ingest_id <= 40 returning 1"
    )
    assert knowledge.ends() == [40, 60]
    land(stream_settings, publish, 60, 20)
    knowledge.save(state)
    assert knowledge.ends() == [40, 60, 80]
    assert ledger.value("select min(ingest_id) from raw.scorer_snapshots") == 40
