"""Text from outside as a terminal may have it: what could move its cursor or hide is spelt out."""

import unicodedata

_HARMLESS = {" "}
_INVISIBLE = ("C", "Z")
"""Unicode's categories of controls, formats (bidirectional ones too), surrogates and separators."""


def printable(value: bytes | str) -> str:
    """One line; bytes that are no UTF-8 and characters that do not show become escapes."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return "".join(
        character if character in _HARMLESS or _shows(character) else _escaped(character)
        for character in text
    )


def printable_lines(value: bytes | str) -> list[str]:
    """The same, broken where the text has line breaks."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return [printable(line) for line in text.split("\n")]


def _shows(character: str) -> bool:
    return not unicodedata.category(character).startswith(_INVISIBLE)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
