"""Finds conditions that no order, or every order, can meet, where that can be decided.

Each name has a range from the catalogue; claims narrow it; when nothing is left, an alternative is
impossible. What cannot be followed counts as possible, so a finding is always right.
"""

from math import inf
from typing import Any

import msgspec

from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.features.windows import LENGTH
from fraud_stream.scoring.rules.language import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Default,
    Known,
    Membership,
    Name,
    Node,
    Not,
    Symbol,
)
from fraud_stream.scoring.rules.normal_form import Claims, alternatives, negate

Range = tuple[float, float]
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def impossible(condition: Node) -> bool:
    """Whether it is certain that no order meets the condition."""
    ways = alternatives(condition)
    return ways is not None and all(_contradicts(claims) for claims in ways)


def always_true(condition: Node) -> bool:
    """Whether it is certain that every order meets it, whose inputs are there."""
    return impossible(negate(condition))


class _Bounds(msgspec.Struct):
    """What the claims so far leave of a number."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    def above(self, value: float, *, strict: bool) -> None:
        if value > self.low or (value == self.low and strict):
            self.low, self.low_open = value, strict

    def below(self, value: float, *, strict: bool) -> None:
        if value < self.high or (value == self.high and strict):
            self.high, self.high_open = value, strict

    def holds(self, value: Any) -> bool:
        """Whether a number is one of those left."""
        own = _Bounds(self.low, self.high, self.low_open, self.high_open)
        own.above(value, strict=False)
        own.below(value, strict=False)
        return not own.empty

    @property
    def empty(self) -> bool:
        return self.low > self.high or (
            self.low == self.high and (self.low_open or self.high_open) and abs(self.low) != inf
        )


class _Claims:
    """Collects claims; each `add` says whether they can still all be true."""

    def __init__(self) -> None:
        self._numbers: dict[str, _Bounds] = {}
        self._allowed: dict[str, set[object]] = {}
        self._excluded: dict[str, set[object]] = {}
        self._flags: dict[str, bool] = {}

    def add(self, claim: Node) -> bool:  # noqa: PLR0911 - one return a kind of claim
        match claim:
            case Constant():
                return bool(claim.value)
            case Name():
                return self._flag(claim.symbol.name, value=True)
            case Known():
                return self._flag(f"known {claim.symbol.name}", value=True)
            case Not(part=Name() as part):
                return self._flag(part.symbol.name, value=False)
            case Not(part=Known() as part):
                return self._flag(f"known {part.symbol.name}", value=False)
            case Membership(item=Name() as item):
                return self._membership(claim, item.symbol)
            case Comparison():
                return self._comparison(claim)
            case _:
                return True

    def _flag(self, name: str, *, value: bool) -> bool:
        return self._flags.setdefault(name, value) is value

    def _membership(self, claim: Membership, symbol: Symbol) -> bool:
        if claim.of_domains:  # of which one stands for others: just the same list is followed
            listed = self._flag(f"{symbol.name} in {claim.code}", value=not claim.negated)
            return listed and bool(claim.values or claim.negated)
        values: set[object] = set(claim.values)
        if symbol.whole:
            values = {value for value in values if not _has_fraction(value)}
        if symbol.kind == "number":
            self._numbers.setdefault(symbol.name, _Bounds(symbol.minimum, symbol.maximum))
        return self._values(symbol.name, values, negated=claim.negated)

    def fit_together(self) -> bool:
        """Whether what is left of the numbers can be true of all of them at once."""
        listed = self._numbers.keys() & self._allowed.keys()
        return all(
            any(self._numbers[name].holds(value) for value in self._left(name)) for name in listed
        ) and not any(
            _is_within(short, long) and self._numbers[short].low > self._numbers[long].high
            for short in self._numbers
            for long in self._numbers
        )

    def _left(self, name: str) -> set[object]:
        return self._allowed[name] - self._excluded.get(name, set())

    def _values(self, name: str, values: set[object], *, negated: bool) -> bool:
        if negated:
            self._excluded.setdefault(name, set()).update(values)
        else:
            self._allowed[name] = self._allowed.get(name, values) & values
        if name not in self._allowed:
            return True
        return bool(self._left(name))

    def _comparison(self, claim: Comparison) -> bool:
        left, operator, right = claim.left, claim.operator, claim.right
        if left == right:
            return operator in ("==", "<=", ">=")
        if {left.kind, right.kind} & {"text", "flag"}:
            return operator not in ("==", "!=") or self._equality(left, operator, right)
        if not _can_hold(span(left), operator, span(right)):
            return False
        if operator == "==" and (_falls_between(left, right) or _falls_between(right, left)):
            return False
        kept = self._narrow(left, operator, span(right))
        return self._narrow(right, _FLIPPED[operator], span(left)) and kept

    def _equality(self, left: Node, operator: str, right: Node) -> bool:
        if isinstance(left, Constant):
            left, right = right, left
        if isinstance(left, Name) and isinstance(right, Constant):
            return self._values(left.symbol.name, {right.value}, negated=operator == "!=")
        return True

    def _narrow(self, node: Node, operator: str, other: Range) -> bool:
        if not isinstance(node, Name) or node.symbol.constant:
            return True
        symbol = node.symbol
        bounds = self._numbers.setdefault(symbol.name, _Bounds(symbol.minimum, symbol.maximum))
        if operator in (">", ">=", "=="):
            bounds.above(other[0], strict=operator == ">")
        if operator in ("<", "<=", "=="):
            bounds.below(other[1], strict=operator == "<")
        return not bounds.empty


def _contradicts(claims: Claims) -> bool:
    held = _Claims()
    return not (all(held.add(claim) for claim in claims) and held.fit_together())


def _is_within(short: str, long: str) -> bool:
    """Whether one counts what the other does, in a part of its window."""
    a, b = CATALOGUE.get(short), CATALOGUE.get(long)
    return (
        a is not None
        and b is not None
        and a.measure in ("count", "count_if", "distinct")
        and (a.entity, a.measure, a.of) == (b.entity, b.measure, b.of)
        and LENGTH[a.window] < LENGTH[b.window]
    )


def _falls_between(count: Node, other: Node) -> bool:
    """Whether a number of whole things is held against one value that has a fraction."""
    low, high = span(other)
    is_whole = isinstance(count, Name) and count.symbol.whole
    return is_whole and low == high and _has_fraction(low)


def _has_fraction(value: object) -> bool:
    return isinstance(value, float) and value % 1 != 0


def _can_hold(left: Range, operator: str, right: Range) -> bool:
    match operator:
        case "<":
            return left[0] < right[1]
        case "<=":
            return left[0] <= right[1]
        case ">":
            return left[1] > right[0]
        case ">=":
            return left[1] >= right[0]
        case "==":
            return left[0] <= right[1] and right[0] <= left[1]
        case _:
            return not (left[0] == left[1] == right[0] == right[1])


def span(node: Node) -> Range:
    """The smallest range that is known to hold every value of a number or an amount."""
    match node:
        case Constant(value=value) if isinstance(value, int | float):
            return (value, value)
        case Name():
            return (node.symbol.minimum, node.symbol.maximum)
        case Default(value=value) if isinstance(value, int | float):
            return (min(value, node.symbol.minimum), max(value, node.symbol.maximum))
        case Arithmetic():
            return _arithmetic(span(node.left), node.operator, span(node.right))
        case Call():
            return _call(node.function, [span(a) for a in node.arguments])
        case _:
            return (-inf, inf)


def _arithmetic(a: Range, operator: str, b: Range) -> Range:
    if operator == "+":
        return (a[0] + b[0], a[1] + b[1])
    if operator == "-":
        return (a[0] - b[1], a[1] - b[0])
    if operator == "%" and b[0] > 0:
        return (0, b[1])
    if operator == "/" and b[0] > 0:
        return _corners(a, (1 / b[1], 1 / b[0]))
    return _corners(a, b) if operator == "*" else (-inf, inf)


def _corners(a: Range, b: Range) -> Range:
    products = [x * y if x and y else 0.0 for x in a for y in b]
    return (min(products), max(products))


def _call(function: str, spans: list[Range]) -> Range:
    if function == "min":
        return (min(s[0] for s in spans), min(s[1] for s in spans))
    if function == "max":
        return (max(s[0] for s in spans), max(s[1] for s in spans))
    if function == "abs":
        low, high = spans[0]
        return (0.0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high)))
    return (0.0, inf) if function == "length" else (-inf, inf)
