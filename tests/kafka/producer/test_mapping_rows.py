"""JSON lines that differ in their fields, the values of a label, and rows beyond all bounds."""

import bz2
import gzip
import lzma
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.producer.mapping.replay import Replay
from fraud_stream.producer.mapping.rows import rows
from fraud_stream.producer.mapping.spec import MappingError, load_mapping

DAY = 86_400_000
ORDER = {
    "id": "a",
    "user_id": "u",
    "merchant": "m",
    "timestamp": "2024-05-05T10:00:00",
    "amount": 12.5,
    "currency": "USD",
    "payment_type": "card",
    "email": "a@example.org",
    "is_fraud": 1,
}


def replayed(
    folder: Path, *rows: dict[str, Any], mapping: str = "flat_faker"
) -> tuple[list[OrderEvent], list[LabelEvent], Replay]:
    """Rows are ORDER with changes; None takes a field out."""
    path = folder / "data.jsonl"
    whole = [ORDER | {"id": f"t{number}"} | row for number, row in enumerate(rows)]
    path.write_bytes(b"\n".join(msgspec.json.encode(row) for row in whole))
    found = Replay(path, load_mapping(mapping), label_delay=7 * DAY)
    orders: list[Any] = []
    labels: list[Any] = []
    for batch in found.batches():
        orders += [msgspec.json.decode(value or b"", type=OrderEvent) for _, value in batch.orders]
        labels += [msgspec.json.decode(value or b"", type=LabelEvent) for _, value in batch.labels]
    return orders, labels, found


def test_a_field_that_the_first_line_lacks_is_taken_from_the_others(tmp_path: Path) -> None:
    orders, labels, _ = replayed(tmp_path, {"email": None, "is_fraud": None}, {}, {})
    assert [order.customer_email for order in orders] == [None, "a@example.org", "a@example.org"]
    assert [label.transaction_id for label in labels] == ["t1", "t2"]


def test_each_line_may_name_a_field_in_its_own_way(tmp_path: Path) -> None:
    orders, _, _ = replayed(tmp_path, {}, {"user_id": None, "userId": "v"})
    assert [order.customer_id for order in orders] == ["u", "v"]


def test_a_line_without_a_required_field_is_counted_and_the_others_go_on(tmp_path: Path) -> None:
    orders, _, found = replayed(tmp_path, {"amount": None}, {})
    assert [order.transaction_id for order in orders] == ["t1"]
    assert found.unmapped.first == ["line 1: amount: no value"]


def test_a_column_that_no_line_has_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"amount or transaction_amount .* is missing"):
        replayed(tmp_path, {"amount": None}, {"amount": None})


@pytest.mark.parametrize("truth", ["TRUE", "1.0", 1.0, True, "yes", "1", 1])
def test_the_usual_words_for_fraud_are_fraud(tmp_path: Path, truth: Any) -> None:
    _, (label,), _ = replayed(tmp_path, {"is_fraud": truth})
    assert label.label == "fraud"


@pytest.mark.parametrize("truth", ["FALSE", "0.0", 0.0, False, "no", "0", 0])
def test_the_usual_words_for_honest_are_legitimate(tmp_path: Path, truth: Any) -> None:
    _, (label,), _ = replayed(tmp_path, {"is_fraud": truth})
    assert label.label == "legitimate"


def test_a_word_that_the_mapping_does_not_know_is_counted_and_never_guessed(tmp_path: Path) -> None:
    orders, labels, found = replayed(tmp_path, {}, {"is_fraud": "suspected"})
    assert len(orders) == len(labels) == 1
    (problem,) = found.unmapped.first
    assert problem.startswith("line 2: the label: 'suspected' is neither fraud (1, ")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"amount": "inf"}, "amount: 'inf' is no finite number"),
        ({"amount": "nan"}, "amount: 'nan' is no finite number"),
        ({"timestamp": "0001-01-01T00:00+05:00"}, "event_time: .* outside of the years 1 to 9999"),
        ({"timestamp": "9999-12-31T12:00"}, "event_time: its label would be known after"),
    ],
)
def test_a_value_beyond_all_bounds_is_a_row_that_cannot_be_mapped(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    orders, _, found = replayed(tmp_path, row, {})
    assert [order.transaction_id for order in orders] == ["t1"]
    (problem,) = found.unmapped.first
    assert re.match(f"line 1: {reason}", problem)


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".gz", gzip.compress(b"id\n1\n", mtime=0)[:-1]),
        (".xz", lzma.compress(b"id\n1\n")[:-1]),
        (".zst", zstandard.compress(b"id\n1\n")[:-1]),
        (".bz2", bz2.compress(b"id\n1\n")[:-1]),
        (".gz", gzip.compress(b"", mtime=0)[:10] + b"\xff bad"),
        (".bz2", b"nothing of the kind"),
        (".xz", b"nothing of the kind"),
        (".zst", b"nothing of the kind"),
    ],
)
def test_a_packed_file_that_is_cut_or_bad_is_named(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"orders.csv{suffix}"
    path.write_bytes(content)
    with pytest.raises(MappingError, match=rf"orders\.csv\{suffix}: cannot be read: "):
        list(rows(path, ","))


@pytest.mark.parametrize("suffix", [".zip", ".ZIP", ".7z"])
def test_a_file_packed_otherwise_is_named_with_the_way_out(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"orders.csv{suffix}"
    path.write_bytes(b"PK\x03\x04")
    way_out = rf"orders\.csv\{suffix}: .*: unpack it, or pack it as \.gz, \.bz2, \.xz or \.zst$"
    with pytest.raises(MappingError, match=way_out):
        list(rows(path, ","))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"fields: {event_time: {column: t, zone: Mars/Base}}", "fields.event_time.zone: 'Mars/Ba"),
        (b"fields: {event_time: {column: t, zone: ../x}}", "fields.event_time.zone: '../x'"),
        (b"fields: {customer_name: {template: '{a'}}", "fields.customer_name.template"),
        (b"fields: {}\nseparator: '||'", "separator"),
        (b"fields: {}\nlabel: {column: a, fraud: ['0']}", "label: 0 is both"),
        (b"fields: {}\nsource: K\xf6ln", "utf-8"),
        (b"fields: {customer_name: {template: '{a.b}'}}", "{a.b} names no column"),
        (b"fields: {customer_name: {template: '{}'}}", "{} names no column"),
        (b"fields: {transaction_id: {column: t}}", "fields: customer_id, merchant_id, event_time"),
    ],
)
def test_a_mapping_that_cannot_be_used_names_its_file_and_field(
    tmp_path: Path, text: bytes, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"description: x\n" + text)
    with pytest.raises(MappingError) as told:
        load_mapping(str(path))
    assert str(told.value).startswith(str(path))
    assert message in str(told.value)


OWN = """\
description: x
fields:
  transaction_id: {column: id}
  customer_id: {column: user_id}
  merchant_id: {column: merchant}
  event_time: {column: timestamp, as: time}
  amount: {column: amount, as: amount}
  currency: {value: USD}
  payment_method: {value: card}
  customer_name: {template: "{first} {last}", optional: true}
label: {column: is_fraud, reason: why}
"""


def test_a_template_that_is_optional_may_lack_its_columns(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    names = {"first": "Ada", "last": "L"}
    orders, labels, _ = replayed(
        tmp_path, {"why": "stolen"}, names, mapping=str(tmp_path / "own.yaml")
    )
    assert [order.customer_name for order in orders] == [None, "Ada L"]
    assert [label.reason for label in labels] == ["stolen", None]


def test_a_column_of_the_labels_reason_that_is_missing_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    with pytest.raises(MappingError, match="column why is missing, the label's reason"):
        replayed(tmp_path, {}, mapping=str(tmp_path / "own.yaml"))
