"""Why a message is no order: a reason code to count by, and a detail that names the field.

Only bad messages come here; it need not be quick. The detail never repeats a value, which may be
somebody's personal data.
"""

import json
import re
from typing import NoReturn

import msgspec

from fraud_core.events import SCHEMA_VERSION
from fraud_stream.consumer.whereabouts import Part, told


class Rejection(msgspec.Struct, frozen=True):
    """The message is a dead letter: a value to be stored, not an error to be raised."""

    reason: str
    detail: str


ERASED = Rejection("erased", "an order from before its customer was erased; nothing of it is kept")

_BOM = b"\xef\xbb\xbf"
_UTF_16 = re.compile(rb"(?:[^\0]\0){2}|(?:\0[^\0]){2}")
"""How ASCII begins in UTF-16 without a byte-order mark, low byte or high byte first. No JSON in
UTF-8 begins so, and Avro has two zeros beside each other."""
_OTHER_FORMATS = {b"\x1f\x8b": "gzip", b"\x00": "Avro or another binary format"}
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]*)`")


def explain(value: bytes, fault: Exception) -> Rejection:
    """The reason for what decoding raised on `value`."""
    if known := _known_by_its_start(value):
        return known
    match fault:
        case UnicodeDecodeError():
            return Rejection("encoding", f"not UTF-8 at byte {fault.start}")
        case RecursionError():
            return Rejection("too_deep", "nested deeper than a parser can follow")
        case msgspec.ValidationError():
            return _newer_version(value) or _huge_id(value) or _of_shape(str(fault))
        case _:
            return _of_syntax(value, fault)


def _known_by_its_start(value: bytes) -> Rejection | None:
    """Another format or encoding, of which a parser would only say that it is no JSON."""
    if _UTF_16.match(value):
        return Rejection("encoding", "UTF-16, and not UTF-8 as JSON must be")
    for start, name in _OTHER_FORMATS.items():
        if value.startswith(start):
            return Rejection("not_json", f"the value starts like {name}")
    if value.startswith(_BOM):
        return Rejection("bom", "the value starts with a byte-order mark")
    return None


class _Version(msgspec.Struct):
    schema_version: int


def _newer_version(value: bytes) -> Rejection | None:
    """Another version may have other fields, so its own fault is named before theirs."""
    try:
        version = msgspec.json.decode(value, type=_Version).schema_version
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if version == SCHEMA_VERSION:
        return None
    return Rejection("schema_version", f"schema_version: {version}, known is {SCHEMA_VERSION}")


def _huge_id(value: bytes) -> Rejection | None:
    """An id sent as a number beyond 2^63 has lost digits with some sender or reader before us."""
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError):
        return None
    for name, found in fields.items() if isinstance(fields, dict) else ():
        if name.endswith("_id") and isinstance(found, int) and not -(2**63) <= found < 2**63:
            return Rejection("bad_id", f"{name}: a number beyond 2^63; ids are texts")
    return None


def _of_syntax(value: bytes, fault: Exception) -> Rejection:
    try:
        json.loads(value, parse_constant=_no_constant)
    except _NotANumberError:
        problem = "NaN and Infinity are no JSON"
        return Rejection("bad_number", told(value, _is_no_number, problem, unnamed="a number:"))
    except (ValueError, RecursionError):
        pass
    return Rejection("not_json", str(fault))


class _NotANumberError(Exception):
    """Found one of the constants that Python's parser takes and JSON does not have."""


def _no_constant(_name: str) -> NoReturn:
    raise _NotANumberError


def _is_no_number(part: Part) -> bool:
    return part["bare"] in {b"NaN", b"Infinity", b"-Infinity"}


def _of_shape(message: str) -> Rejection:
    """A reason for msgspec's message, whose forms a test holds in place."""
    at = _AT.search(message)
    path = at.group(1) if at else ""
    problem = message[: at.start()] if at else message
    if missing := _MISSING.search(problem):
        field = missing.group(1)
        return Rejection(_reason_missing(field, path), f"{_join(path, field)}: missing")
    if not path:
        return Rejection("not_object", problem)
    if problem.startswith("Invalid enum value"):
        problem = "not one of the values that the contract lists"
    return Rejection(_reason_wrong(path, problem), f"{path}: {problem}")


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _reason_missing(field: str, path: str = "") -> str:
    if path or field == "schema_version":
        return "schema"
    return "missing_id" if field == "transaction_id" else "missing_field"


_REASON_OF_PROBLEM = (
    ("RFC3339", "bad_time"),
    ("timezone", "bad_time"),
    ("out of range", "bad_number"),
    ("of length <=", "too_long"),
)


def _reason_wrong(path: str, problem: str) -> str:
    absent = "got `null`" in problem or "of length >= 1" in problem
    if absent and "." not in path and path != "items":
        return _reason_missing(path)
    for part, reason in _REASON_OF_PROBLEM:
        if part in problem and path != "items":
            return reason
    if path == "currency" and "regex" in problem:
        return "currency"
    return "wrong_type" if ", got `" in problem and path != "items" else "schema"
