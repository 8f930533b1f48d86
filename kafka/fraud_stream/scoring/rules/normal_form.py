"""A condition as alternatives of simple claims, so that contradictions can be looked for."""

from itertools import product

import msgspec

from fraud_stream.scoring.rules.language import Comparison, Constant, Logic, Membership, Node, Not

MAX_ALTERNATIVES = 256
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

Claims = tuple[Node, ...]


def negate(node: Node) -> Node:
    """The opposite condition, with `not` pushed inwards as far as it goes."""
    match node:
        case Not():
            return node.part
        case Logic():
            other = "or" if node.operator == "and" else "and"
            return Logic(kind="flag", operator=other, parts=tuple(map(negate, node.parts)))
        case Comparison():
            opposite = _OPPOSITE[node.operator]
            return Comparison(kind="flag", operator=opposite, left=node.left, right=node.right)  # pyright: ignore[reportArgumentType] - from the table above
        case Membership():
            return msgspec.structs.replace(node, negated=not node.negated)
        case Constant():
            return Constant(kind="flag", value=not node.value)
        case _:
            return Not(kind="flag", part=node)


def alternatives(node: Node) -> list[Claims] | None:
    """The condition holds if all claims of one alternative do; None when there are too many."""
    match node:
        case Logic(operator="or"):
            found = [alternatives(part) for part in node.parts]
            if any(part is None for part in found):
                return None
            joined = [claims for part in found for claims in part or []]
        case Logic():
            found = [alternatives(part) for part in node.parts]
            size = 1
            for part in found:
                size *= len(part) if part is not None else MAX_ALTERNATIVES + 1
            if size > MAX_ALTERNATIVES:
                return None
            combined = product(*(part or [] for part in found))
            joined = [tuple(c for claims in choice for c in claims) for choice in combined]
        case Not(part=Logic() | Comparison() | Membership() | Not() | Constant()):
            return alternatives(negate(node.part))
        case _:
            joined = [(node,)]
    return joined if len(joined) <= MAX_ALTERNATIVES else None
