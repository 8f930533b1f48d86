"""Messages out of files and exports."""

import gzip
import json
import lzma
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from landing_support import START, order

from fraud_core.errors import ReplayError
from fraud_stream.consumer.batch import Terms
from fraud_stream.replay.messages import Sent, from_file, from_parquet, from_sent

SENT_MS = int(START.timestamp() * 1000) + 60_000
TERMS = Terms("labels", 1_000_000, now_ms=SENT_MS)


def test_a_packed_file_gives_its_orders_and_leaves_out_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join([order(1), b"{}", order(2), b"not JSON"])))

    found = list(from_file(path, TERMS))

    assert [message.order.transaction_id for message in found] == ["t-1", "t-2"]
    assert [message.value for message in found] == [order(1), order(2)]
    assert found[0].key == b"c-1"


def test_what_the_consumer_would_not_take_is_left_out() -> None:
    fields = json.loads(order(3))
    years_ahead = datetime(2099, 1, 1, tzinfo=UTC)
    of_a_fast_clock = json.dumps({**fields, "event_time": years_ahead.isoformat()}).encode()
    sent = [
        Sent(of_a_fast_clock, int(years_ahead.timestamp() * 1000)),
        Sent(json.dumps({**fields, "currency": "XAU"}).encode(), SENT_MS),
        Sent(json.dumps({**fields, "amount": 1e300}).encode(), SENT_MS),
        Sent(json.dumps({**fields, "schema_version": 9}).encode(), SENT_MS),
        Sent(of_a_fast_clock, SENT_MS),
        Sent(b"", SENT_MS),
        Sent(order(4), SENT_MS, b"c-5"),
        Sent(json.dumps({**fields, "customer_id": "e\u0301"}).encode(), SENT_MS),
    ]

    (found,) = from_sent(sent, TERMS)

    assert found.order.customer_id == "\u00e9"
    assert found.key == "\u00e9".encode()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"nowhere\.jsonl"):
        list(from_file(tmp_path / "nowhere.jsonl", TERMS))


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".gz", gzip.compress(order(1), mtime=0)[:-1]),
        (".xz", lzma.compress(order(1))[:-1]),
        (".zst", zstandard.compress(order(1))[:-1]),
        (".gz", gzip.compress(b"", mtime=0)[:10] + b"\xff bad"),
        (".xz", b"nothing of the kind"),
        (".zst", b"nothing of the kind"),
    ],
)
def test_a_packed_file_that_is_cut_or_bad_is_named(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"orders.jsonl{suffix}"
    path.write_bytes(content)
    with pytest.raises(ReplayError, match=rf"cannot read .*orders\.jsonl\{suffix}: "):
        list(from_file(path, TERMS))


@pytest.mark.parametrize("url", ["nope://x", "file:///nowhere/at/all"])
def test_an_export_that_cannot_be_found_is_named(url: str) -> None:
    with pytest.raises(ReplayError, match=url):
        list(from_parquet(url))


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "part-0.parquet"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ReplayError, match=r"cannot read .*part-0\.parquet"):
        list(from_parquet(str(path)))


def test_an_export_whose_rows_are_damaged_is_named(tmp_path: Path) -> None:
    path = tmp_path / "part-0.parquet"
    pq.write_table(pa.table({"transaction_id": [str(n) for n in range(10_000)]}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(1_000) + whole[1_004:])
    with pytest.raises(ReplayError, match=r"cannot read .*part-0\.parquet"):
        list(from_parquet(str(path)))


def test_a_row_of_an_export_becomes_the_order_that_it_was_made_of(tmp_path: Path) -> None:
    folder = tmp_path / "order_date=2026-01-01"
    folder.mkdir()
    row = {
        "ingest_id": 7,
        "transaction_id": "t-7",
        "customer_id": "c-7",
        "merchant_id": "m-1",
        "occurred_at": START,
        "amount": 12.5,
        "currency": "EUR",
        "payment_method": "card",
        "shipping_country": "FR",
        "card_country": None,
    }
    pq.write_table(pa.Table.from_pylist([row]), folder / "part-0.parquet")

    (message,) = from_parquet(str(tmp_path))

    assert message.order.transaction_id == "t-7"
    assert message.at == START
    assert message.order.amount == 12.5
    assert message.order.shipping
    assert message.order.shipping.country == "FR"
    assert message.order.card_country is None


def test_a_data_set_of_something_else_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{"device_id": "d"}]), tmp_path / "part-0.parquet")

    with pytest.raises(ReplayError, match="no order"):
        list(from_parquet(str(tmp_path)))
