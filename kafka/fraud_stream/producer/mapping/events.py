"""One row to one order event, by a mapping that has been bound to a file."""

import re
from collections.abc import Callable, Collection, Container, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from fraud_core.events import SCHEMA_VERSION, OrderEvent
from fraud_stream.producer.mapping.rows import Row
from fraud_stream.producer.mapping.spec import Field, Label, Mapping, MappingError
from fraud_stream.producer.mapping.values import converter, money

Get = Callable[[Row], str | None]
_encode = msgspec.json.encode
_NAME = re.compile(r"[^\W\d][\w ./()#%&:-]{0,39}")
_VALUE = re.compile(r"^[\s\d+.,:/TZ-]*\d[\s\d+.,:/TZ-]*$|@|\d{5}")
"""Numbers, times, e-mail addresses, and what has many digits: no names of columns."""
SHOWN_COLUMNS = 20


class Mapped(msgspec.Struct, frozen=True):
    """An order out of a file: UTC milliseconds, ids, the message, and the row's truth if any."""

    at: int
    transaction_id: str
    customer_id: str
    value: bytes
    is_fraud: bool | None
    reason: str | None


class Binding:
    """A mapping bound to a file. Names are looked up row by row, for JSON lines differ in them."""

    def __init__(self, mapping: Mapping, file: str) -> None:
        self._file, self._separator = file, mapping.separator
        self._fields = [
            (*_path(name), _getter(field), converter(field), field)
            for name, field in mapping.fields.items()
        ]
        self._label = mapping.label
        self._required = list(_required(mapping))

    def lacks(self, columns: Container[str]) -> tuple[str, tuple[str, ...]] | None:
        """The first field none of whose columns is there, with these columns."""
        for name, wanted in self._required:
            if not any(column in columns for column in wanted):
                return name, wanted
        return None

    def require(self, columns: Collection[str]) -> None:
        """Raise MappingError for a column that is missing."""
        if lacking := self.lacks(columns):
            name, wanted = lacking
            raise MappingError(
                f"{self._file}: column {' or '.join(wanted)} is missing, {name} comes from it; "
                f"{_shown(columns, self._separator)}"
            )

    def event(self, row: Row) -> Mapped:
        """The row as an order. Raises ValueError (or msgspec's) that says what cannot be mapped."""
        event: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        for group, name, get, convert, field in self._fields:
            text = get(row)
            if text is None or text == "":
                if field.optional:
                    continue
                raise ValueError(f"{name}: no value")
            (event.setdefault(group, {}) if group else event)[name] = _convert(
                name, convert, field, text
            )
        return self._checked(event, row)

    def _checked(self, event: dict[str, Any], row: Row) -> Mapped:
        event["amount"] = money(event["amount"], event["currency"])
        order = msgspec.convert(event, OrderEvent)
        label = self._label
        return Mapped(
            at=_milliseconds(order.event_time),
            transaction_id=order.transaction_id,
            customer_id=order.customer_id,
            value=_encode(event),
            is_fraud=_truth(label, row) if label else None,
            reason=row.get(label.reason) if label and label.reason else None,
        )


def _shown(columns: Collection[str], separator: str) -> str:
    """What the file has; of a file without a header they are the first customer's data."""
    if any(_VALUE.search(column) for column in columns):
        return "the first line of the file looks like data, and has to name the columns"
    names = [column for column in columns if _NAME.fullmatch(column)]
    if not names:
        return (
            f"none of its columns ({len(columns)}) has a name that can be shown: is the file "
            f"separated by {separator!r}, as the mapping says?"
        )
    more = len(columns) - len(names[:SHOWN_COLUMNS])
    return f"the file has {', '.join(names[:SHOWN_COLUMNS])}" + (
        f" and {more} more" if more else ""
    )


def _required(mapping: Mapping) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each field that needs a column, and the columns of which one has to be there."""
    for name, field in mapping.fields.items():
        if field.value is not None or field.optional:
            continue
        if field.template is not None:
            for column in field.template_columns:
                yield name, (column,)
        else:
            yield name, field.columns
    if mapping.label and not mapping.label.optional:
        yield "the label", mapping.label.columns
        if mapping.label.reason:
            yield "the label's reason", (mapping.label.reason,)


def _getter(field: Field) -> Get:
    if field.value is not None:
        fixed = field.value if isinstance(field.value, str) else _encode(field.value).decode()
        return lambda _row: fixed
    if field.template is not None:
        return _from_template(field.template, field.template_columns)
    return lambda row: _first(field.columns, row)


def _from_template(template: str, columns: tuple[str, ...]) -> Get:
    return lambda row: (
        template.format_map(row) if all(column in row for column in columns) else None
    )


def _first(columns: tuple[str, ...], row: Row) -> str | None:
    for column in columns:
        if column in row:
            return row[column]
    return None


def _truth(label: Label, row: Row) -> bool | None:
    """Whether the row says fraud; None where it says nothing."""
    text = _first(label.columns, row)
    if text is None or text == "":
        return None
    if text in label.fraud:
        return True
    if text in label.legitimate:
        return False
    raise ValueError(
        f"the label: {text!r} is neither fraud ({', '.join(label.fraud)}) nor legitimate "
        f"({', '.join(label.legitimate)}) by the mapping"
    )


def _milliseconds(instant: datetime) -> int:
    try:
        return round(instant.astimezone(UTC).timestamp() * 1000)
    except OverflowError as error:
        raise ValueError(f"event_time: {instant} is outside of the years 1 to 9999") from error


def _path(name: str) -> tuple[str, str]:
    group, _, rest = name.rpartition(".")
    return group, rest


def _convert(name: str, convert: Callable[[str], Any], field: Field, text: str) -> Any:
    text = field.prefix + field.values.get(text, text).removeprefix(field.remove)
    try:
        return convert(text)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{name}: {error}") from error
