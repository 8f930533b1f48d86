"""Writes a checked condition as Python; every name and constant in it is ours."""

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
)

_CALLS = {
    "min": "_min({})",
    "max": "_max({})",
    "abs": "_abs({})",
    "length": "_len({})",
}
_METHODS = {"starts_with": "startswith", "ends_with": "endswith"}


def code(node: Node) -> str:  # noqa: PLR0911 - one return a kind of node
    """A Python expression over the locals of the generated program."""
    match node:
        case Constant():
            return repr(node.value)
        case Name():
            return node.symbol.code
        case Arithmetic() | Comparison():
            return f"({code(node.left)} {node.operator} {code(node.right)})"
        case Membership(of_domains=True):
            return f"({'not ' if node.negated else ''}{node.code}[{code(node.item)}])"
        case Membership():
            return f"({code(node.item)} {'not in' if node.negated else 'in'} {node.code})"
        case Logic():
            return "(" + f" {node.operator} ".join(code(part) for part in node.parts) + ")"
        case Not():
            return f"(not {code(node.part)})"
        case Known():
            return f"({node.symbol.code} is not None)"
        case Default():
            name = node.symbol.code
            return f"({node.value!r} if {name} is None else {name})"
        case Call():
            arguments = [code(argument) for argument in node.arguments]
            if node.function in _METHODS:
                return f"{arguments[0]}.{_METHODS[node.function]}({arguments[1]})"
            return _CALLS[node.function].format(", ".join(arguments))
        case _:
            raise TypeError(f"no code for {type(node).__name__}")
