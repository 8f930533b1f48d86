"""Whether bytes name a customer. What they are found in is emptied for good, so no word that others
share may be looked for. Pure."""

import json
import re
from collections.abc import Iterable, Iterator
from unicodedata import normalize

import msgspec

from fraud_core.errors import ErasureError

TELLING = 6
"""Characters that a word beside the id needs to say who it was. The shortest address, `a@b.de`, has
as many; `null`, `false`, `n/a` and `none` have fewer, and stand in the messages of everybody."""

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LITERALS = frozenset({"null", "true", "false"})


def refuse_nobody(customer_id: str) -> None:
    """Raise ErasureError for a blank id, as an unset variable of a shell gives it."""
    if not customer_id.strip():
        raise ErasureError(
            f"CUSTOMER_ID is {customer_id!r}, which names nobody and would be found in everything: "
            "give the id as it stands in the orders; nothing was changed"
        )


class Named:
    """Finds a customer's id, and words that are his alone, as they stand or as JSON and Python
    escape them.

    A word is only found whole. An id that is a number or a literal of JSON is only found where it
    is meant as an id: as a JSON string, as the value of customer_id, or alone.
    """

    def __init__(self, customer_id: str, words: Iterable[str]) -> None:
        refuse_nobody(customer_id)
        telling = {word for word in words if len(word.strip()) >= TELLING}
        if _NUMBER.fullmatch(customer_id):
            forms = [_as_id(customer_id), _as_number(customer_id)]
        elif customer_id.lower() in _LITERALS:
            forms = [_as_id(customer_id)]
        else:
            forms = []
            telling.add(customer_id)
        if telling:
            forms.append(_whole(telling))
        self._pattern = re.compile(b"|".join(forms), re.IGNORECASE)

    def holds(self, content: bytes) -> bool:
        """Whether one of them stands in it."""
        return self._pattern.search(content) is not None


def _whole(words: Iterable[str]) -> bytes:
    spelt = {spelling for word in words for spelling in _spellings(word)}
    longest = sorted(spelt, key=len, reverse=True)
    any_of_them = b"|".join(map(re.escape, longest))
    return rb"(?<![0-9A-Za-z])(?:" + any_of_them + rb")(?![0-9A-Za-z])"


def _spellings(word: str) -> Iterator[bytes]:
    """As it stands, as Python shows bytes, and as JSON escapes it: what it must, all that is beyond
    ASCII, slashes too. Each with letters with marks composed, and taken apart."""
    for form in ("NFC", "NFD"):
        text = normalize(form, word)
        for spelling in (
            text.encode(),
            text.encode("ascii", "backslashreplace"),
            msgspec.json.encode(text)[1:-1],
            json.dumps(text)[1:-1].encode(),
        ):
            yield spelling
            yield spelling.replace(b"/", b"\\/")


def _as_id(word: str) -> bytes:
    """In quotes, which may be escaped, or with nothing beside it, like the key of a message."""
    spelt = re.escape(word.encode())
    return rb"""(?<=["'])""" + spelt + rb"""(?=\\*["'])|\A\s*""" + spelt + rb"\s*\Z"


def _as_number(word: str) -> bytes:
    return rb"""customer_id\\*["']\s*:\s*""" + re.escape(word.encode()) + rb"(?![0-9A-Za-z.])"
