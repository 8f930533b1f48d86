"""Allow, watch and block lists, and snoozes."""

from collections.abc import Callable
from typing import Any, Literal
from unicodedata import normalize

import pytest

from fraud_core.events import OrderEvent
from fraud_stream.scoring.rules.lists import read_lists
from fraud_stream.scoring.rules.load import RuleSetError
from fraud_stream.scoring.scorer import RuleScorer

MakeScorer = Callable[..., RuleScorer]
MakeOrder = Callable[..., OrderEvent]

ORDER: dict[str, Any] = {
    "device_id": "d1",
    "card_fingerprint": "k1",
    "ip_address": "203.0.113.77",
    "customer_email": "An.Na+x@Example.org",
    "shipping": {"country": "DE", "postal_code": "10 115", "latitude": 52.5, "longitude": 13.4},
}
VALUES = {
    "customer": "c1",
    "device": "d1",
    "card": "k1",
    "ip": "203.0.113.77",
    "email": "anna@example.org",
    "domain": "EXAMPLE.org",
    "address": "DE|10115|52.5000|13.4000",
    "shop": "m1",
}


def entry(which: str, kind: str, value: str, more: str = "") -> str:
    what = f"list: {which}, kind: {kind}, value: {value!r}"
    return f"  - {{{what}, reason: because, author: me{more}}}\n"


def lists(*entries: str, snoozes: str = "") -> str:
    listed = "entries:\n" + "".join(entries) if entries else "entries: []\n"
    return "version: l-1\n" + listed + (f"snoozes:\n{snoozes}" if snoozes else "")


@pytest.mark.parametrize(("kind", "value"), VALUES.items())
def test_each_kind_of_entity_can_be_blocked(
    scorer: MakeScorer, order: MakeOrder, kind: str, value: str
) -> None:
    judge = scorer("amount > high", lists=lists(entry("block", kind, value)))
    decision = judge.score(order(**ORDER))
    assert decision.outcome == "decline"
    assert [(hit.list, hit.kind) for hit in decision.lists] == [("block", kind)]
    assert decision.score == 0.0
    assert decision.lists_version == "l-1"
    assert judge.score(order(customer_id="c2", merchant_id="m2")).outcome == "approve"


def test_an_id_is_matched_in_either_form_of_its_letters(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    """Orders' ids are composed as they are read."""
    apart = normalize("NFD", "kunde-José")
    judge = scorer("amount > high", lists=lists(entry("block", "customer", apart)))
    assert judge.score(order(customer_id=normalize("NFC", apart))).outcome == "decline"


@pytest.mark.parametrize(
    ("kind", "value"), [("email", "jörg@büro.example"), ("domain", "büro.example")]
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_mailbox_is_matched_in_either_form_of_its_letters(
    scorer: MakeScorer, order: MakeOrder, kind: str, value: str, form: Literal["NFC", "NFD"]
) -> None:
    judge = scorer("amount > high", lists=lists(entry("block", kind, normalize(form, value))))
    for sent in ("NFC", "NFD"):
        mail = normalize(sent, "Jörg@Büro.example")
        assert judge.score(order(customer_email=mail)).outcome == "decline"


def test_a_network_is_matched_by_its_addresses(scorer: MakeScorer, order: MakeOrder) -> None:
    judge = scorer("amount > high", lists=lists(entry("block", "ip", "203.0.113.0/24")))
    assert judge.score(order(ip_address="203.0.113.9")).outcome == "decline"
    assert judge.score(order(ip_address="203.0.114.9")).outcome == "approve"
    six = scorer("amount > high", lists=lists(entry("block", "ip", "2001:db8::/32")))
    assert six.score(order(ip_address="2001:db8:1::5")).outcome == "decline"


@pytest.mark.parametrize("listed", ["203.0.113.0/24", "::ffff:203.0.113.0/120"])
@pytest.mark.parametrize(
    "sent",
    ["203.0.113.9", "::ffff:203.0.113.9", "::FFFF:CB00:7109", " 203.0.113.9", "203.0.113.9:443"],
)
def test_an_address_of_ipv4_is_matched_however_it_is_written(
    scorer: MakeScorer, order: MakeOrder, listed: str, sent: str
) -> None:
    judge = scorer("amount > high", lists=lists(entry("block", "ip", listed)))
    assert judge.score(order(ip_address=sent)).outcome == "decline"
    assert judge.score(order(ip_address="::ffff:203.0.114.9")).outcome == "approve"


@pytest.mark.parametrize(
    ("entries", "outcome"),
    [
        (["block!", "allow", "block"], "decline"),
        (["allow", "block"], "approve"),
        (["block"], "decline"),
        (["allow"], "approve"),
        (["watch"], "review"),
        ([], "review"),
    ],
)
def test_precedence_is_absolute_block_allow_block_score(
    scorer: MakeScorer, order: MakeOrder, entries: list[str], outcome: str
) -> None:
    lines = [
        entry(name.rstrip("!"), "customer", "c1", ", absolute: true" if "!" in name else "")
        for name in entries
    ]
    judge = scorer("amount > high / 10", lists=lists(*lines) if lines else None)
    assert judge.score(order()).outcome == outcome


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("q@example.org", "decline"),
        ("q@mail.example.org", "decline"),
        ("q@a.b.EXAMPLE.ORG.", "decline"),
        ("q@example.org.evil.test", "approve"),
        ("q@notexample.org", "approve"),
        ("q@org", "approve"),
        (None, "approve"),
    ],
)
def test_a_domain_stands_for_those_under_it(
    scorer: MakeScorer, order: MakeOrder, address: str | None, outcome: str
) -> None:
    judge = scorer("amount > high", lists=lists(entry("block", "domain", "Example.org.")))
    assert judge.score(order(customer_email=address)).outcome == outcome


def test_a_top_level_part_stands_for_itself_only(scorer: MakeScorer, order: MakeOrder) -> None:
    judge = scorer("amount > high", lists=lists(entry("block", "domain", "org")))
    assert judge.score(order(customer_email="q@org")).outcome == "decline"
    assert judge.score(order(customer_email="q@example.org")).outcome == "approve"


def test_entries_of_a_domain_and_of_those_above_it_are_all_met(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    both = entry("watch", "domain", "example.org"), entry("watch", "domain", "mail.example.org")
    judge = scorer("on_watch_list", lists=lists(*both))
    met = judge.score(order(customer_email="q@mail.example.org")).lists
    assert [hit.value for hit in met] == ["mail.example.org", "example.org"]


def test_an_entry_ends_by_the_time_of_the_order(scorer: MakeScorer, order: MakeOrder) -> None:
    ends = ', expires: "2026-03-02T13:00:00Z"'
    judge = scorer("amount > high", lists=lists(entry("block", "customer", "c1", ends)))
    assert judge.score(order(59)).outcome == "decline"
    assert judge.score(order(60)).outcome == "approve"
    assert judge.score(order(59.5)).outcome == "decline"


def test_a_rule_can_ask_for_the_watch_list(scorer: MakeScorer, order: MakeOrder) -> None:
    judge = scorer("on_watch_list", lists=lists(entry("watch", "shop", "m1")))
    assert judge.score(order()).outcome == "review"
    assert judge.score(order(merchant_id="m2")).outcome == "approve"


def test_a_snooze_silences_one_rule_for_one_entity_until_a_time(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    snooze = (
        "  - {rule: velocity.rule_0, kind: customer, value: c1, "
        'until: "2026-03-02T13:00:00Z", reason: known, author: me}\n'
    )
    text = "version: l-1\nentries: []\nsnoozes:\n" + snooze
    judge = scorer("amount > high / 10", "amount > high / 20", lists=text, weight=0.45)
    quiet = judge.score(order(10))
    assert [reason.rule for reason in quiet.snoozed] == ["velocity.rule_0"]
    assert [reason.rule for reason in quiet.reasons] == ["velocity.rule_1"]
    assert len(judge.score(order(60)).reasons) == 2
    assert len(judge.score(order(10, customer_id="c2")).reasons) == 2


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (entry("block", "ip", "203.0.113.0/240"), "not an address or a network"),
        (entry("block", "email", "example.org"), "not an e-mail address"),
        (entry("block", "domain", "someone@evil.example"), "not a domain"),
        (entry("block", "domain", "'*.evil.example'"), "not a domain"),
        (entry("block", "address", "'Berlin, Main Street 5'"), "not the key of an address"),
        (entry("block", "address", "'DE|10 115|52.5200|13.4050'"), "not the key of an address"),
        (entry("block", "address", "'de|10115|52.5200|13.4050'"), "not the key of an address"),
        (entry("block", "address", "'DE|10115|-0.0000|13.4050'"), "not the key of an address"),
        (entry("block", "address", "'DE|10115|90.0001|13.4050'"), "not the key of an address"),
        (entry("block", "domain", "evil..example@."), "not a domain"),
        (entry("block", "customer", "c1").replace("c1", "c1\u200b"), "cannot be seen"),
        (entry("block", "customer", "c" * 129), "129 characters; an id has 128"),
        (entry("allow", "shop", "m1", ", absolute: true"), "only a block can be absolute"),
        (entry("forbid", "shop", "m1"), "forbid"),
        (entry("block", "shop", "m1", ", expires: tomorrow"), "lists.yml:3: .*expires"),
        (
            entry("block", "shop", "m1", ", expires: 2026-02-30T00:00:00Z"),
            "lists.yml:3: .*no valid",
        ),
    ],
)
def test_a_broken_entry_is_refused(line: str, complaint: str) -> None:
    with pytest.raises(RuleSetError, match=complaint):
        read_lists(lists(line), "lists.yml")


@pytest.mark.parametrize("written", ["20270101", "2027", "1.5", "2027-01-01", "'01.02.2027'"])
def test_an_end_is_a_time_and_no_number_of_seconds(written: str) -> None:
    """The year 2027 would be half an hour past midnight of the first day of 1970."""
    with pytest.raises(RuleSetError) as refused:
        read_lists(lists(entry("block", "customer", "c1", f", expires: {written}")), "lists.yml")
    assert str(refused.value).startswith("lists.yml:3: error: entries[0].expires: ")
    assert "give a time and a zone, like 2026-11-24T00:00:00Z" in str(refused.value)


@pytest.mark.parametrize("text", ["", "\n  \n", "# What people know.\n", "---\n...\n", "~\n"])
def test_a_file_with_nothing_in_it_is_refused_and_not_taken_for_no_lists(text: str) -> None:
    with pytest.raises(RuleSetError, match=r"^lists\.yml:1: error: .*nothing.*`version: NAME`"):
        read_lists(text, "lists.yml")


@pytest.mark.parametrize("text", ["{}\n", "entries: []\n", "[]\n", "''\n"])
def test_lists_without_a_version_are_refused(text: str) -> None:
    with pytest.raises(RuleSetError, match=r"^lists\.yml:1: error: "):
        read_lists(text, "lists.yml")


@pytest.mark.parametrize("more", ["", "snoozes: []\n"])
def test_lists_may_be_without_entries_if_they_say_so(more: str) -> None:
    text = f"version: l-2\nentries: []\n{more}"
    assert read_lists(text, "lists.yml").content.entries == ()


@pytest.mark.parametrize("more", ["", "snoozes: []\n", "entries:\n", "entries: ~\n"])
def test_lists_that_do_not_say_so_are_refused_as_cut_short(more: str) -> None:
    """Such a file would lift every block."""
    with pytest.raises(RuleSetError, match=r"^lists\.yml:[12]: error: .*entries"):
        read_lists(f"version: l-2\n{more}", "lists.yml")


def snooze_of(kind: str, value: str) -> str:
    what = f"rule: velocity.rule_0, kind: {kind}, value: {value!r}"
    until = 'until: "2026-03-02T13:00:00Z"'
    return lists(snoozes=f"  - {{{what}, {until}, reason: known, author: me}}\n")


@pytest.mark.parametrize(
    ("kind", "value", "complaint"),
    [
        ("ip", "203.0.113.0/240", "is not an address"),
        ("ip", "203.0.113.0/24", "for a whole network"),
        ("ip", "2001:db8::/32", "for a whole network"),
        ("ip", "nowhere", "is not an address"),
        ("email", "example.org", "not an e-mail address"),
        ("shop", "", "value"),
    ],
)
def test_a_snooze_that_no_order_meets_is_refused(kind: str, value: str, complaint: str) -> None:
    with pytest.raises(RuleSetError, match=complaint):
        read_lists(snooze_of(kind, value), "lists.yml")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("203.0.113.77", "203.0.113.77:443 "),
        ("2001:db8::5", "[2001:db8::9%eth0]:443"),
        ("2001:DB8::5", "2001:db8::9"),
        ("2001:db8::/64", "2001:db8::9"),
    ],
)
def test_a_snooze_of_an_address_is_met(
    scorer: MakeScorer, order: MakeOrder, value: str, address: str
) -> None:
    text = snooze_of("ip", value)
    decision = scorer("amount > high / 10", lists=text).score(order(ip_address=address))
    assert [reason.rule for reason in decision.snoozed] == ["velocity.rule_0"]


@pytest.mark.parametrize(
    ("address", "is_silent"),
    [("q@mail.example.org", True), ("q@example.org.", True), ("q@other.org", False), (None, False)],
)
def test_a_snooze_of_a_domain_stands_for_those_under_it(
    scorer: MakeScorer, order: MakeOrder, address: str | None, is_silent: bool
) -> None:
    text = snooze_of("domain", "example.org")
    judge = scorer("amount > high / 10", lists=text)
    assert bool(judge.score(order(customer_email=address)).snoozed) is is_silent


def test_a_snooze_of_an_unknown_rule_is_refused(scorer: MakeScorer) -> None:
    snooze = (
        "  - {rule: velocity.typo, kind: shop, value: m1, until: "
        '"2027-01-01T00:00:00Z", reason: known, author: me}\n'
    )
    with pytest.raises(RuleSetError, match=r"unknown rule velocity.typo"):
        scorer("amount > high", lists=lists(snoozes=snooze))
