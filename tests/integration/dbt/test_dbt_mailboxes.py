"""Mailboxes are folded in the warehouse as they are in scoring."""

import sys
from contextlib import closing

import pytest
from jinja2 import Environment

from fraud_core.database import connect
from fraud_core.settings import REPOSITORY, Role, Settings
from fraud_stream.scoring.order.identity import mailbox

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SPACES = [chr(n) for n in range(1, sys.maxunicode) if chr(n).isspace()]
WRITTEN = [
    *("a.b@example.org", "A.B+tag@Example.ORG", "...@example.org", "+tag@example.org", "a@b@c"),
    *("", "nobody", "@example.org", "a@", " @ ", "a b@example.org", "a\n@example.org"),
    *(f"{space}a.b@example.org{space}{space}" for space in SPACES),
    *(f"a{space}b@example.org" for space in SPACES),
    *("\u200ba@example.org", "\ufeffa@example.org", "a@example.org\u180e"),
]


def test_mailboxes_fold_alike(warehouse: Settings) -> None:
    macros = (REPOSITORY / "dbt" / "macros" / "folding.sql").read_text()
    folded = Environment().from_string(macros + "{{ folded_email('address') }}").render()  # noqa: S701 - SQL
    query = (
        f"select {folded} from unnest(%s::text[]) with ordinality as given (address, place) "
        "order by place"
    )
    with closing(connect(warehouse, Role.DBT, application="tests")) as dbt, dbt.cursor() as cursor:
        cursor.execute(query, (WRITTEN,))
        found = [address for (address,) in cursor.fetchall()]

    assert len(SPACES) > 20
    assert dict(zip(WRITTEN, found, strict=True)) == {text: mailbox(text)[0] for text in WRITTEN}
