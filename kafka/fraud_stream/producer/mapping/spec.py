"""What a mapping file says; the known ones lie in `known/`."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import msgspec

from fraud_core.errors import FraudPlatformError
from fraud_core.events import OrderEvent
from fraud_stream.scoring.rules.misfits import misfit
from fraud_stream.scoring.rules.yaml_text import Located, YamlError, read_yaml

_REQUIRED = [
    field.encode_name
    for field in msgspec.structs.fields(OrderEvent)
    if field.required and field.encode_name != "schema_version"
]
_ALL_REQUIRED = ", ".join(_REQUIRED)
_PLAIN = re.compile(r"(?!\d+$)[^.\[\]]+")
"""What a template takes for a column, and not for a part of one or a number."""

_DECIMALS, _NUMBERS = (".", ","), ("amount", "number")
_SAMPLE = datetime(2001, 2, 3, 14, 5, 6, tzinfo=UTC)

KNOWN = Path(__file__).parent / "known"
KINDS = (
    "text",
    "id",
    "amount",
    "number",
    "integer",
    "boolean",
    "country",
    "fingerprint",
    "bin",
    "time",
)


class MappingError(FraudPlatformError):
    """A mapping, or the file it is to read, is not what it should be; the message says where."""

    exit_code = 2


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "as"}):
    """Where a field of the event comes from: a column, a template of columns, or a fixed value.

    `column` may list names of which the first that is there counts. `values` translates, `prefix`
    is put before, `remove` taken away from the front. `format` is strptime's, or `epoch`; a time
    without an offset is in `zone`. In numbers `decimal` stands before the fraction, and `thousands`
    between groups of three digits.
    """

    column: str | tuple[str, ...] = ()
    template: str | None = None
    value: str | bool | int | float | None = None
    kind: str = "text"
    optional: bool = False
    values: dict[str, str] = {}
    prefix: str = ""
    remove: str = ""
    format: str | None = None
    zone: str = "UTC"
    decimal: str = "."
    thousands: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names that the field's column can have."""
        return (self.column,) if isinstance(self.column, str) else self.column

    @property
    def template_columns(self) -> tuple[str, ...]:
        """Columns that the template is made of. Raises ValueError when it is not one."""
        parts = Formatter().parse(self.template or "")
        return tuple(column for _, column, _, _ in parts if column is not None)


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column tells the truth, what its values mean, and which column says why.

    A row whose value is neither `fraud` nor `legitimate` cannot be mapped; an empty one has no
    label.
    """

    column: str | tuple[str, ...]
    fraud: tuple[str, ...] = ("1",)
    legitimate: tuple[str, ...] = ("0",)
    reason: str | None = None
    optional: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names that the column can have."""
        return (self.column,) if isinstance(self.column, str) else self.column


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a row becomes an event; a dot in a field's name leads into an address.

    A file that is not `sorted` by time is read whole and sorted before the first order goes out.
    """

    description: str
    fields: dict[str, Field]
    source: str = ""
    separator: str = ","
    sorted: bool = False
    label: Label | None = None


def load_mapping(name: str) -> Mapping:
    """A known mapping by name, or one of your own by the path of its file. Raises MappingError."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else KNOWN / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in KNOWN.glob("*.yaml")))
        raise MappingError(f"--mapping: there is no {name!r}; known are {known}, or name a .yaml")
    try:
        mapping = _mapping(read_yaml(path.read_text(encoding="utf-8")), path)
        _check(mapping)
    except YamlError as error:
        raise MappingError(f"{path}:{error.line}: error: {error}") from error
    except (ValueError, OSError) as error:
        raise MappingError(f"{path}: {error}") from error
    return mapping


def _mapping(located: Located, path: Path) -> Mapping:
    try:
        return msgspec.convert(located.data, Mapping)
    except msgspec.ValidationError as error:
        problem = misfit(error, located, str(path), Mapping, strict=True)
        raise MappingError(str(problem)) from error


def _check(mapping: Mapping) -> None:
    """Raise ValueError, naming the field, for what only shows once it is used."""
    try:
        csv.reader([], delimiter=mapping.separator)
    except (TypeError, ValueError) as error:
        raise ValueError(f"separator: {mapping.separator!r} is not one character") from error
    for name, field in mapping.fields.items():
        _check_kind(name, field)
        _check_format(name, field)
        _check_signs(name, field)
        try:
            ZoneInfo(field.zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"fields.{name}.zone: {field.zone!r} is no time zone like Europe/Berlin"
            ) from error
        try:
            strange = [name for name in field.template_columns if not _PLAIN.fullmatch(name)]
        except ValueError as error:
            raise ValueError(f"fields.{name}.template: {field.template!r}: {error}") from error
        if strange:
            raise ValueError(
                f"fields.{name}.template: {{{strange[0]}}} names no column: a template takes names "
                "without dots and brackets that are no numbers"
            )
    if mapping.label and (both := set(mapping.label.fraud) & set(mapping.label.legitimate)):
        raise ValueError(f"label: {', '.join(sorted(both))} is both fraud and legitimate")
    if missing := [name for name in _REQUIRED if name not in mapping.fields]:
        raise ValueError(f"fields: {', '.join(missing)} missing; an order has {_ALL_REQUIRED}")


def _check_kind(name: str, field: Field) -> None:
    choices = (*_NUMBERS, "integer") if name == "amount" else KINDS
    if field.kind not in choices:
        raise ValueError(f"fields.{name}.as: {field.kind!r} is none of {', '.join(choices)}")


def _check_format(name: str, field: Field) -> None:
    """A format has to read what it writes itself."""
    layout = field.format
    if layout is None:
        return
    if field.kind != "time":
        raise ValueError(f"fields.{name}.format: is for `as: time`, and not for {field.kind}")
    if layout == "epoch":
        return
    wrong = "" if "%" in layout else "there is no % in it"
    try:
        datetime.strptime(_SAMPLE.strftime(layout), layout)
    except ValueError as error:
        wrong = str(error)
    if wrong:
        raise ValueError(
            f"fields.{name}.format: {layout!r} is neither epoch nor a format of strptime like "
            f"%d.%m.%Y %H:%M ({wrong})"
        )


def _check_signs(name: str, field: Field) -> None:
    if (field.decimal, field.thousands) == (".", ""):
        return
    if field.kind not in _NUMBERS:
        choices = " or ".join(_NUMBERS)
        raise ValueError(f"fields.{name}: decimal and thousands are for `as: {choices}`")
    if field.decimal not in _DECIMALS:
        raise ValueError(f"fields.{name}.decimal: {field.decimal!r} is neither a point nor a comma")
    sign = field.thousands
    if len(sign) > 1 or sign == field.decimal or sign.isalnum() or sign in ("+", "-"):
        raise ValueError(
            f"fields.{name}.thousands: {sign!r} is not one character, like a point, a comma or a "
            "space, other than decimal"
        )
