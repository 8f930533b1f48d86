"""The functions that facts are computed with, by their names in the generated program."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from fraud_stream.scoring.order import clock, geography, identity
from fraud_stream.scoring.order.memo import Memo
from fraud_stream.scoring.order.text_forms import PAYMENT_METHOD

_NAMES = (
    "microseconds",
    "local_hour",
    "kilometres",
    "likeness",
    "address_key",
    "mailbox",
)


def functions(form: Literal["compiled", "python"]) -> dict[str, Callable[..., Any]]:
    """In Python, the dear ones remember what they were asked; compiled, that would cost more."""
    shared = {
        "_network": Memo(identity.network).__getitem__,
        "_payment_method": Memo(PAYMENT_METHOD.folded).__getitem__,
    }
    if form == "compiled":
        from fraud_stream.scoring import _core

        compiled = {f"_{name}": getattr(_core, name) for name in _NAMES}
        return {**shared, **compiled, "_place_at": _core.place, "_take_apart": _core.take_apart}
    return {
        **shared,
        "_microseconds": clock.microseconds,
        "_local_hour": clock.local_hour,
        "_kilometres": geography.kilometres,
        "_place_at": _remembering(geography.place),
        "_address_key": _remembering(identity.address_key),
        "_likeness": _remembering(identity.likeness),
        "_mailbox": Memo(identity.mailbox).__getitem__,
    }


def _remembering(compute: Callable[..., Any]) -> Callable[..., Any]:
    return partial(_remembered, Memo(lambda given: compute(*given)))


def _remembered(memo: Memo[tuple[Any, ...], Any], *given: Any) -> Any:
    return memo[given]
