"""Rows for COPY: one line each, whatever the message holds."""

import json

import pytest
from confluent_kafka import Message

from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.rows import COLUMNS, MAX_HEADERS, dead_letter_rows

NOW = "2026-01-01T00:00:00+00:00"


def dead_letter(message: Message, max_bytes: int = 100) -> dict[str, str]:
    """The row by column, unescaped as Postgres would; NULL stays `\\N`."""
    row = dead_letter_rows([(message, Rejection("not_json", "a\tdetail"))], max_bytes, NOW).decode()
    assert row.endswith("\n")
    values = row[:-1].split("\t")
    names = COLUMNS["raw.dead_letters"].split(", ")
    return dict(zip(names, values, strict=True))


def test_a_value_is_kept_up_to_the_limit_with_its_true_length() -> None:
    row = dead_letter(Message(topic="o", partition=1, offset=2, value=b"\x00\\\n\t" * 50), 8)
    assert row["value"] == r"\\x" + (b"\x00\\\n\t" * 2).hex()
    assert row["value_length"] == "200"


def test_a_tombstone_has_no_value_no_length_and_no_hash() -> None:
    row = dead_letter(Message(topic="o", partition=1, offset=2, value=None))
    assert (row["value"], row["value_length"], row["value_sha256"]) == (r"\N", r"\N", r"\N")


def test_tabs_in_a_detail_stay_inside_their_column() -> None:
    assert dead_letter(Message(topic="o", partition=1, offset=2))["detail"] == r"a\tdetail"


def test_binary_and_many_headers_become_capped_json() -> None:
    headers: list[tuple[str, str | bytes | None]] = [("h", b"\x00\xff\n")] * 1_000
    message = Message(topic="o", partition=1, offset=2, headers=headers)
    kept = json.loads(dead_letter(message)["headers"].replace(r"\\", "\\"))
    assert kept == [{"name": "h", "value": "\\x00\\xff\n"}] * MAX_HEADERS


@pytest.mark.parametrize("timestamp", [(0, -1), (1, -1), (1, 2**62)])
def test_a_message_without_a_sensible_time_has_none(timestamp: tuple[int, int]) -> None:
    message = Message(topic="o", partition=1, offset=2, timestamp=timestamp)
    assert dead_letter(message)["received_at"] == r"\N"
