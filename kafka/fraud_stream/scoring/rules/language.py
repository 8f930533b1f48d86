"""The small language of conditions: what can be named, and the typed tree that a text becomes."""

from typing import Literal

import msgspec

from fraud_stream.scoring.order.text_forms import TextForm

Kind = Literal["number", "money", "text", "flag"]
Literal_ = int | float | str | bool


class Symbol(msgspec.Struct, frozen=True):
    """A name that a condition can use.

    `code` is the local variable of the generated program that holds it. `minimum` and `maximum`
    bound a number or money; `values` are all that a text can be, none of them when it can be any;
    `form` is what it always looks like. `whole` says that a number has no fraction, `nullable` that
    it can be missing. A `constant` is known before any order is seen.
    """

    name: str
    kind: Kind
    code: str
    nullable: bool
    minimum: float = float("-inf")
    maximum: float = float("inf")
    constant: bool = False
    unit: str = ""
    values: tuple[str, ...] = ()
    form: TextForm | None = None
    whole: bool = False


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A checked part of a condition; `kind` is the type of its value."""

    kind: Kind


class Constant(Node, frozen=True, kw_only=True):
    """A literal."""

    value: Literal_


class Name(Node, frozen=True, kw_only=True):
    """A fact, a feature or a parameter."""

    symbol: Symbol


class Arithmetic(Node, frozen=True, kw_only=True):
    """`left operator right`."""

    operator: Literal["+", "-", "*", "/", "%"]
    left: Node
    right: Node


class Comparison(Node, frozen=True, kw_only=True):
    """`left operator right`, true or false."""

    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Node
    right: Node


class Membership(Node, frozen=True, kw_only=True):
    """`item in values`; `code` is the set in the generated program.

    An item `of_domains` is also in values that hold a domain above it.
    """

    item: Node
    values: frozenset[Literal_]
    code: str
    negated: bool
    of_domains: bool = False


class Logic(Node, frozen=True, kw_only=True):
    """`and` / `or` over two parts or more."""

    operator: Literal["and", "or"]
    parts: tuple[Node, ...]


class Not(Node, frozen=True, kw_only=True):
    """`not part`."""

    part: Node


class Known(Node, frozen=True, kw_only=True):
    """`known(name)`: whether it is there. The rule stays evaluable without it."""

    symbol: Symbol


class Default(Node, frozen=True, kw_only=True):
    """`default(name, literal)`: the literal where it is missing."""

    symbol: Symbol
    value: Literal_


class Call(Node, frozen=True, kw_only=True):
    """One of a few functions."""

    function: Literal["min", "max", "abs", "length", "starts_with", "ends_with"]
    arguments: tuple[Node, ...]


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node."""
    match node:
        case Arithmetic() | Comparison():
            return (node.left, node.right)
        case Membership():
            return (node.item,)
        case Logic():
            return node.parts
        case Not():
            return (node.part,)
        case Call():
            return node.arguments
        case _:
            return ()


def symbols(node: Node) -> dict[str, Symbol]:
    """Every name in a condition, in order of appearance."""
    found: dict[str, Symbol] = {}
    if isinstance(node, Name | Known | Default):
        found[node.symbol.name] = node.symbol
    for child in children(node):
        found |= symbols(child)
    return found


def required(node: Node) -> dict[str, Symbol]:
    """The names that can be missing and make the condition not evaluable when they are."""
    found: dict[str, Symbol] = {}
    if isinstance(node, Name) and node.symbol.nullable:
        found[node.symbol.name] = node.symbol
    for child in children(node):
        found |= required(child)
    return found


def divisors(node: Node) -> list[Node]:
    """What the condition divides by and could be zero; if it is, the rule is not evaluable."""
    found = [d for child in children(node) for d in divisors(child)]
    if isinstance(node, Arithmetic) and node.operator in "/%":
        right = node.right
        if not (isinstance(right, Constant) and right.value):
            found.append(right)
    return found
