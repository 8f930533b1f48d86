"""Allow, watch and block lists, and snoozes: people's knowledge, which overrules the rules.

Precedence: an absolute block, then allow, then block, then the score. A watch entry changes nothing
by itself; rules can ask for it, and it is recorded. Entries end by the order's event time.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fraud_core.events import LONGEST_ID
from fraud_stream.scoring.decision import ListHit, Outcome
from fraud_stream.scoring.order.clock import microseconds
from fraud_stream.scoring.order.domains import upwards
from fraud_stream.scoring.order.identity import address_of, composed, mailbox, network
from fraud_stream.scoring.order.memo import Memo
from fraud_stream.scoring.order.text_forms import DOMAIN
from fraud_stream.scoring.rules.load import RuleSetError
from fraud_stream.scoring.rules.misfits import misfit
from fraud_stream.scoring.rules.suggestions import suggest
from fraud_stream.scoring.rules.yaml_text import Problem, YamlError, read_yaml

ListKind = Literal["customer", "device", "card", "ip", "email", "domain", "address", "shop"]
ListName = Literal["allow", "watch", "block"]
Moment = Annotated[datetime, Meta(tz=True)]
SHORTEST_REASON = 3

_FOREVER = 1 << 62
_NOTHING_IN_IT = (
    "there is nothing in the file, not even a version, as when it was cut short; for lists without "
    "entries write `version: NAME`, with a version that it did not have before, and `entries: []`"
)
_WITHOUT_ENTRIES = (
    "there is no `entries`, as when the file was cut short; for lists without entries write "
    "`entries: []`"
)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry; `kind: ip` takes an address or a network in CIDR form."""

    list: ListName
    kind: ListKind
    value: Annotated[str, Meta(min_length=1, max_length=512)]
    reason: Annotated[str, Meta(max_length=400)]
    author: str
    expires: Moment | None = None
    absolute: bool = False


class Snooze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Silences one rule for one entity until a time; the hit is still recorded.

    `kind: ip` takes an address; of IPv6 its /64 network is meant, of which a household has one.
    """

    rule: str
    kind: ListKind
    value: Annotated[str, Meta(min_length=1, max_length=512)]
    until: Moment
    reason: str
    author: str


class ListsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: str
    entries: tuple[Entry, ...]
    snoozes: tuple[Snooze, ...] = ()


class ActiveEntry(msgspec.Struct, frozen=True):
    """An entry as it is looked up: its end in microseconds, and what a decision says of it."""

    until: int
    hit: ListHit


Found = tuple[ActiveEntry, ...]


class Lists:
    """All entries by kind and folded value."""

    def __init__(self, content: ListsFile) -> None:
        self.version = content.version
        self.content = content
        self.by_kind: dict[ListKind, dict[str, Found]] = {}
        self._networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ActiveEntry]] = []
        for entry in content.entries:
            self._add(entry)
        self.by_address: Memo[str | None, Found] = Memo(self._of_address)
        self.by_domain: Memo[str | None, Found] = Memo(self._of_domain)
        self.snoozes: dict[str, list[Snooze]] = {}
        for snooze in content.snoozes:
            self.snoozes.setdefault(snooze.rule, []).append(snooze)

    def _add(self, entry: Entry) -> None:
        hit = ListHit(entry.list, entry.kind, entry.value, entry.reason, entry.absolute)
        until = _FOREVER if entry.expires is None else microseconds(entry.expires)
        active = ActiveEntry(until, hit)
        if entry.kind == "ip":
            self._networks.append((network_of(entry.value), active))
            return
        values = self.by_kind.setdefault(entry.kind, {})
        key = folded(entry.kind, entry.value)
        values[key] = (*values.get(key, ()), active)

    @property
    def has_addresses(self) -> bool:
        """Whether any entry is about an IP address."""
        return bool(self._networks)

    def _of_domain(self, domain: str | None) -> Found:
        own = self.by_kind["domain"]
        return tuple(entry for name in upwards(domain or "") for entry in own.get(name, ()))

    def _of_address(self, text: str | None) -> Found:
        address = address_of(text or "")
        if address is None:
            return ()
        return tuple(active for net, active in self._networks if address in net)


_DOMAIN = re.compile(r"[^\s@*]*[^\s@*.]")
_DEGREES = r"(-?[0-9]{1,3}\.[0-9]{4})"
_ADDRESS = re.compile(rf"(?:[A-Z]{{2}})?\|[^|\sa-z]*\|{_DEGREES}\|{_DEGREES}")


def network_of(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """What is written as a part of ::ffff:0:0/96 is that part of IPv4, as orders' addresses are."""
    network = ipaddress.ip_network(value, strict=False)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - 96))


def folded(kind: ListKind, value: str) -> str:
    """The form in which scoring knows the value."""
    if kind == "email":
        return mailbox(value)[0] or value
    if kind == "domain":
        return DOMAIN.folded(value)
    if kind == "ip":
        return network(value) or value
    return composed(value)


def in_force(found: Found, at: int) -> Sequence[ListHit]:
    """The entries that have not ended at `at`."""
    return [entry.hit for entry in found if at < entry.until]


def watched(found: Found, at: int) -> bool:
    """Whether a watch entry is in force."""
    return any(entry.hit.list == "watch" and at < entry.until for entry in found)


def overruled(outcome: Outcome, hits: Iterable[ListHit]) -> Outcome:
    """The outcome once the lists have spoken."""
    held = list(hits)
    if any(hit.list == "block" and hit.absolute for hit in held):
        return "decline"
    if any(hit.list == "allow" for hit in held):
        return "approve"
    return "decline" if any(hit.list == "block" for hit in held) else outcome


def read_lists(text: str, file: str, rule_ids: Iterable[str] = ()) -> Lists:
    """Read the lists' file. Raises RuleSetError with every problem.

    `rule_ids` are the rules that a snooze may name; without them, any. A file without `entries` is
    refused: a save that is not over yet looks like that, and would let every blocked order through.
    """
    try:
        located = read_yaml(text)
    except YamlError as error:
        raise RuleSetError([Problem(file, error.line, str(error))]) from error
    if located.data is None:
        raise RuleSetError([Problem(file, 1, _NOTHING_IN_IT)])
    if isinstance(located.data, dict) and "entries" not in located.data:
        raise RuleSetError([Problem(file, 1, _WITHOUT_ENTRIES)])
    try:
        content = msgspec.convert(located.data, ListsFile)
    except msgspec.ValidationError as error:
        raise RuleSetError([misfit(error, located, file, ListsFile, strict=True)]) from error
    problems = [
        Problem(file, located.line(("entries", i)), wrong[1])
        for i, entry in enumerate(content.entries)
        if (wrong := wrong_field(entry))
    ]
    known = set(rule_ids)
    problems += [
        Problem(file, located.line(("snoozes", i)), message)
        for i, snooze in enumerate(content.snoozes)
        for message in wrong_in_snooze(snooze, known)
    ]
    if problems:
        raise RuleSetError(problems)
    return Lists(content)


NO_LISTS = Lists(ListsFile(version="none", entries=()))


def wrong_field(entry: Entry) -> tuple[str, str] | None:
    """The first field with which the entry cannot be used, and why."""
    if entry.absolute and entry.list != "block":
        return "absolute", f"{entry.value}: only a block can be absolute"
    if len(entry.reason.strip()) < SHORTEST_REASON:
        return "reason", f"{entry.value}: its reason has fewer than {SHORTEST_REASON} characters"
    if not entry.author.strip():
        return "author", f"{entry.value}: its author is empty"
    if entry.kind == "ip":
        try:
            ipaddress.ip_network(entry.value, strict=False)
        except ValueError as error:
            return "value", f"{entry.value} is not an address or a network: {error}"
    wrong = _wrong_text(entry.kind, entry.value)
    return ("value", wrong) if wrong else None


def wrong_in_snooze(snooze: Snooze, known: Set[str]) -> Iterator[str]:
    """Why it cannot be used; `known` are the rules that it may name, none of them any."""
    if known and snooze.rule not in known:
        yield f"unknown rule {snooze.rule}{suggest(snooze.rule, known)}"
    if snooze.kind == "ip" and not _one_address(folded("ip", snooze.value)):
        yield (
            f"{snooze.value} is not an address: a snooze takes one IPv4 address, or an IPv6 "
            "address or /64; for a whole network, pause the rule or allow the network"
        )
    if message := _wrong_text(snooze.kind, snooze.value):
        yield message


def _wrong_text(kind: ListKind, value: str) -> str | None:
    """Why no order can have the value: such an entry would look as if it were in force."""
    if kind == "email" and mailbox(value)[0] is None:
        return f"{value} is not an e-mail address (a whole domain is kind: domain)"
    if not value.isprintable():
        return f"{value!r} holds a character that cannot be seen, as no order's value does"
    if kind in ("customer", "device", "card", "shop") and len(value) > LONGEST_ID:
        return f"{value[:20]}... has {len(value)} characters; an id has {LONGEST_ID} at most"
    if kind == "domain" and not _DOMAIN.fullmatch(folded(kind, value)):
        return (
            f"{value} is not a domain: say what stands after the @ of a mailbox, like example.org"
        )
    if kind == "address" and not _is_address(value):
        return (
            f"{value} is not the key of an address: COUNTRY|POSTAL CODE|LATITUDE|LONGITUDE, with "
            "capitals, four decimals, no sign before zero and a postal code without spaces, like "
            "DE|10115|52.5200|13.4050"
        )
    return None


def _is_address(value: str) -> bool:
    """Whether scoring can come to this key."""
    found = _ADDRESS.fullmatch(value)
    return found is not None and all(
        abs(float(degrees)) <= most and degrees != "-0.0000"
        for degrees, most in zip(found.groups(), (90, 180), strict=True)
    )


def _one_address(value: str) -> bool:
    """Whether an order's IP address can come to this key: snoozes are compared as texts."""
    try:
        found = ipaddress.ip_network(value)
    except ValueError:
        return False
    if found.version == 4:
        return value == str(found.network_address)
    return found.prefixlen == 64 and value == str(found)


def snoozed(snoozes: Sequence[Snooze], keys: Mapping[str, Any], at: int) -> bool:
    """Whether one of a rule's snoozes covers the entities in `keys` at `at`."""
    return any(
        at < microseconds(s.until) and _is_meant(s, keys[s.kind]) for s in snoozes if keys[s.kind]
    )


def _is_meant(snooze: Snooze, key: str) -> bool:
    return folded(snooze.kind, snooze.value) in (
        upwards(key) if snooze.kind == "domain" else (key,)
    )
