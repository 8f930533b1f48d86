"""What msgspec refuses in a file of a rule set, lists or a mapping: line, key and the way out."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from operator import getitem
from typing import Any

import msgspec

from fraud_stream.scoring.rules.ruleset import NAME, RULE_ID
from fraud_stream.scoring.rules.suggestions import suggest
from fraud_stream.scoring.rules.yaml_text import Located, Path, Problem

_ENUM = re.compile("Invalid enum value '(.*)'")
_UNKNOWN = re.compile("Object contains unknown field `(.*)`")
_STEP = re.compile(r"[.]([A-Za-z_]\w*)|\[(\d+)\]|(\[[.]{3}\])")
_KEY = "key` in `"

_DATE = "write it like 2026-11-24"
_MOMENT = "give a time and a zone, like 2026-11-24T00:00:00Z"
_WAYS_OUT = {
    "got `bool`": "YAML reads yes, no, on and off as true and false unless they are in quotes",
    "Expected `datetime|encoded datetime": _MOMENT,
    "Expected `date|encoded date": _DATE,
    "Expected `str.*got `(int|float|date|datetime)`": "put it in quotes",
    "Expected `float.*got `str`": "write a number with a point, like 0.5",
}
"""What to do about the first of these complaints that is found."""

_FORMS = {
    RULE_ID: "factor.name, in small letters, digits and _",
    NAME: "small letters, digits and _, the first a letter",
}


def misfit(
    error: msgspec.ValidationError,
    located: Located,
    file: str,
    kind: type[msgspec.Struct],
    *,
    strict: bool,
) -> Problem:
    """msgspec's complaint about a file of that kind, with the line of what it is about."""
    message, _, where = str(error).partition(" - at `")
    complaint = partial(_complaint, kind=kind, strict=strict)
    path = _path(where, located.data, lambda data: complaint(data) == str(error))
    expected = _expected(kind, path[:-1] if where.startswith(_KEY) else path)
    if unknown := _UNKNOWN.fullmatch(message):
        path = (*path, unknown[1])
        known = _names(expected)
        message = f"there is no such key{suggest(unknown[1], known) or _one_of(known)}"
    elif named := _ENUM.fullmatch(message):
        choices = _names(expected)
        message += f"{suggest(named[1], choices)}{_one_of(choices)}"
    else:
        message += _way_out(message)
    shown = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
    return Problem(file, located.line(path), f"{shown}: {message}" if shown else message)


def _one_of(names: Sequence[str]) -> str:
    return f": it is one of {', '.join(names)}"


def _way_out(message: str) -> str:
    for pattern, says in _FORMS.items():
        if message.endswith(f"matching regex {pattern!r}"):
            return f": {says}"
    return next((f"; {way}" for part, way in _WAYS_OUT.items() if re.search(part, message)), "")


def _expected(kind: type[msgspec.Struct], path: Path) -> msgspec.inspect.Type:
    """The type of what stands at the path."""
    found = msgspec.inspect.type_info(kind)
    for step in path:
        match _given(found):
            case msgspec.inspect.StructType(fields=fields):
                types = {field.encode_name: field.type for field in fields}
                found = types.get(str(step), msgspec.inspect.AnyType())
            case msgspec.inspect.DictType(value_type=held):
                found = held
            case msgspec.inspect.VarTupleType(item_type=held):
                found = held
            case _:
                return msgspec.inspect.AnyType()
    return _given(found)


def _given(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """What it is where it may also be left out."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return next(t for t in kind.types if not isinstance(t, msgspec.inspect.NoneType))
    return kind


def _names(expected: msgspec.inspect.Type) -> list[str]:
    """The words that a value may be, the keys that it may have."""
    match expected:
        case msgspec.inspect.LiteralType():
            return list(map(str, expected.values))
        case msgspec.inspect.DictType():
            return _names(expected.key_type)
        case msgspec.inspect.StructType():
            return [field.encode_name for field in expected.fields]
        case _:
            return []


def _path(where: str, data: Any, is_about: Callable[[Any], bool]) -> Path:
    """As msgspec says it; of a mapping it leaves out the key, which is found by trying each."""
    path: list[str | int] = []
    steps = _STEP.findall(where) + ([("", "", "[...]")] if where.startswith(_KEY) else [])
    for name, index, mapping in steps:
        if not mapping:
            path.append(name or int(index))
            continue
        held = reduce(getitem, path, data)
        if not isinstance(held, Mapping):
            break
        alone = (key for key in held if is_about(_with(data, path, {key: held[key]})))
        if (key := next(alone, None)) is None:
            break
        path.append(key)
    return tuple(path)


def _with(data: Any, path: Sequence[str | int], value: Any) -> Any:
    """The same data with another value at the path."""
    if not path:
        return value
    copied = data.copy()
    copied[path[0]] = _with(data[path[0]], path[1:], value)
    return copied


def _complaint(data: Any, kind: type[msgspec.Struct], *, strict: bool) -> str | None:
    try:
        msgspec.convert(data, kind, strict=strict)
    except msgspec.ValidationError as error:
        return str(error)
    return None
