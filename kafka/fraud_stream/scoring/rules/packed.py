"""The rules as compiled code evaluates them: their checked trees, told to `_core` in registers.

`compile.py` writes the same rules as Python; which fire, in which order and on which values, and
which cannot be evaluated, is equal.
"""

import operator
from ast import literal_eval
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fraud_stream.scoring._core import Rules
from fraud_stream.scoring.rules.compile import groups_of, reason_values
from fraud_stream.scoring.rules.language import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Default,
    Known,
    Logic,
    Membership,
    Name,
    Node,
    Not,
    Symbol,
    divisors,
)
from fraud_stream.scoring.rules.load import CheckedRule

Register = tuple[int, int]
Told = tuple[Any, ...]
"""A node, a rule or a group, as core/rules_told.c reads it."""

_FEATURES, _FACTS, _CONSTANTS = range(3)
_COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "min": min,
    "max": max,
    "abs": abs,
    "length": len,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def packed_rules(
    rules: Sequence[CheckedRule], names: Mapping[str, Symbol], features: Sequence[str]
) -> tuple[Rules, list[str]]:
    """The rules over these features, and the locals whose values `judge` is given beside them."""
    registers = _Registers(features)
    groups = tuple(
        (
            tuple(registers.of_code(need) for need in needs),
            tuple(_rule(number, rules[number], names, registers) for number in members),
        )
        for needs, members in groups_of(rules).items()
    )
    facts = list(registers.facts)
    return Rules(groups, len(features), len(facts), tuple(registers.constants)), facts


class _Registers:
    """Where each value stands; facts and constants get their places as they are met."""

    def __init__(self, features: Sequence[str]) -> None:
        self._features = {name: place for place, name in enumerate(features)}
        self.facts: dict[str, int] = {}
        self.constants: list[object] = []

    def of(self, symbol: Symbol) -> Register:
        """Of a name; a parameter that is no amount is a constant."""
        if symbol.constant and symbol.kind != "money":
            return self.constant(literal_eval(symbol.code))
        return self.of_code(symbol.code)

    def of_code(self, local: str) -> Register:
        """Of a local of the generated program."""
        if local in self._features:
            return _FEATURES, self._features[local]
        return _FACTS, self.facts.setdefault(local, len(self.facts))

    def constant(self, value: object) -> Register:
        """Of a value that is the same for every order."""
        self.constants.append(value)
        return _CONSTANTS, len(self.constants) - 1


def _rule(
    number: int, checked: CheckedRule, names: Mapping[str, Symbol], registers: _Registers
) -> Told:
    return (
        number,
        tuple(_told(divisor, registers) for divisor in divisors(checked.condition)),
        _told(checked.condition, registers),
        tuple(registers.of(symbol) for symbol in reason_values(checked, names).values()),
    )


def _told(node: Node, registers: _Registers) -> Told:  # noqa: PLR0911 - one return a kind of node
    def parts(*nodes: Node) -> tuple[Told, ...]:
        return tuple(_told(part, registers) for part in nodes)

    match node:
        case Constant():
            return "value", registers.constant(node.value)
        case Name():
            return "value", registers.of(node.symbol)
        case Default():
            return "default", registers.of(node.symbol), registers.constant(node.value)
        case Known():
            return "known", registers.of(node.symbol)
        case Arithmetic():
            return "call", _FUNCTIONS[node.operator], parts(node.left, node.right)
        case Call():
            return "call", _FUNCTIONS[node.function], parts(*node.arguments)
        case Membership():
            held: Told = ("call", node.values.__contains__, parts(node.item))
            return ("not", (held,)) if node.negated else held
        case Comparison():
            return (
                "compare",
                _COMPARISONS.index(node.operator),
                parts(node.left, node.right),
            )
        case Logic():
            return "all" if node.operator == "and" else "any", parts(*node.parts)
        case Not():
            return "not", parts(node.part)
        case _:
            raise TypeError(f"no code for {type(node).__name__}")
