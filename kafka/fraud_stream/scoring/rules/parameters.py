"""Parameters as names for conditions: numbers as they are, amounts for every currency."""

from collections.abc import Mapping

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.order.facts import FACTS
from fraud_stream.scoring.rules.language import Kind, Symbol
from fraud_stream.scoring.rules.parse import MAX_NUMBER
from fraud_stream.scoring.rules.ruleset import Money, Parameter
from fraud_stream.scoring.rules.suggestions import suggest

_KINDS: dict[str, Kind] = {
    "count": "number",
    "number": "number",
    "money": "money",
    "text": "text",
    "flag": "flag",
}

WATCHED = Symbol(name="on_watch_list", kind="flag", code="_on_watch_list", nullable=False)
"""Whether an entry of the watch list is met."""


class ParameterError(ValueError):
    """A parameter that makes no sense."""


def unusable_rates(money: Money) -> dict[str, str]:
    """What is wrong with each rate that nothing can be converted with, by currency."""
    return {c: wrong for c, rate in money.rates.items() if (wrong := _wrong_rate(c, rate))}


def _wrong_rate(currency: str, rate: float) -> str | None:
    if currency not in MINOR_UNIT_DIGITS:
        return _no_currency(currency)
    if not 0 < rate <= MAX_NUMBER:
        return f"the rate of {currency} is {rate}; give a number above 0, at most {MAX_NUMBER:g}"
    return None


def _no_currency(code: str) -> str:
    meant = code.upper() if code.upper() in MINOR_UNIT_DIGITS else code
    close = suggest(meant, MINOR_UNIT_DIGITS)
    return f"{code} is no ISO 4217 currency with money{close}"


def amounts(parameter: Parameter, money: Money) -> dict[str, int]:
    """The limit in minor units of every currency that has a rate or an override.

    The rates are of currencies. Raises ParameterError for an override of anything else.
    """
    for currency in parameter.override:
        if currency not in MINOR_UNIT_DIGITS:
            raise ParameterError(_no_currency(currency))
    base = parameter.amount or 0.0
    major = {c: base * rate for c, rate in money.rates.items()} | parameter.override
    return {c: round(value * 10 ** MINOR_UNIT_DIGITS[c]) for c, value in sorted(major.items())}


def symbol_of(name: str, parameter: Parameter, money: Money) -> Symbol:
    """How a condition sees the parameter. Raises ParameterError."""
    if (parameter.value is None) is (parameter.amount is None):
        raise ParameterError("give either a value or an amount")
    if parameter.override and parameter.amount is None:
        raise ParameterError("an override by currency belongs to an amount, not to a value")
    _require_usable(parameter)
    if parameter.value is not None:
        value = parameter.value
        code = repr(int(value) if value == int(value) else value)
        return Symbol(
            name=name,
            kind="number",
            code=code,
            nullable=False,
            minimum=value,
            maximum=value,
            constant=True,
        )
    by_currency = amounts(parameter, money).values()
    return Symbol(
        name=name,
        kind="money",
        code=f"_limit_{name}",
        nullable=True,
        minimum=min(by_currency, default=0),
        maximum=max(by_currency, default=0),
        constant=True,
    )


def stand_in(name: str, parameter: Parameter) -> Symbol:
    """For a parameter that makes no sense: rules that name it have no mistake by that."""
    kind = "number" if parameter.amount is None else "money"
    return Symbol(name=name, kind=kind, code=name, nullable=False, constant=True)


def _require_usable(parameter: Parameter) -> None:
    """Refuse nan, infinity and numbers that overflow, and a limit that every order is above."""
    given = {"value": parameter.value, "amount": parameter.amount}
    given |= {f"override of {currency}": n for currency, n in parameter.override.items()}
    for name, number in given.items():
        if number is not None and not abs(number) <= MAX_NUMBER:
            raise ParameterError(f"its {name} is {number}; give a number up to {MAX_NUMBER:g}")
    for currency, number in parameter.override.items():
        if (parameter.amount or 0) > 0 >= number:
            raise ParameterError(
                f"its override of {currency} is {number}; give an amount above 0, as its amount is"
            )


def built_in_symbols() -> Mapping[str, Symbol]:
    """All facts of an order and all features of the catalogue."""
    found = {WATCHED.name: WATCHED}
    for fact in FACTS.values():
        if not fact.internal:
            found[fact.name] = Symbol(
                name=fact.name,
                kind=_KINDS[fact.kind],
                code=fact.name,
                nullable=fact.nullable,
                minimum=fact.minimum,
                maximum=fact.maximum,
                unit=fact.unit,
                values=fact.values,
                form=fact.form,
                whole=fact.kind == "count",
            )
    for feature in CATALOGUE.values():
        found[feature.name] = Symbol(
            name=feature.name,
            kind=_KINDS[feature.kind],
            code=feature.name,
            nullable=_nullable(feature.name),
            minimum=feature.minimum,
            maximum=feature.maximum,
            unit=feature.unit,
            whole=feature.kind == "count",
        )
    return found


def _nullable(name: str) -> bool:
    """Counts and sums of customer and shop are always there; every order names both."""
    feature = CATALOGUE[name]
    always = feature.entity in ("customer", "shop", "customer_spend", "shop_spend", "shop_labels")
    return not (always and feature.measure in ("count", "count_if", "distinct", "sum"))
