"""Rows of a file, whatever its shape: separated values or JSON lines, packed or not."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fraud_stream.producer.files import UNREADABLE, reading
from fraud_stream.producer.mapping.spec import MappingError

Row = dict[str, str]
"""Columns by name; a value that is not there is absent or empty."""


class BadRow(msgspec.Struct, frozen=True):
    """A line that is no row, and why."""

    reason: str


def rows(path: Path, separator: str) -> Iterator[tuple[int, Row | BadRow]]:
    """Line numbers, counted from one, and rows. Raises MappingError when it cannot be read."""
    read = _json_lines if is_json(path) else _separated
    try:
        with reading(path) as file:
            yield from read(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), separator)
    except MappingError as error:
        raise MappingError(f"{path}: {error}") from error
    except (*UNREADABLE, UnicodeDecodeError, csv.Error) as error:
        raise MappingError(f"{path}: cannot be read: {error}") from error


def is_json(path: Path) -> bool:
    """Whether the file's name says that each line is an object with fields of its own."""
    return bool({".jsonl", ".json", ".ndjson"} & set(path.suffixes))


def _separated(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, Row | BadRow]]:
    reader = csv.reader(text, delimiter=separator)
    header = next(reader, None)
    if header is None:
        raise MappingError("the file is empty: there is no line with the columns' names")
    if header and header[0].lstrip().startswith("{"):
        raise MappingError(
            "its first line begins with {, as JSON lines do, and not with the columns' names: give "
            "the file a name that ends in .jsonl"
        )
    for cells in reader:
        if len(cells) == len(header):
            yield reader.line_num, dict(zip(header, cells, strict=True))
        elif cells:
            yield (
                reader.line_num,
                BadRow(f"{len(cells)} values for {len(header)} columns"),
            )


def _json_lines(text: io.TextIOWrapper, _separator: str) -> Iterator[tuple[int, Row | BadRow]]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            fields = decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError) as error:
            yield number, BadRow(f"not a JSON object: {error}")
            continue
        yield number, {name: _text(value) for name, value in fields.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
