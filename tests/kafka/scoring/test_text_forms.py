"""The forms of texts are those that the contract lets in and that folding leaves."""

import re
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_core.events import Address, OrderEvent
from fraud_stream.scoring.order.facts import FACTS
from fraud_stream.scoring.order.identity import mailbox
from fraud_stream.scoring.order.text_forms import (
    CARD_BIN,
    COUNTRY,
    CURRENCY,
    DOMAIN,
    PAYMENT_METHOD,
)

FOLDED = {DOMAIN, PAYMENT_METHOD}
"""Forms that folding gives a text, whatever the contract lets in."""
OF_FORM = {name: fact.form for name, fact in FACTS.items() if fact.form and fact.form not in FOLDED}
CODES = ["DE", "de", "D", "DEU", "DE\n", " DE", "ÄÖ", "EUR", ""]
NUMBERS = ["12345", "123456", "12345678", "123456789", "12345A", "\u0664\u0661" * 3]
TRIED = [*CODES, *NUMBERS]


def contract(name: str) -> re.Pattern[str]:
    """The pattern of the field that a fact is taken from."""
    kind: type[msgspec.Struct] = OrderEvent
    if name.startswith(("shipping_", "billing_")):
        kind, name = Address, name.partition("_")[2]
    (field,) = [field for field in msgspec.structs.fields(kind) if field.name == name]
    return next(re.compile(found) for found in patterns(field.type))


def patterns(kind: Any) -> list[str]:
    own = [note.pattern for note in getattr(kind, "__metadata__", ()) if note.pattern]
    return own + [pattern for part in get_args(kind) for pattern in patterns(part)]


@pytest.mark.parametrize("name", OF_FORM)
def test_a_form_lets_in_what_the_contract_lets_in(name: str) -> None:
    pattern, form = contract(name), OF_FORM[name]
    assert [bool(form.fits(text)) for text in TRIED] == [
        bool(pattern.search(text)) for text in TRIED
    ]


def test_every_country_and_the_currency_have_a_form() -> None:
    forms = {name: fact.form for name, fact in FACTS.items() if fact.kind == "text"}
    assert all(form is COUNTRY for name, form in forms.items() if name.endswith("_country"))
    assert forms["currency"] is CURRENCY
    assert all(CURRENCY.fits(code) for code in MINOR_UNIT_DIGITS)


@given(st.text(max_size=20))
def test_whatever_a_payment_method_is_folded_to_is_of_the_form(text: str) -> None:
    assert PAYMENT_METHOD.fits(PAYMENT_METHOD.folded(text))


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_domain_a_mailbox_has_is_of_the_form(local: str, domain: str) -> None:
    found = mailbox(f"{local}@{domain}")[1]
    assert found is None or DOMAIN.fits(found)


@given(st.text(max_size=20), st.integers(0, 20))
def test_every_part_of_a_mailbox_s_domain_is_found_at_its_own_end(text: str, cut: int) -> None:
    domain = mailbox(f"a@{text}")[1] or ""
    assert DOMAIN.begins(domain[:cut])
    assert DOMAIN.ends(domain[cut:])


@pytest.mark.parametrize("text", TRIED)
def test_what_no_text_of_a_form_begins_or_ends_with_is_told(text: str) -> None:
    """Of a form of so many letters of one kind, whatever can be filled up to one."""
    for form, letters in ((COUNTRY, "XY"), (CURRENCY, "XYZ"), (CARD_BIN, "12345678")):
        begun = [text + letters[:count] for count in range(len(letters) + 1)]
        ended = [letters[:count] + text for count in range(len(letters) + 1)]
        assert bool(form.begins(text)) == any(map(form.fits, begun))
        assert bool(form.ends(text)) == any(map(form.fits, ended))


@given(st.text(min_size=1, max_size=20))
def test_whatever_is_of_the_form_is_some_mailbox_s_domain(text: str) -> None:
    assert (mailbox(f"a@{text}")[1] == text) is bool(DOMAIN.fits(text))
