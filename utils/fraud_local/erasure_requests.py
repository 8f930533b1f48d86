"""Requests for erasures: noted at any time, done when nothing stands in the way."""

from contextlib import closing
from datetime import datetime
from typing import Any, Literal

import msgspec

from fraud_core.database import connect
from fraud_core.errors import ErasureError, UnknownCustomerError
from fraud_core.pseudonym import erased_id
from fraud_core.settings import Role, Settings
from fraud_local.erasure.ledger import refuse_shop_owner
from fraud_local.erasure.named import refuse_nobody
from fraud_local.erasure.run import erase_customer
from fraud_local.erasure.vacuum import vacuum
from fraud_stream.scoring.order.identity import composed

_APPLICATION = "fraud erasure requests"

Outcome = Literal["erased", "unknown"]


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the requests that waited; of the unknown there was nothing to erase."""

    erased: int = 0
    unknown: int = 0
    not_vacuumed: tuple[str, ...] = ()


class Request(msgspec.Struct, frozen=True):
    """One that waits."""

    request_id: int
    customer_id: str
    requested_by: str
    why: str
    requested_at: datetime


def request_erasure(settings: Settings, customer_id: str, *, by: str, why: str) -> int:
    """Note that a customer is to be erased; returns the request's id, one that waits if there is.

    Raises ErasureError for whom it would be refused however long it waits.
    """
    refuse_nobody(customer_id)
    customer_id = composed(customer_id)
    with (
        closing(connect(settings, Role.OWNER, application=_APPLICATION)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        refuse_shop_owner(cursor, customer_id)
        cursor.execute(_REQUESTED, (customer_id,))
        waiting = cursor.fetchall()
        if not waiting:
            cursor.execute(_REQUEST, (customer_id, by, why))
            waiting = cursor.fetchall()
    return waiting[0][0]


def waiting_requests(settings: Settings) -> list[Request]:
    """Those that wait, oldest first."""
    return [Request(*row) for row in _ask(settings, Role.DBT, _WAITING)]


def withdraw(settings: Settings, request_id: int) -> None:
    """Have a request wait no longer, and forget whom it named. ErasureError if none of it waits."""
    named = {request.request_id: request.customer_id for request in waiting_requests(settings)}
    if request_id not in named:
        raise ErasureError(
            f"no request {request_id} waits: `fraud erasures requests` lists those that do"
        )
    _close(settings, request_id, named[request_id], "withdrawn")


def erase_requested(settings: Settings) -> Handled:
    """Do every request that waits, one after the other, and forget whom it named.

    Asking costs no right; erasing is the owner's, so SettingsError names POSTGRES_PASSWORD when a
    request waits and it is not set. Raises ErasureError after all others when one is refused: it
    waits on, and its reason says whether for a build to end or for a person.
    """
    outcomes: list[str] = []
    refused: list[str] = []
    left: list[str] = []
    for request in waiting_requests(settings):
        try:
            outcome, not_vacuumed = _erase(settings, request)
            outcomes.append(outcome)
            left += not_vacuumed
        except ErasureError as error:
            refused.append(f"request {request.request_id}: {error}")
    if outcomes:
        left += vacuum(settings, {Role.OWNER: [("raw", "erasure_requests")]})
    if refused:
        raise ErasureError("\n".join([*refused, *left]))
    return Handled(
        erased=outcomes.count("erased"),
        unknown=outcomes.count("unknown"),
        not_vacuumed=tuple(left),
    )


def _erase(settings: Settings, request: Request) -> tuple[Outcome, tuple[str, ...]]:
    """A crash between both leaves the request waiting; erasing again is safe."""
    outcome: Outcome = "erased"
    left: tuple[str, ...] = ()
    try:
        left = erase_customer(
            settings, request.customer_id, by=request.requested_by, why=request.why
        ).not_vacuumed
    except UnknownCustomerError:
        outcome = "unknown"
    _close(settings, request.request_id, request.customer_id, outcome)
    return outcome, left


def _close(settings: Settings, request_id: int, customer_id: str, outcome: str) -> None:
    token = erased_id(settings.pseudonym_secret(), customer_id)
    _ask(settings, Role.OWNER, _DONE, (token, outcome, request_id))


def _ask(
    settings: Settings, role: Role, statement: str, values: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    with (
        closing(connect(settings, role, application=_APPLICATION)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
        return cursor.fetchall()


_REQUESTED = """
select request_id from raw.erasure_requests where customer_id = %s and done_at is null
"""

_REQUEST = """
insert into raw.erasure_requests (customer_id, requested_by, why) values (%s, %s, %s)
returning request_id
"""

_WAITING = """
select request_id, customer_id, requested_by, why, requested_at
from raw.erasure_requests where done_at is null order by request_id
"""

_DONE = """
update raw.erasure_requests
set customer_id = %s, outcome = %s, done_at = clock_timestamp()
where request_id = %s
returning request_id
"""
