"""What is wrong with a new entry of the lists, and odd about any, for those who write them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from datetime import UTC, datetime

import msgspec

from fraud_core.errors import RuleError
from fraud_stream.consumer.rule_texts import CARD_NUMBER, has_card_number
from fraud_stream.scoring.rules.lists import (
    SHORTEST_REASON,
    Entry,
    ListsFile,
    Snooze,
    folded,
    network_of,
    wrong_field,
    wrong_in_snooze,
)
from fraud_stream.scoring.rules.yaml_text import Located, Problem

_WIDEST = {4: 8, 6: 32}
"""Networks of large providers; more is mostly a slip."""
_OPTIONS = {"value": "VALUE", "reason": "--reason", "author": "--author", "absolute": "--absolute"}


def require_usable(entry: Entry) -> Entry:
    """The entry without spaces around its texts. Raises RuleError, naming the option."""
    trimmed = msgspec.structs.replace(
        entry, reason=entry.reason.strip(), author=entry.author.strip()
    )
    _refuse_card_numbers(trimmed)
    try:
        msgspec.convert(msgspec.to_builtins(trimmed), Entry)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        raise RuleError(f"{_OPTIONS[where.rstrip('`')]}: {message}") from error
    if wrong := wrong_field(trimmed):
        raise RuleError(f"{_OPTIONS[wrong[0]]}: {wrong[1]}")
    return trimmed


def require_usable_snooze(snooze: Snooze, rules: Set[str]) -> Snooze:
    """The snooze without spaces around its texts. Raises RuleError with all that is wrong."""
    trimmed = msgspec.structs.replace(
        snooze, reason=snooze.reason.strip(), author=snooze.author.strip()
    )
    _refuse_card_numbers(trimmed)
    if len(trimmed.reason) < SHORTEST_REASON:
        raise RuleError(f"--reason: it has fewer than {SHORTEST_REASON} characters")
    if not trimmed.author:
        raise RuleError("--author: it is empty")
    if wrong := list(wrong_in_snooze(trimmed, rules)):
        raise RuleError("; ".join(wrong))
    return trimmed


def _refuse_card_numbers(new: Entry | Snooze) -> None:
    for name in ("value", "reason", "author"):
        if has_card_number(getattr(new, name)):
            raise RuleError(f"{_OPTIONS[name]}: {CARD_NUMBER}")


def findings(content: ListsFile, located: Located, file: str) -> Iterator[Problem]:
    """What `fraud lists check` warns of in each entry and snooze."""
    before: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for place, entry in enumerate(content.entries):
        alike = before[_key(entry)]
        for oddity in _oddities(entry, alike):
            yield Problem(file, located.line(("entries", place)), oddity, "warning")
        alike.append(entry)
    for place, snooze in enumerate(content.snoozes):
        for oddity in oddities_of_snooze(snooze, content.snoozes[:place]):
            yield Problem(file, located.line(("snoozes", place)), oddity, "warning")


def oddities_of_new(entry: Entry, before: Iterable[Entry]) -> Iterator[str]:
    """What `fraud lists add` warns of, the entry being put behind those before."""
    key = _key(entry)
    return _oddities(entry, [other for other in before if _key(other) == key])


def oddities_of_snooze(snooze: Snooze, before: Iterable[Snooze]) -> Iterator[str]:
    """What `fraud lists snooze` warns of, the snooze being put behind those before."""
    now = datetime.now(UTC)
    what = f"{snooze.value}: its snooze of {snooze.rule}"
    if snooze.until <= now:
        yield f"{what} ended at {snooze.until}, and does nothing for orders placed later"
        return
    for other in before:
        if other.rule == snooze.rule and _key(other) == _key(snooze) and other.until > now:
            yield f"{what} stands there already, until {other.until} ({other.reason})"
            return


def _oddities(entry: Entry, alike: Iterable[Entry]) -> Iterator[str]:
    """What hardly anybody means by an entry, seen beside those before it about the same orders."""
    now = datetime.now(UTC)
    if _has_ended(entry, now):
        yield f"{entry.value}: ended at {entry.expires}, and does nothing for orders placed later"
        return
    if entry.kind == "ip":
        network = network_of(entry.value)
        if network.prefixlen < (widest := _WIDEST[network.version]):
            yield f"{entry.value}: wider than /{widest}, which takes in whole providers"
    others = [other for other in alike if not _has_ended(other, now)]
    wins = "block" if any(one.absolute for one in (entry, *others)) else "allow"
    for name, other in {other.list: other for other in others}.items():
        if name == entry.list:
            yield f"{entry.value}: is on the {name} list already ({other.reason})"
        elif {name, entry.list} == {"allow", "block"}:
            yield f"{entry.value}: is on the {name} list, too; the {wins} counts"


def _has_ended(entry: Entry, now: datetime) -> bool:
    return entry.expires is not None and entry.expires <= now


def _key(entry: Entry | Snooze) -> tuple[str, str]:
    """What is the same of entries about the same orders."""
    if entry.kind == "ip" and isinstance(entry, Entry):
        return entry.kind, str(network_of(entry.value))
    return entry.kind, folded(entry.kind, entry.value)
