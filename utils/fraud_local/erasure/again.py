"""Erase again whom a restored backup has brought back, known by nothing but their tokens."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from fraud_core.database import connect
from fraud_core.errors import ErasureError
from fraud_core.pseudonym import erased_id
from fraud_core.settings import Role, Settings
from fraud_local.erasure import ledger
from fraud_local.erasure.run import Progress, erase_customer

_APPLICATION = "fraud erasures"


class Past(msgspec.Struct, frozen=True):
    """An erasure that was done. The token says whose it was to nobody without PSEUDONYM_KEY."""

    erased_id: str
    erased_at: datetime
    erased_by: str
    why: str


class Again(msgspec.Struct, frozen=True):
    """Customers found and erased anew; `noted` are those of whom no order or reference is there."""

    erased: int
    noted: int
    not_vacuumed: tuple[str, ...] = ()


def erasures(settings: Settings) -> list[Past]:
    """Those that were done, oldest first."""
    return [Past(*row) for row in _ask(settings, Role.DBT, _DONE)]


def read_erasures(file: Path) -> list[Past]:
    """What `fraud erasures list --json` wrote; raises ErasureError for anything else."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Past])
    except OSError as error:
        raise ErasureError(f"{file} cannot be read: {error.strerror or error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ErasureError(
            f"{file} is not what `fraud erasures list --json` writes: {error}"
        ) from error


def erase_again(
    settings: Settings,
    past: Iterable[Past],
    progress: Progress = lambda _table, _rows: None,
) -> Again:
    """Do those that the database does not know, as of when they were first done. Safe to run again.

    Of whom no order is there it is noted, so that messages from before his erasure are refused when
    they are read from Kafka again. Raises ErasureError after all others when one is refused.
    """
    known = {done.erased_id: done.erased_at for done in erasures(settings)}
    missing = {
        done.erased_id: done
        for done in past
        if done.erased_id not in known or known[done.erased_id] < done.erased_at
    }
    refused: list[str] = []
    left: list[str] = []
    erased = 0
    for customer_id in _customers(settings, missing.keys()):
        done = missing.pop(erased_id(settings.pseudonym_secret(), customer_id))
        try:
            again = erase_customer(
                settings,
                customer_id,
                by=done.erased_by,
                why=done.why,
                at=done.erased_at,
                progress=progress,
            )
            erased += 1
            left += again.not_vacuumed
        except ErasureError as error:
            refused.append(str(error))
    _note(settings, list(missing.values()))
    if refused:
        raise ErasureError("\n".join([*refused, *left]))
    return Again(erased=erased, noted=len(missing), not_vacuumed=tuple(left))


def _customers(settings: Settings, tokens: Collection[str]) -> list[str]:
    """Those whom the tokens stand for."""
    if not tokens:
        return []
    wanted, secret = frozenset(tokens), settings.pseudonym_secret()
    there = (name for (name,) in _ask(settings, Role.DBT, _THERE))
    return [name for name in there if erased_id(secret, name) in wanted]


def _note(settings: Settings, missing: Sequence[Past]) -> None:
    if not missing:
        return
    with (
        closing(connect(settings, Role.OWNER, application=_APPLICATION)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        ledger.end_scoring(cursor)
        cursor.executemany(_NOTE, [msgspec.structs.asdict(done) for done in missing])


def _ask(settings: Settings, role: Role, statement: str) -> list[tuple[Any, ...]]:
    with (
        closing(connect(settings, role, application=_APPLICATION)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchall()


_DONE = "select erased_id, erased_at, erased_by, why from raw.erasures order by erasure_id"

_THERE = """
select customer_id from raw.transactions_stream where not starts_with(customer_id, 'erased-')
union
select customer_id from reference.customers
"""

_NOTE = """
insert into raw.erasures (erased_id, erased_by, why, erased_at, counts)
values (%(erased_id)s, %(erased_by)s, %(why)s, %(erased_at)s, '{}')
"""
