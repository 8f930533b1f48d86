"""What a mapping and its file cannot be is said before the first order, and shows nobody's data."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fraud_core.events import OrderEvent
from fraud_stream.producer.mapping.replay import Replay
from fraud_stream.producer.mapping.spec import MappingError, load_mapping

DAY = 86_400_000
JSON_LINE = '{"transactionId":"a-1","amount":12.5,"merchantName":"Mills Ltd"}\n'
GOOD = {
    "transaction_id": "{column: id, as: id}",
    "customer_id": "{column: who, as: id}",
    "merchant_id": "{value: shop}",
    "event_time": "{column: at, as: time}",
    "amount": "{column: total, as: amount}",
    "currency": "{value: EUR}",
    "payment_method": "{value: card}",
}


def written(folder: Path, text: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def mapping(folder: Path, **fields: str) -> str:
    """The path of a mapping with these fields."""
    lines = [f"  {name}: {says}" for name, says in (GOOD | fields).items()]
    path = folder / "mine.yaml"
    path.write_text("\n".join(["description: x", 'separator: ";"', "fields:", *lines]))
    return str(path)


@pytest.mark.parametrize(
    ("field", "says", "complaint"),
    [
        ("customer_id", "{column: a, as: idd}", r"customer_id\.as: 'idd' is none of text, id, amo"),
        ("amount", "{column: a}", r"amount\.as: 'text' is none of amount, number, integer"),
        ("event_time", "{column: a, as: time, format: '%Q'}", r"time\.format: '%Q' is neither"),
        ("event_time", "{column: a, as: time, format: '%Y-%m-%d %T'}", r"format: .*'T' is a bad"),
        ("event_time", "{column: a, as: time, format: epoc}", r"'epoc' is neither epoch nor"),
        ("event_time", "{column: a, as: time, format: '%Y %'}", r"time\.format: '%Y %' is neither"),
        ("event_time", "{column: a, format: '%Y'}", r"event_time\.format: is for `as: time`"),
        ("amount", "{column: a, as: amount, decimal: ';'}", r"amount\.decimal: ';' is neither"),
        ("amount", "{column: a, as: amount, thousands: '.'}", r"amount\.thousands: '\.' is not"),
        ("amount", "{column: a, as: amount, thousands: '00'}", r"amount\.thousands: '00' is not"),
        ("customer_id", "{column: a, decimal: ','}", r"customer_id: decimal and thousands are"),
    ],
)
def test_what_a_field_cannot_be_is_refused_when_the_mapping_is_read(
    tmp_path: Path, field: str, says: str, complaint: str
) -> None:
    with pytest.raises(MappingError, match=rf"mine\.yaml: fields\..*{complaint}"):
        load_mapping(mapping(tmp_path, **{field: says}))


@pytest.mark.parametrize(
    "layout", ["%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S.%f%z", "%m/%d/%y %I:%M %p", "epoch", "%G %V %u"]
)
def test_what_strptime_knows_is_a_format(tmp_path: Path, layout: str) -> None:
    says = f"{{column: at, as: time, format: '{layout}'}}"
    assert load_mapping(mapping(tmp_path, event_time=says)).fields["event_time"].format == layout


def amounts(folder: Path, signs: str, *written_as: str) -> tuple[list[float], Replay]:
    rows = [f"{n};c;2026-01-05T00:00Z;{text}" for n, text in enumerate(written_as)]
    path = written(folder, "\n".join(["id;who;at;total", *rows]))
    name = mapping(folder, amount=f"{{column: total, as: amount, {signs}}}")
    found = Replay(path, load_mapping(name), label_delay=DAY)
    values: list[Any] = [value for batch in found.batches() for _, value in batch.orders]
    return [msgspec.json.decode(value, type=OrderEvent).amount for value in values], found


def test_amounts_are_read_with_the_signs_of_the_file(tmp_path: Path) -> None:
    german = amounts(tmp_path, "decimal: ',', thousands: '.'", "1.234.567,89", "1234,5", "-7")
    assert german[0] == [1234567.89, 1234.5, -7]
    assert amounts(tmp_path, "decimal: ','", "1234,5", "3")[0] == [1234.5, 3]
    assert amounts(tmp_path, "thousands: ','", "1,234.5", "3")[0] == [1234.5, 3]


@pytest.mark.parametrize("text", ["12.5", "1.234.5", "1,2,3", "", "1e3", ",5"])
def test_an_amount_that_could_be_another_is_no_amount(tmp_path: Path, text: str) -> None:
    found = amounts(tmp_path, "decimal: ',', thousands: '.'", text)
    assert (found[0], found[1].unmapped.count) == ([], 1)


def refusal(path: Path, name: str = "handbook") -> str:
    with pytest.raises(MappingError) as refused:
        list(Replay(path, load_mapping(name), label_delay=DAY).batches())
    return str(refused.value)


@pytest.mark.parametrize(
    "row",
    [
        "7,2018-04-01 00:00:31,Tonya,Baker,57.16,0,0",
        "Tonya,Baker,tonya@example.org,a,b,c,d",
        "Tonya,Baker,DE89370400440532013000,a,b,c,d",
        "Tonya,Baker,+49 30 1234,a,b,c,d",
    ],
)
def test_of_a_file_without_a_header_nothing_is_shown(tmp_path: Path, row: str) -> None:
    said = refusal(written(tmp_path, f"{row}\n{row}\n"))
    assert "TRANSACTION_ID is missing" in said
    assert "looks like data, and has to name the columns" in said
    assert "Tonya" not in said


def test_of_many_columns_only_some_are_shown_and_only_those_that_are_names(tmp_path: Path) -> None:
    names = ["", "3ds", "x" * 60, *(f"column {letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
    said = refusal(written(tmp_path, ",".join(names) + "\n" + "," * 28 + "\n"))
    assert "the file has column a, column b," in said
    assert said.endswith("column t and 9 more")
    assert "xxx" not in said


def test_a_file_with_another_separator_is_asked_about_its_separator(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, "TRANSACTION_ID;TX_DATETIME;CUSTOMER_ID\n1;2;3\n"))
    assert "TRANSACTION_ID is missing" in said
    assert said.endswith("is the file separated by ',', as the mapping says?")


def test_json_lines_under_another_name_are_told_how_to_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, JSON_LINE + JSON_LINE, "data.txt")
    said = refusal(path, "flat_faker")
    assert said.startswith(f"{path}: its first line begins with {{, as JSON lines do")
    assert ".jsonl" in said
    assert "Mills" not in said
