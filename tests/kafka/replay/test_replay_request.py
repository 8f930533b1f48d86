"""What can be asked of a replay, and what is refused before anything is done."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from fraud_core.errors import ReplayError
from fraud_stream.replay.request import Offsets, Request, checked

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"source": "file"}, "--path"),
        ({"source": "raw", "path": "orders.jsonl"}, "--path"),
        ({"source": "raw", "since": NOON, "offsets": Offsets(0, 1, 2)}, "not both"),
        ({"source": "file", "path": "x", "offsets": Offsets(0, 1, 2)}, "only --source raw"),
        ({"source": "raw", "offsets": Offsets(0, 5, 5)}, "--first-offset"),
        ({"source": "raw", "since": NOON, "until": NOON}, "ends before it begins"),
        (
            {"source": "raw", "since": NOON.astimezone(timezone(timedelta(hours=2)))},
            "say times in UTC",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(fields: Any, complaint: str) -> None:
    with pytest.raises(ReplayError, match=complaint):
        checked(Request(**fields))


def test_a_range_holds_its_beginning_and_not_its_end() -> None:
    request = Request(source="raw", since=NOON, until=NOON + timedelta(hours=1))

    assert request.holds(NOON)
    assert not request.holds(NOON + timedelta(hours=1))


def test_without_a_range_everything_is_asked_for() -> None:
    assert Request(source="raw").holds(datetime.min.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(source="kafka", offsets=Offsets(3, 7, 9)), "kafka, partition 3, offsets 7 to 9"),
        (Request(source="file", path="a.gz"), "a.gz, the beginning to the end"),
    ],
)
def test_a_request_says_in_words_what_it_asks_for(request_: Request, words: str) -> None:
    assert str(request_) == words
