"""Reads YAML with the line of every value, so that a complaint can say where."""

import re
from typing import Any

import msgspec
import yaml

MAX_CHARACTERS = 1_000_000
Path = tuple[str | int, ...]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What an escape can spell and neither JSON nor Postgres can keep."""


class Problem(msgspec.Struct, frozen=True):
    """One finding: where it is, how bad, and what to do about it."""

    file: str
    line: int
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.message}"


class YamlError(ValueError):
    """The text is not YAML, or uses what a data file has no need for."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Located(msgspec.Struct, frozen=True):
    """The data, and the line that each value starts in."""

    data: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of a value, or of the closest thing around it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1
            raise YamlError(line, "aliases (*name) are not allowed")
        return super().compose_node(parent, index)


def read_yaml(text: str) -> Located:
    """Parse one document of plain data. Raises YamlError.

    Aliases are refused: a few lines of them can unfold to gigabytes. So is a key given twice.
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError(1, f"longer than {MAX_CHARACTERS} characters")
    try:
        node = yaml.compose(text, Loader=_Loader)
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise YamlError(mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise YamlError(1, f"not YAML: {error}") from error
    lines: dict[Path, int] = {}
    data = _convert(node, (), lines) if node is not None else None
    return Located(data, lines)


def _convert(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _storable(str(key_node.value), key_node)
            if key in found:
                raise YamlError(key_node.start_mark.line + 1, f"{key} is given twice")
            found[key] = _convert(value_node, (*path, key), lines)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_convert(item, (*path, i), lines) for i, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    """The value of a node; PyYAML itself checks neither calendars nor what a !tag is put on."""
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, OverflowError) as error:
        kind = node.tag.rpartition(":")[2]
        raise YamlError(
            node.start_mark.line + 1,
            f"{str(node.value)[:40]!r} is no valid {kind}: correct it, or, if it is a text, "
            "put it in quotes without a !tag",
        ) from error
    return _storable(value, node) if isinstance(value, str) else value


def _storable(text: str, node: yaml.Node) -> str:
    found = _UNSTORABLE.search(text)
    if found:
        raise YamlError(
            node.start_mark.line + 1,
            f"the character {found[0]!a} cannot be stored: take it out",
        )
    return text
