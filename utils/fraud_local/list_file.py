"""Changes a file of lists as a person would: one change at a time, and comments stay."""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from fraud_core.errors import RuleError, SettingsError
from fraud_local.editing import read_text
from fraud_stream.scoring.rules.lists import Entry, ListName, ListsFile, Snooze, read_lists

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Section = Literal["entries", "snoozes"]
Change = Callable[[CommentedSeq], None]


def add_entry(path: Path, entry: Entry) -> str:
    """Put it last, and return the file's new version. Raises RuleError and leaves the file."""
    with _alone_with(path):
        content = _read(path)
        wanted = msgspec.structs.replace(content, entries=(*content.entries, entry))
        return _write(path, wanted, "entries", lambda entries: entries.append(_written(entry)))


def add_snooze(path: Path, snooze: Snooze) -> str:
    """The same for a snooze."""
    with _alone_with(path):
        content = _read(path)
        wanted = msgspec.structs.replace(content, snoozes=(*content.snoozes, snooze))
        return _write(path, wanted, "snoozes", lambda snoozes: snoozes.append(_written(snooze)))


def remove_entries(
    path: Path, kind: str, value: str, which: ListName | None = None
) -> tuple[str, list[Entry]]:
    """Take the value off that list, or off the only one it is on.

    Returns the file's new version and what is gone. Raises RuleError and leaves the file, also when
    there is none; raises SettingsError when the value is on several lists and none is named.
    """
    with _alone_with(path):
        content = _read(path)
        alike = [e for e in content.entries if (e.kind, e.value) == (kind, value)]
        gone = [e for e in alike if which in (None, e.list)]
        if not gone:
            on = f" on the {which} list" if which else ""
            raise RuleError(f"no entry for {kind} {value}{on} in {path}: see `fraud lists show`")
        names = sorted({e.list for e in gone})
        if len(names) > 1:
            raise SettingsError(f"{kind} {value} is on {' and '.join(names)}: name one with --list")
        kept = tuple(e for e in content.entries if e not in gone)
        wanted = msgspec.structs.replace(content, entries=kept)
        return _write(path, wanted, "entries", _without(content.entries, gone)), gone


def remove_snoozes(path: Path, rule: str, kind: str, value: str) -> tuple[str, list[Snooze]]:
    """Let the rule speak of the value again; returns and raises as `remove_entries`."""
    with _alone_with(path):
        content = _read(path)
        gone = [s for s in content.snoozes if (s.rule, s.kind, s.value) == (rule, kind, value)]
        if not gone:
            raise RuleError(
                f"no snooze of {rule} for {kind} {value} in {path}: see `fraud lists show`"
            )
        kept = tuple(s for s in content.snoozes if s not in gone)
        wanted = msgspec.structs.replace(content, snoozes=kept)
        return _write(path, wanted, "snoozes", _without(content.snoozes, gone)), gone


def _without(held: Sequence[Entry | Snooze], gone: Collection[Entry | Snooze]) -> Change:
    def remove(items: CommentedSeq) -> None:
        for place in reversed(range(len(items))):
            if held[place] in gone:
                del items[place]

    return remove


@contextmanager
def _alone_with(path: Path) -> Generator[None]:
    """Whoever changes a file of that folder waits, so that no change is lost to another."""
    try:
        folder = os.open(path.resolve().parent, os.O_RDONLY)
    except OSError as error:
        raise RuleError(f"cannot read {path}: {error}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _read(path: Path) -> ListsFile:
    return read_lists(read_text(path), str(path)).content


def _write(path: Path, wanted: ListsFile, section: Section, change: Change) -> str:
    """The file as it was but for the change and its version, once that is known to be readable."""
    version = _after(wanted.version)
    try:
        text = _changed(read_text(path), version, section, change)
    except YAMLError:
        text = ""  # what one reader of YAML takes, another need not
    if not text or not _says(text, path, msgspec.structs.replace(wanted, version=version)):
        raise RuleError(
            f"{path} is written in a way that only a person can change: edit it, give it another "
            "version, and see `fraud lists check`"
        )
    try:
        _replace(path.resolve(), text)
    except OSError as error:
        raise RuleError(f"cannot write {path}: {error}") from error
    return version


def _says(text: str, path: Path, wanted: ListsFile) -> bool:
    """Raises RuleError when it would be refused."""
    return read_lists(text, str(path)).content == wanted


def _after(version: str) -> str:
    """A day's second version is not the next day's first."""
    stem, _, number = version.rpartition("-")
    is_counted = stem and number.isdecimal() and not _DAY.fullmatch(version)
    return f"{stem}-{int(number) + 1}" if is_counted else f"{version}-2"


def _changed(text: str, version: str, section: Section, change: Change) -> str:
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4_096  # people break lines where they want
    document: CommentedMap = editor.load(text)
    document["version"] = _scalar(version)
    items: CommentedSeq = document.setdefault(section, CommentedSeq())
    indented = len(items) > 0 and not items.fa.flow_style() and items.lc.col > 0
    editor.indent(mapping=2, sequence=4 if indented else 2, offset=2 if indented else 0)
    change(items)
    if items:
        items.fa.set_block_style()
    else:
        items.fa.set_flow_style()
    out = StringIO()
    editor.dump(document, out)
    return out.getvalue()


def _written(item: Entry | Snooze) -> CommentedMap:
    said: dict[str, Any] = msgspec.to_builtins(item)
    return CommentedMap({k: _scalar(v) for k, v in said.items() if v not in (None, False)})


def _scalar(value: Any) -> Any:
    """In quotes what YAML would take for something else: no, 12:30, 2027-01-31."""
    if not isinstance(value, str):
        return value
    try:
        plain = yaml.safe_load(value) == value
    except (yaml.YAMLError, ValueError):  # the latter of a day that does not exist
        plain = False
    return value if plain else DoubleQuotedScalarString(value)


def _replace(path: Path, text: str) -> None:
    """Whole or not at all: nobody else has what people wrote there."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.write_text(text, encoding="utf-8")
    shutil.copymode(path, unfinished)
    unfinished.replace(path)
