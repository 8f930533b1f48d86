"""One row to one order event, by a mapping that has been bound to the file's columns."""

from collections.abc import Callable, Iterable
from string import Formatter
from typing import Any

import msgspec

from fraud_core.events import SCHEMA_VERSION, OrderEvent
from fraud_stream.producer.mapping.rows import Row
from fraud_stream.producer.mapping.spec import Field, Mapping, MappingError
from fraud_stream.producer.mapping.values import converter, money

Get = Callable[[Row], str | None]
_encode = msgspec.json.encode


class Mapped(msgspec.Struct, frozen=True):
    """An order out of a file: UTC milliseconds, ids, the message, and the row's truth if any."""

    at: int
    transaction_id: str
    customer_id: str
    value: bytes
    is_fraud: bool | None
    reason: str | None


class Binding:
    """A mapping that knows the file's columns. Raises MappingError for a column that is missing."""

    def __init__(self, mapping: Mapping, columns: Iterable[str], file: str) -> None:
        self._columns = list(columns)
        self._file = file
        self._fields = [
            (*_path(name), self._getter(name, field), converter(field), field)
            for name, field in mapping.fields.items()
        ]
        label = mapping.label
        self._label = self._fraud = self._reason = None
        if label:
            self._label = self._column("the label", label.columns, optional=label.optional)
            self._fraud = frozenset(label.fraud)
            self._reason = label.reason

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
        truth = row.get(self._label) if self._label else None
        return Mapped(
            at=round(order.event_time.timestamp() * 1000),
            transaction_id=order.transaction_id,
            customer_id=order.customer_id,
            value=_encode(event),
            is_fraud=None if truth is None or truth == "" else truth in (self._fraud or ()),
            reason=row.get(self._reason) if self._reason else None,
        )

    def _getter(self, name: str, field: Field) -> Get:
        if field.value is not None:
            fixed = field.value if isinstance(field.value, str) else _encode(field.value).decode()
            return lambda _row: fixed
        if field.template is not None:
            for _, column, _, _ in Formatter().parse(field.template):
                if column:
                    self._column(name, (column,), optional=False)
            return field.template.format_map
        column = self._column(name, field.columns, optional=field.optional)
        return (lambda row: row.get(column)) if column else (lambda _row: None)

    def _column(self, name: str, columns: tuple[str, ...], *, optional: bool) -> str | None:
        for column in columns:
            if column in self._columns:
                return column
        if optional:
            return None
        raise MappingError(
            f"{self._file}: column {' or '.join(columns)} is missing, {name} comes from it; "
            f"the file has {', '.join(self._columns)}"
        )


def _path(name: str) -> tuple[str, str]:
    group, _, rest = name.rpartition(".")
    return group, rest


def _convert(name: str, convert: Callable[[str], Any], field: Field, text: str) -> Any:
    text = field.prefix + field.values.get(text, text).removeprefix(field.remove)
    try:
        return convert(text)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{name}: {error}") from error
