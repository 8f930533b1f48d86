"""Requests for erasures: noted at any time, done when nothing stands in the way."""

from contextlib import closing
from typing import Any, Literal

import msgspec

from fraud_core.database import connect
from fraud_core.errors import ErasureError, UnknownCustomerError
from fraud_core.pseudonym import erased_id
from fraud_core.settings import Role, Settings
from fraud_local.erasure.named import refuse_nobody
from fraud_local.erasure.run import erase_customer


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the requests that waited; of the unknown there was nothing to erase."""

    erased: int = 0
    unknown: int = 0


class _Waiting(msgspec.Struct, frozen=True):
    request_id: int
    customer_id: str
    requested_by: str
    why: str


def request_erasure(settings: Settings, customer_id: str, *, by: str, why: str) -> int:
    """Note that a customer is to be erased; returns the request's id."""
    refuse_nobody(customer_id)
    ((request_id,),) = _ask(settings, Role.OWNER, _REQUEST, (customer_id, by, why))
    return request_id


def erase_requested(settings: Settings) -> Handled:
    """Do every request that waits, one after the other, and forget whom it named.

    Asking costs no right; erasing is the owner's, so SettingsError names POSTGRES_PASSWORD when a
    request waits and it is not set. Raises ErasureError after all others when one is refused: it
    waits on, and its reason says whether for a build to end or for a person.
    """
    waiting = [_Waiting(*row) for row in _ask(settings, Role.DBT, _WAITING)]
    outcomes: list[str] = []
    refused: list[str] = []
    for request in waiting:
        try:
            outcomes.append(_erase(settings, request))
        except ErasureError as error:
            refused.append(f"request {request.request_id}: {error}")
    if refused:
        raise ErasureError("\n".join(refused))
    return Handled(erased=outcomes.count("erased"), unknown=outcomes.count("unknown"))


def _erase(settings: Settings, request: _Waiting) -> Literal["erased", "unknown"]:
    """A crash between both leaves the request waiting; erasing again is safe."""
    outcome: Literal["erased", "unknown"] = "erased"
    try:
        erase_customer(settings, request.customer_id, by=request.requested_by, why=request.why)
    except UnknownCustomerError:
        outcome = "unknown"
    token = erased_id(settings.pseudonym_secret(), request.customer_id)
    _ask(settings, Role.OWNER, _DONE, (token, outcome, request.request_id))
    return outcome


def _ask(
    settings: Settings, role: Role, statement: str, values: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    with (
        closing(connect(settings, role, application="fraud erasure requests")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
        return cursor.fetchall()


_REQUEST = """
insert into raw.erasure_requests (customer_id, requested_by, why) values (%s, %s, %s)
returning request_id
"""

_WAITING = """
select request_id, customer_id, requested_by, why
from raw.erasure_requests where done_at is null order by request_id
"""

_DONE = """
update raw.erasure_requests
set customer_id = %s, outcome = %s, done_at = clock_timestamp()
where request_id = %s
returning request_id
"""
