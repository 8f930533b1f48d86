"""The two forms of a scorer's state: compiled where that was possible, and its twin in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from fraud_core.errors import SettingsError
from fraud_stream.scoring.features.history import Histories

if TYPE_CHECKING:
    from fraud_stream.scoring.features.packed import PackedHistories

Form = Literal["auto", "compiled", "python"]
"""`auto` is the compiled one where it is there. Both decide the same, to the last bit."""

State: TypeAlias = "Histories | PackedHistories"


def state_maker(form: Form) -> Callable[..., State]:
    """What makes an empty state, given the newest event time if there is one.

    Raises SettingsError when the compiled form is insisted on and was not built.
    """
    if form == "python":
        return Histories
    try:
        from fraud_stream.scoring.features.packed import PackedHistories
    except ImportError as error:
        if form == "auto":
            return Histories
        raise SettingsError(
            f"the compiled scorer is not there ({error}): install a C compiler and Python's "
            "headers and run `make setup` again, or set SCORER_FORM=auto"
        ) from error
    return PackedHistories


def available_forms() -> tuple[Form, ...]:
    """The forms that can be asked for here."""
    compiled = state_maker("auto") is not Histories
    return ("compiled", "python") if compiled else ("python",)
