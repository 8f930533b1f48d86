"""What can never be, and what was most likely meant."""

import difflib
import operator
from collections.abc import Callable, Iterable

from fraud_stream.scoring.order.text_forms import TextForm
from fraud_stream.scoring.rules.language import Symbol

_SAYS = {"is": "is never", "starts_with": "never starts with", "ends_with": "never ends with"}
_HOLDS: dict[str, Callable[[str, str], bool]] = {
    "is": operator.eq,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def suggest(name: str, known: Iterable[str]) -> str:
    """A question in brackets that names the closest known thing, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return _meant(close[0]) if close else ""


def never(symbol: Symbol, way: str, text: str, own: Iterable[str] = ()) -> str:
    """Why a name never is, starts_with or ends_with a text, as the `way` says; empty when it can.

    `own` are texts that it can be whatever its form is.
    """
    holds, form = _HOLDS[way], symbol.form
    if any(holds(value, text) for value in (*symbol.values, *own)):
        return ""
    if symbol.values:
        close = suggest(text, symbol.values) if way == "is" else ""
        return f"{_SAYS[way]} {text!r}{close}: it is one of {', '.join(symbol.values)}"
    if form and not _fits(form, way)(text):
        folded = form.folded(text)
        close = _meant(folded) if folded and _fits(form, way)(folded) else ""
        return f"{_SAYS[way]} {text!r}{close}: it is {form.says}"
    return ""


def _fits(form: TextForm, way: str) -> Callable[[str], object]:
    return {"is": form.fits, "starts_with": form.begins, "ends_with": form.ends}[way]


def _meant(text: str) -> str:
    return f" (did you mean {text}?)"
