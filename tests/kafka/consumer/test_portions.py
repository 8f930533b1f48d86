"""A batch in portions: nothing is left out, and one millisecond's messages stay together."""

import pytest
from confluent_kafka import Message

from fraud_stream.consumer import scored
from fraud_stream.consumer.scored import portions


@pytest.fixture(autouse=True)
def _of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scored, "PORTION", 3)


def records(times: list[int]) -> list[Message]:
    return [
        Message(topic="orders", partition=0, offset=offset, value=b"{}", timestamp=(1, at))
        for offset, at in enumerate(times)
    ]


@pytest.mark.parametrize(
    ("times", "sizes"),
    [
        ([], []),
        ([1, 2], [2]),
        ([1, 2, 3], [3]),
        ([1, 2, 3, 4, 5, 6, 7], [3, 3, 1]),
        ([1, 1, 1, 1, 1, 2], [5, 1]),
        ([1, 2, 2, 2, 3, 4, 5, 5], [4, 4]),
        ([7, 7, 7, 7, 7, 7, 7], [7]),
    ],
)
def test_a_portion_ends_with_its_millisecond(times: list[int], sizes: list[int]) -> None:
    batch = records(times)
    found = list(portions(batch))
    assert [len(portion) for portion in found] == sizes
    assert [record for portion in found for record in portion] == batch
