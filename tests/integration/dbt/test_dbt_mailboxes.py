"""Mailboxes and payment methods are folded in the warehouse as they are in scoring."""

import sys
from contextlib import closing

import pytest
from jinja2 import Environment

from fraud_core.database import connect
from fraud_core.settings import REPOSITORY, Role, Settings
from fraud_stream.scoring.order.identity import mailbox
from fraud_stream.scoring.order.text_forms import PAYMENT_METHOD

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SPACES = [chr(n) for n in range(1, sys.maxunicode) if chr(n).isspace()]
WRITTEN = [
    *("a.b@example.org", "A.B+tag@Example.ORG", "...@example.org", "+tag@example.org", "a@b@c"),
    *("", "nobody", "@example.org", "a@", " @ ", "a b@example.org", "a\n@example.org"),
    *(f"{space}a.b@example.org{space}{space}" for space in SPACES),
    *(f"a{space}b@example.org" for space in SPACES),
    *("a@example.org.", "a@example.org. .", "a@example.org.\u3000..", "a@.", "a.@.b", "..", "."),
    *(
        "JO\u0308RG@BU\u0308RO.example",
        "J\u00d6RG@b\u00fcro.example",
        "jo.\u0308rg@x.org",
        "a@\u0308.x",
    ),
    *("\u200ba@example.org", "\ufeffa@example.org", "a@example.org\u180e"),
]


METHODS = ["PayPal", "paypal", "Apple Pay", "apple-pay", " e-Wallet\u3000", "pay  later", "-", ""]


def test_mailboxes_fold_alike(warehouse: Settings) -> None:
    assert len(SPACES) > 20
    expected = [mailbox(text)[0] for text in WRITTEN]
    assert folded(warehouse, "folded_email", WRITTEN) == expected


def test_payment_methods_fold_alike(warehouse: Settings) -> None:
    expected = [PAYMENT_METHOD.folded(text) for text in METHODS]
    assert folded(warehouse, "folded_method", METHODS) == expected
    assert len(set(expected)) == 6


def folded(warehouse: Settings, macro: str, texts: list[str]) -> list[str | None]:
    """What the macro makes of each."""
    macros = (REPOSITORY / "dbt" / "macros" / "folding.sql").read_text()
    expression = Environment().from_string(f"{macros}{{{{ {macro}('written') }}}}").render()  # noqa: S701 - SQL
    query = (
        f"select {expression} from unnest(%s::text[]) with ordinality as given (written, place) "
        "order by place"
    )
    with closing(connect(warehouse, Role.DBT, application="tests")) as dbt, dbt.cursor() as cursor:
        cursor.execute(query, (texts,))
        return [found for (found,) in cursor.fetchall()]
