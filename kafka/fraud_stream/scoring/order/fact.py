"""What a fact is, and the makers of the kinds of fact that there are many of."""

from typing import Literal

import msgspec

from fraud_stream.scoring.order.text_forms import TextForm

Kind = Literal["count", "number", "money", "text", "flag"]


class Fact(msgspec.Struct, frozen=True):
    """One fact; `code` are the lines that set the local variable of its name, after its `needs`.

    The code is ours and not the rule author's: the compiler pastes it before the rules that use it.
    `derived` facts are not in the event as such and are kept with the decision. `values` are all
    that a text can be, where the contract lets in no others; `form` is what it always looks like.
    """

    name: str
    kind: Kind
    sentence: str
    code: tuple[str, ...]
    needs: tuple[str, ...] = ()
    nullable: bool = True
    minimum: float = 0.0
    maximum: float = float("inf")
    unit: str = ""
    derived: bool = False
    internal: bool = False
    values: tuple[str, ...] = ()
    form: TextForm | None = None


def text(name: str, sentence: str) -> Fact:
    """A text of the event; an empty one is missing."""
    return Fact(name, "text", sentence, (f"{name} = _event.{name} or None",))


def one_of(name: str, *values: str) -> Fact:
    """A text that is one of few words."""
    sentence = f"{', '.join(values[:-1])} or {values[-1]}."
    return Fact(name, "text", sentence, (f"{name} = _event.{name}",), values=values)


def plain(name: str, kind: Kind, sentence: str, unit: str = "", maximum: float = 1e18) -> Fact:
    """A field of the event as it is."""
    return Fact(name, kind, sentence, (f"{name} = _event.{name}",), unit=unit, maximum=maximum)


def of_form(name: str, form: TextForm, sentence: str) -> Fact:
    """A text of the event that always has a form."""
    return Fact(name, "text", sentence, (f"{name} = _event.{name}",), form=form)


def part(address: str, field: str, sentence: str, form: TextForm | None = None) -> Fact:
    """A field of one of the addresses."""
    name = f"{address}_{field}"
    line = f"{name} = _{address}.{field} or None if _{address} is not None else None"
    return Fact(name, "text", sentence, (line,), (f"_{address}",), form=form)


def internal(name: str, *code: str, needs: tuple[str, ...] = ()) -> Fact:
    """Lines that facts share; no rule can name it."""
    return Fact(name, "text", "", code, needs, internal=True)


def age(name: str, field: str, divisor: str, unit: str, sentence: str) -> Fact:
    """How long before the order a moment of the event was."""
    return Fact(
        name,
        "number",
        sentence,
        (
            f"_then = _event.{field}",
            f"{name} = None if _then is None "
            f"else (_at - _microseconds(_then)) / 1000000 / {divisor}",
        ),
        unit=unit,
        minimum=float("-inf"),
        derived=True,
    )
