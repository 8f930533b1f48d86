"""What is said of settings that cannot be: which variable, what is expected, what was given."""

from collections.abc import Mapping

from pydantic import ValidationError


def refuse_same(values: Mapping[str, str]) -> None:
    """Raise ValueError with the names of the variables that have the same value."""
    for value in values.values():
        same = [name for name, other in values.items() if other == value]
        if len(same) > 1:
            raise ValueError(f"{' and '.join(same)} must differ (each is {value!r})")


def explain(error: ValidationError) -> str:
    """One line a variable; the value of a secret is not shown."""
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_context=False):
        name = ".".join(str(part) for part in problem["loc"]).upper()
        secret = any(word in name for word in ("PASSWORD", "KEY", "SECRET"))
        given = "" if secret or not name else f" (it is {problem['input']!r})"
        lines.append(f"{name}: {problem['msg']}{given}" if name else problem["msg"])
    return "wrong settings, see .env.example:\n  " + "\n  ".join(lines)
