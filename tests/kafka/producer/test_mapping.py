"""Real data through the same door: each mapping's own columns, and clear words when one fails."""

import lzma
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.card_numbers import holds_card_number
from fraud_stream.producer.mapping.replay import Replay
from fraud_stream.producer.mapping.spec import KNOWN, MappingError, load_mapping
from fraud_stream.producer.mapping.values import without_card_number

DAY = 86_400_000
HANDBOOK = """\
TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO
0,2018-04-01 00:00:31,596,3156,57.16,0,0
1,2018-04-01 00:02:10,4961,3412,1108.8500000000001,1,2
"""
CAMPAIGN = """"txn_time","txn_date","order_id","uid","shop_id","shop_owner_uid","gmv","rebate"
"2019-10-30 13:37:00","2019-10-30 00:00:00",142008725,102161515,1005,100054430,70000,20000
"2019-10-30 00:26:00","2019-10-30 00:00:00",142119377,102867263,10050,1792841,80000,20000
"""
SPARKOV = (
    "ssn|cc_num|first|last|gender|street|city|state|zip|lat|long|city_pop|job|dob|acct_num|profile"
    "|trans_num|trans_date|trans_time|unix_time|category|amt|is_fraud|merchant|merch_lat|merch_long\n"
    "229-04-3165|4111111111111111|Tonya|Baker|F|655 Obrien Pass|Athens|ME|04912|44.9388|-69.6695|"
    "1048|Manager|1995-09-29|989496879843|a.json|b2f285747e7bdb97a5c3e0625e569560|2019-04-10|"
    "00:17:35|1554855455|shopping_pos|394.18|1|fraud_Thiel PLC|44.49|-70.45\n"
)
FLAT = (
    '{"transactionId":"a-1","userId":"u1","timestamp":"2024-05-05T10:00:00","amount":12.5,'
    '"currency":"USD","merchantName":"Mills Ltd","paymentMethod":"credit_card","country":"France",'
    '"ipAddress":"81.2.3.4","isFraud":true,"voucherCode":""}\n'
)


def replay(
    path: Path, name: str, **options: Any
) -> tuple[list[OrderEvent], list[LabelEvent], Replay]:
    found = Replay(path, load_mapping(name), **({"label_delay": 7 * DAY} | options))
    orders: list[Any] = []
    labels: list[Any] = []
    for batch in found.batches():
        orders += [msgspec.json.decode(value or b"", type=OrderEvent) for _, value in batch.orders]
        labels += [msgspec.json.decode(value or b"", type=LabelEvent) for _, value in batch.labels]
    return orders, labels, found


def written(folder: Path, text: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_handbook_rows_become_orders_without_the_noise_of_binary_sums(tmp_path: Path) -> None:
    orders, _, _ = replay(written(tmp_path, HANDBOOK), "handbook")
    assert [order.amount for order in orders] == [57.16, 1108.85]
    assert orders[0].event_time == datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC)
    assert orders[0].customer_id == "hb-customer-596"


def test_a_files_labels_come_after_the_delay_and_never_in_the_order(tmp_path: Path) -> None:
    orders, labels, _ = replay(written(tmp_path, HANDBOOK), "handbook")
    assert [label.label for label in labels] == ["legitimate", "fraud"]
    for order, label in zip(orders, labels, strict=True):
        assert (label.labelled_at - order.event_time).days == 7
    assert [label.source for label in labels] == ["manual_review", "chargeback"]
    assert "raud" not in repr(orders)


def test_the_campaign_is_sorted_and_its_times_are_vietnamese(tmp_path: Path) -> None:
    orders, labels, _ = replay(written(tmp_path, CAMPAIGN), "voucher_campaign")
    assert [order.transaction_id for order in orders] == ["142119377", "142008725"]
    assert orders[1].event_time == datetime(2019, 10, 30, 6, 37, tzinfo=UTC)
    assert (orders[1].amount, orders[1].discount_amount, orders[1].currency) == (
        70000,
        20000,
        "VND",
    )
    assert not labels


def test_sparkov_orders_carry_a_fingerprint_and_never_the_card_number(tmp_path: Path) -> None:
    path = written(tmp_path, SPARKOV)
    orders, labels, _ = replay(path, "sparkov")
    (order,) = orders
    assert order.transaction_id == "989496879843_b2f285747e7bdb97a5c3e0625e569560"
    assert (order.card_bin, order.merchant_id) == ("411111", "Thiel PLC")
    assert order.card_fingerprint
    assert "4111111111111111" not in repr(order)
    assert "229-04-3165" not in repr(order)
    assert labels[0].label == "fraud"


def test_a_flat_faker_transaction_maps_under_any_of_its_usual_names(tmp_path: Path) -> None:
    orders, labels, _ = replay(written(tmp_path, FLAT, "data.jsonl"), "flat_faker")
    (order,) = orders
    assert (order.customer_id, order.merchant_id, order.customer_country) == (
        "u1",
        "Mills Ltd",
        "FR",
    )
    assert order.voucher_code is None
    assert labels[0].label == "fraud"


def test_a_packed_file_is_read_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.xz"
    path.write_bytes(lzma.compress(HANDBOOK.encode()))
    assert len(replay(path, "handbook")[0]) == 2


def test_a_missing_column_names_itself_and_what_there_is(tmp_path: Path) -> None:
    path = written(tmp_path, HANDBOOK.replace("TX_AMOUNT", "AMOUNT"))
    with pytest.raises(MappingError, match=r"TX_AMOUNT is missing, amount comes.*has .*AMOUNT"):
        replay(path, "handbook")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,2018-04-01 00:03:00,5,6,much,0,0", "amount: .*much"),
        ("2,2018-04-01 00:03:00,5,6,0.005,0,0", "more decimals"),
        ("2,yesterday,5,6,1.0,0,0", "event_time: .*yesterday"),
        (",2018-04-01 00:03:00,5,6,1.0,0,0", "transaction_id: no value"),
        ("2,2018-04-01 00:03:00,5,6", "4 values for 7 columns"),
        (f"{'9' * 200},2018-04-01 00:03:00,5,6,1.0,0,0", "transaction_id"),
    ],
)
def test_a_row_that_cannot_be_mapped_is_counted_with_its_line(
    tmp_path: Path, row: str, reason: str
) -> None:
    orders, _, found = replay(written(tmp_path, HANDBOOK + row + "\n"), "handbook")
    assert len(orders) == 2
    assert found.unmapped.count == 1
    (problem,) = found.unmapped.first
    assert problem.startswith("line 4: ")
    assert re.search(reason, problem)


def test_a_mapping_that_calls_an_unsorted_file_sorted_is_stopped(tmp_path: Path) -> None:
    first, second, third = HANDBOOK.splitlines()
    path = written(tmp_path, "\n".join((first, third, second)))
    with pytest.raises(MappingError, match="sorted: false"):
        replay(path, "handbook")


def test_a_limit_ends_the_file_early(tmp_path: Path) -> None:
    assert len(replay(written(tmp_path, HANDBOOK), "handbook", limit=1)[0]) == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nowhere\.csv"):
        replay(tmp_path / "nowhere.csv", "handbook")


def test_an_unknown_mapping_lists_the_known_ones() -> None:
    with pytest.raises(MappingError, match="flat_faker, handbook, sparkov, voucher_campaign"):
        load_mapping("hand_book")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("fields: {amount: {colum: a}}", "fields.amount.colum: there is no such key (did you mean"),
        ("fields: {}\nlable: {column: a}", "lable: there is no such key (did you mean label?)"),
        (
            "fields: {}\nlabel: {column: a, true: b}",
            "label.true: there is no such key: it is one of",
        ),
        ("fields: {amount: {column: 4}}", "fields.amount.column: Expected "),
        (
            "fields: {amount: {optional: 4}}",
            "fields.amount.optional: Expected `bool`, got `int`",
        ),
    ],
)
def test_a_wrong_mapping_file_says_where(tmp_path: Path, lines: str, says: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"description: x\n{lines}\n")
    with pytest.raises(MappingError) as refused:
        load_mapping(str(path))
    line = 1 + len(lines.splitlines())
    assert str(refused.value).startswith(f"{path}:{line}: error: {says}")


@pytest.mark.parametrize(
    "text",
    ["description: " + "[" * 20_000, "description: &a x\nsource: *a\n"],
    ids=["deep", "alias"],
)
def test_a_mapping_file_that_would_unfold_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(MappingError, match=r"mine\.yaml:[12]: error: "):
        load_mapping(str(path))


@pytest.mark.parametrize("path", sorted(KNOWN.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_known_mapping_fills_what_the_contract_requires(path: Path) -> None:
    required = {
        field.name
        for field in msgspec.structs.fields(OrderEvent)
        if field.required and field.name != "schema_version"
    }
    assert required <= load_mapping(path.stem).fields.keys()


def test_ids_that_look_like_cards_are_broken_up_and_stay_different() -> None:
    assert without_card_number("4111111111111111") == "411111111111_1111"
    assert without_card_number("411111111111-1111") == "411111111111_-1111"
    assert without_card_number("123456789012") == "123456789012"


@pytest.mark.parametrize("gap", ["", "-", " ", ".", "_", "/", "+", "%20", "\u2009", "  "])
@pytest.mark.parametrize(
    "groups", [("4111", "1111", "1111", "1111"), ("3782", "822463", "10005")], ids=len
)
def test_an_id_is_broken_up_however_the_digits_of_a_card_are_set_apart(
    groups: tuple[str, ...], gap: str
) -> None:
    written = gap.join(groups)
    assert holds_card_number(written.encode())
    assert not holds_card_number(without_card_number(written).encode())
