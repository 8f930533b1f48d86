"""Turns the text of a condition into a checked tree. What is not on the list here does not exist.

Python's own parser reads the text, but only the kinds of node named below are let through: no
attribute, subscript, lambda, comprehension, assignment, f-string or call of anything but a few
functions. What is later compiled is written from the tree, never from the author's text.
"""

import ast
import io
import tokenize
from collections.abc import Callable, Collection, Mapping
from typing import Any

from fraud_stream.scoring.order.text_forms import DOMAIN
from fraud_stream.scoring.rules import slips
from fraud_stream.scoring.rules.kinds import FUNCTIONS, arithmetic_kind, call_kind, wrong_count
from fraud_stream.scoring.rules.language import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Default,
    Kind,
    Known,
    Literal_,
    Logic,
    Membership,
    Name,
    Node,
    Not,
    Symbol,
)
from fraud_stream.scoring.rules.suggestions import never, suggest

MAX_LENGTH = 2000
MAX_NODES = 200
MAX_PRODUCTS = 8
MAX_NUMBER = 1e15
"""With these, no condition over any order can overflow, recurse too deeply or take long."""

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
}
_COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class ConditionError(ValueError):
    """A condition that cannot be used; `offset` is the character that it is about."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


class Scope:
    """What a condition may name: symbols, and lists of texts."""

    def __init__(
        self, symbols: Mapping[str, Symbol], lists: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        self.symbols = symbols
        self.lists = lists or {}
        self.sets: dict[str, frozenset[Literal_]] = {}
        self.domains: dict[str, frozenset[Literal_]] = {}

    def set_code(self, values: frozenset[Literal_], *, of_domains: bool) -> str:
        """The name of a set in the generated program."""
        held = self.domains if of_domains else self.sets
        for name, known in held.items():
            if known == values:
                return name
        name = f"_{'domains' if of_domains else 'set'}_{len(held)}"
        held[name] = values
        return name


def parse_condition(text: str, scope: Scope) -> Node:
    """The checked tree of a condition, which is true or false. Raises ConditionError."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"the condition is longer than {MAX_LENGTH} characters")
    flat = text.strip().replace("\n", " ")
    _refuse_comment(flat)
    try:
        tree = ast.parse(flat, mode="eval")
    except SyntaxError as error:
        message = f"not an expression: {error.msg}{slips.of_text(flat)}"
        raise ConditionError(message, (error.offset or 1) - 1) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConditionError(f"not an expression: {error}") from error
    nodes = list(ast.walk(tree))
    for place in nodes:
        if isinstance(place, ast.expr):  # Python counts bytes
            place.col_offset = len(flat.encode()[: place.col_offset].decode())
    if len(nodes) > MAX_NODES:
        raise ConditionError(f"the condition has more than {MAX_NODES} parts; split the rule")
    products = sum(isinstance(n, ast.Mult | ast.Div) for n in nodes)
    if products > MAX_PRODUCTS:
        raise ConditionError(f"more than {MAX_PRODUCTS} multiplications and divisions")
    node = _Reader(scope).read(tree.body)
    if node.kind != "flag":
        raise ConditionError(f"a condition is true or false, but this is a {node.kind}")
    return node


def _refuse_comment(flat: str) -> None:
    """It would end the condition, which is one line: what comes after it would not count."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(flat).readline):
            if token.type == tokenize.COMMENT:
                raise ConditionError(
                    "a comment in a condition would hide the rest of it: write it above `when`",
                    token.start[1],
                )
    except (tokenize.TokenError, SyntaxError):
        return  # no expression, which the parser explains better


class _Reader:
    """One method a kind of node; anything else is refused by name."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._readers: dict[type[ast.AST], Callable[[Any], Node]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._arithmetic,
            ast.BoolOp: self._logic,
            ast.Compare: self._comparison,
            ast.Call: self._call,
        }

    def read(self, node: ast.AST) -> Node:
        reader = self._readers.get(type(node))
        if reader is None:
            raise _no_part(node, node)
        return reader(node)

    def _constant(self, node: ast.Constant) -> Node:
        value = node.value
        if isinstance(value, bool):
            return Constant(kind="flag", value=value)
        if isinstance(value, int | float):
            if not abs(value) <= MAX_NUMBER:
                raise _refusal(node, f"{value!r} is out of range (at most {MAX_NUMBER:g})")
            return Constant(kind="number", value=value)
        if isinstance(value, str):
            return Constant(kind="text", value=value)
        hint = slips.of_name(repr(value))
        raise _refusal(node, f"{value!r} is not part of the language{hint}")

    def _name(self, node: ast.Name) -> Node:
        symbol = self._symbol(node)
        return Name(kind=symbol.kind, symbol=symbol)

    def _symbol(self, node: ast.Name) -> Symbol:
        symbol = self._scope.symbols.get(node.id)
        if symbol is not None:
            return symbol
        if node.id in self._scope.lists:
            raise _refusal(node, f"{node.id} is a list: use it after `in`")
        known = [*self._scope.symbols, *self._scope.lists, *FUNCTIONS]
        hint = slips.of_name(node.id) or suggest(node.id, known) or slips.UNQUOTED
        raise _refusal(node, f"unknown name {node.id}{hint}")

    def _unary(self, node: ast.UnaryOp) -> Node:
        operand = self.read(node.operand)
        if isinstance(node.op, ast.Not):
            self._expect(node, operand, "flag")
            return Not(kind="flag", part=operand)
        if isinstance(node.op, ast.USub) and operand.kind in ("number", "money"):
            if isinstance(operand, Constant):
                return Constant(kind="number", value=-operand.value)  # pyright: ignore[reportOperatorIssue] - its kind is number
            minus = Constant(kind="number", value=-1)
            return Arithmetic(kind=operand.kind, operator="*", left=minus, right=operand)
        raise _refusal(node, f"{_title(node.op)} is not part of the language here")

    def _arithmetic(self, node: ast.BinOp) -> Node:
        operator = _ARITHMETIC.get(type(node.op))
        if operator is None:
            raise _no_part(node, node.op)
        left, right = self.read(node.left), self.read(node.right)
        kind = arithmetic_kind(operator, left.kind, right.kind)
        if kind is None:
            raise _refusal(node, f"cannot compute {left.kind} {operator} {right.kind}")
        if operator in "/%" and _is_always_zero(right):
            raise _refusal(node, "division by zero")
        return Arithmetic(kind=kind, operator=operator, left=left, right=right)  # pyright: ignore[reportArgumentType] - from the table above

    def _logic(self, node: ast.BoolOp) -> Node:
        parts = tuple(self.read(value) for value in node.values)
        for value, part in zip(node.values, parts, strict=True):
            self._expect(value, part, "flag")
        operator = "and" if isinstance(node.op, ast.And) else "or"
        return Logic(kind="flag", operator=operator, parts=parts)

    def _comparison(self, node: ast.Compare) -> Node:
        parts: list[Node] = []
        left_source: ast.expr = node.left
        for operator, right_source in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                parts.append(self._membership(left_source, operator, right_source))
            else:
                parts.append(self._compare(left_source, operator, right_source))
            left_source = right_source
        return (
            parts[0] if len(parts) == 1 else Logic(kind="flag", operator="and", parts=tuple(parts))
        )

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Node:
        sign = _COMPARISON.get(type(operator))
        if sign is None:
            raise _no_part(left, operator)
        a, b = self.read(left), self.read(right)
        if a.kind != b.kind and not (_is_zero_of(b.kind, a) or _is_zero_of(a.kind, b)):
            way = (
                " (use a parameter with an amount per currency)"
                if "money" in (a.kind, b.kind)
                else ""
            )
            raise _refusal(right, f"cannot compare {a.kind} with {b.kind}{way}")
        if sign not in ("==", "!=") and "text" in (a.kind, b.kind):
            raise _refusal(right, f"texts have no order: {sign} needs numbers")
        for source, node, other in ((left, a, b), (right, b, a)):
            if isinstance(other, Constant):
                _expect_possible(source, node, {other.value})
        return Comparison(kind="flag", operator=sign, left=a, right=b)  # pyright: ignore[reportArgumentType] - from the table above

    def _membership(self, item: ast.expr, operator: ast.cmpop, container: ast.expr) -> Node:
        node = self.read(item)
        values = self._values(container)
        kinds = {"text" if isinstance(v, str) else "number" for v in values}
        if kinds - {node.kind}:
            raise _refusal(
                container, f"cannot look for a {node.kind} among {'/'.join(sorted(kinds))}"
            )
        _expect_possible(item, node, values)
        of_domains = isinstance(node, Name | Default) and node.symbol.form is DOMAIN
        return Membership(
            kind="flag",
            item=node,
            values=values,
            code=self._scope.set_code(values, of_domains=of_domains),
            negated=isinstance(operator, ast.NotIn),
            of_domains=of_domains,
        )

    def _values(self, node: ast.expr) -> frozenset[Literal_]:
        if isinstance(node, ast.Name):
            if node.id not in self._scope.lists:
                known = suggest(node.id, self._scope.lists) or slips.UNQUOTED
                raise _refusal(node, f"unknown list {node.id}{known}")
            return frozenset(self._scope.lists[node.id])
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            constants = [self.read(element) for element in node.elts]
            if constants and all(isinstance(c, Constant) for c in constants):
                return frozenset(c.value for c in constants if isinstance(c, Constant))
        alone = " (one alone in square ones)" if isinstance(node, ast.Constant) else ""
        raise _refusal(node, f"after `in` comes a named list or literals in brackets{alone}")

    def _call(self, node: ast.Call) -> Node:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            shown, close = name or "this", suggest(name, FUNCTIONS)
            there_are = f"there are {', '.join(FUNCTIONS)}"
            raise _refusal(node, f"{shown} is not a function here{close}; {there_are}")
        if node.keywords:
            raise _refusal(node, f"{name} takes no named arguments")
        if complaint := wrong_count(name, len(node.args)):
            raise _refusal(node, complaint)
        if name in ("known", "default"):
            return self._about_missing(node, name)
        arguments = tuple(self.read(argument) for argument in node.args)
        kind = call_kind(name, [a.kind for a in arguments])
        if kind is None:
            given = ", ".join(a.kind for a in arguments) or "nothing"
            raise _refusal(node, f"{name} cannot take {given}")
        if name in ("starts_with", "ends_with") and isinstance(arguments[1], Constant):
            _expect_possible(node.args[0], arguments[0], {arguments[1].value}, name)
        return Call(kind=kind, function=name, arguments=arguments)  # pyright: ignore[reportArgumentType] - checked above

    def _about_missing(self, node: ast.Call, function: str) -> Node:
        if not isinstance(node.args[0], ast.Name):
            also = "" if function == "known" else " and a literal"
            raise _refusal(node, f"{function} takes a name{also}")
        symbol = self._symbol(node.args[0])
        if not symbol.nullable:
            raise _refusal(node, f"{symbol.name} is never missing: {function} has no effect")
        if function == "known":
            return Known(kind="flag", symbol=symbol)
        value = self.read(node.args[1])
        fits = value.kind == symbol.kind or _is_zero_of(symbol.kind, value)
        if not isinstance(value, Constant) or not fits:
            raise _refusal(node, f"the default of {symbol.name} must be a literal {symbol.kind}")
        return Default(kind=symbol.kind, symbol=symbol, value=value.value)

    def _expect(self, source: ast.AST, node: Node, kind: Kind) -> None:
        if node.kind != kind:
            raise _refusal(source, f"expected true or false here, found a {node.kind}")


def _refusal(node: ast.AST, message: str) -> ConditionError:
    return ConditionError(message, getattr(node, "col_offset", 0))


def _no_part(place: ast.AST, what: ast.AST) -> ConditionError:
    title = _title(what)
    return _refusal(place, f"{title} is not part of the language{slips.of_node(title)}")


def _expect_possible(
    source: ast.AST, node: Node, texts: Collection[Literal_], way: str = "is"
) -> None:
    """Refuse to look for what a text never is; its own default is something that it can be."""
    if isinstance(node, Name | Default):
        own = (str(node.value),) if isinstance(node, Default) else ()
        for text in sorted(map(str, texts)):
            if why := never(node.symbol, way, text, own):
                raise _refusal(source, f"{node.symbol.name} {why}")


def _is_always_zero(node: Node) -> bool:
    """A literal 0, or a parameter that is 0."""
    if isinstance(node, Constant):
        return not node.value
    return (
        isinstance(node, Name)
        and node.symbol.constant
        and node.symbol.minimum == node.symbol.maximum == 0
    )


def _is_zero_of(kind: Kind, node: Node) -> bool:
    """Whether it is a 0 that stands for a value of `kind`: nothing is nothing in every currency."""
    is_zero = isinstance(node, Constant) and node.kind == "number" and node.value == 0
    return is_zero and kind in ("number", "money")


def _title(node: ast.AST) -> str:
    return type(node).__name__.lower()
