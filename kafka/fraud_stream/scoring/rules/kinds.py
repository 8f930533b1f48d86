"""Which kinds of values go together, what kind comes out, and which functions there are."""

from fraud_stream.scoring.rules.language import Kind

_ONE, _TWO = (1, 1, "one argument"), (2, 2, "two arguments")
_SOME = (2, 1_000, "two arguments or more")
FUNCTIONS = {
    "abs": _ONE,
    "default": _TWO,
    "ends_with": _TWO,
    "known": _ONE,
    "length": _ONE,
    "max": _SOME,
    "min": _SOME,
    "starts_with": _TWO,
}
"""How many arguments each takes at least and at most, and in words."""


def wrong_count(name: str, count: int) -> str:
    """A complaint about the number of a function's arguments; empty when it fits."""
    least, most, words = FUNCTIONS[name]
    return "" if least <= count <= most else f"{name} takes {words}, not {count}"


def arithmetic_kind(operator: str, left: Kind, right: Kind) -> Kind | None:
    """Number with number is a number; money keeps its unit; a ratio of money is a number."""
    pair = (left, right)
    if pair == ("number", "number"):
        return "number"
    if pair == ("money", "money"):
        return {"+": "money", "-": "money", "%": "money", "/": "number"}.get(operator)  # pyright: ignore[reportReturnType] - literals of Kind
    if (pair == ("money", "number") and operator in "*/") or (
        pair == ("number", "money") and operator == "*"
    ):
        return "money"
    return None


def call_kind(name: str, kinds: list[Kind]) -> Kind | None:
    """The kind of a function's value, or None when it does not take arguments of these kinds."""
    if name in ("min", "max") and len(kinds) > 1 and len(set(kinds)) == 1:
        return kinds[0] if kinds[0] in ("number", "money") else None
    if name == "abs" and kinds in (["number"], ["money"]):
        return kinds[0]
    if name == "length" and kinds == ["text"]:
        return "number"
    if name in ("starts_with", "ends_with") and kinds == ["text", "text"]:
        return "flag"
    return None
