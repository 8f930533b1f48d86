"""Find card numbers in a message's bytes, and take them out. Pure.

A number counts as a card's when an issuer's prefix, a length that this issuer uses, the check
digit (Luhn) and the way its digits are grouped all fit. That leaves alone what else is long and
made of digits: article numbers (GTIN), account numbers (IBAN), telephone numbers, times. Ids are
looked at like any text, because a card number that serves as an id is kept in most places.

Prefixes: ISO/IEC 7812 ranges as the card schemes publish them.
"""

import re
from collections.abc import Iterable, Iterator

from fraud_stream.consumer.disguise import FILLER, may_be_disguised, undisguised
from fraud_stream.consumer.glance import LONG_RUN, glance

_DIGIT, _GAP = rb"(?:\xff*+[0-9])", rb"(?:\xff*+[ -])"
_RUN = re.compile(rb"(?<![0-9\xff])(?<![0-9][.])%b(?:%b{0,3}%b){12,}" % (_DIGIT, _GAP, _DIGIT))
"""Digits with nothing between them, or up to three spaces and hyphens."""
_CHAIN = re.compile(
    rb"(?<![0-9\xff])%b++(?P<gap>\xff*+[._/+]|%%20)%b++(?:(?P=gap)%b++)++"
    % (_DIGIT, _DIGIT, _DIGIT)
)
"""Digits set apart by what stands in addresses, decimals, dates and paths as well, always the same:
they are a card's in its usual groups only."""
_LOOK_AROUND, _HASH_LETTERS = 64, 8
_COUNTRY_END = re.compile(rb"(?<![0-9A-Za-z])[A-Z]{2}$")
_HEX_END, _HEX_START = re.compile(rb"[0-9a-fA-F]+$"), re.compile(rb"^[0-9a-fA-F]+")
_WORD_END = re.compile(rb"[g-zG-Z][0-9a-fA-F]*$")
_WORD_START = re.compile(rb"^[0-9a-fA-F]*[g-zG-Z]")
_ANY_GAP = re.compile(rb"[ -]+")
_ANY_DIGIT = re.compile(rb"[0-9]")
_HIDDEN = re.compile(rb"[^ -]")
_CONTROL = re.compile(rb"[\0\t-\r\x7f]")

_SHAPES = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 3, 3, 3), *((4, 4, 4, 4, n) for n in (1, 2, 3))}
_FEWEST, _MOST = 13, 19
_ISSUERS = (
    ("4", "4", {13, 16, 19}),  # Visa
    ("51", "55", {16}),  # Mastercard
    ("2221", "2720", {16}),
    ("34", "34", {15}),  # American Express
    ("37", "37", {15}),
    ("300", "305", {14}),  # Diners Club
    ("36", "36", {14}),
    ("38", "39", {14}),
    ("6011", "6011", {16, 19}),  # Discover
    ("644", "659", {16, 19}),
    ("3528", "3589", {16, 17, 18, 19}),  # JCB
    ("62", "62", {16, 17, 18, 19}),  # UnionPay
    ("2200", "2204", {16, 17, 18, 19}),  # Mir
    *((prefix, prefix, set(range(13, 20))) for prefix in ("5018", "5020", "5038", "5893", "6304")),
    *((prefix, prefix, set(range(13, 20))) for prefix in ("6759", "6761", "6762", "6763")),
)
"""First and last prefix of a range, and the lengths of its numbers."""


def holds_card_number(value: bytes) -> bool:
    """Whether a card number is anywhere in the bytes, as text or as a plain number."""
    return _may_hold_card_number(value) and (
        first_card_number(value) is not None or _is_in_wide_text(value)
    )


def first_card_number(value: bytes) -> int | None:
    """Where in the bytes the first one begins; not known of one in UTF-16 or UTF-32."""
    return min((found.start() for found in _found(undisguised(value))), default=None)


def without_card_numbers(value: bytes) -> bytes:
    """The same bytes, with `*` for all of a card number but its spaces and hyphens.

    So is what follows it in one go.
    """
    if not _may_hold_card_number(value):
        return value
    if _is_in_wide_text(value):
        return _ANY_DIGIT.sub(b"*", value)
    kept = bytearray(value)
    for found in _found(undisguised(value)):
        start, end = found.span()
        kept[start:end] = _HIDDEN.sub(b"*", kept[start:end])
    return bytes(kept)


def _may_hold_card_number(value: bytes) -> bool:
    """Thirty times as quick as looking for one."""
    return (
        bool(glance(value) & LONG_RUN)
        or may_be_disguised(value)
        or _CONTROL.search(value) is not None
    )


def _is_in_wide_text(value: bytes) -> bool:
    """In UTF-16 or UTF-32, where zero bytes stand between the digits."""
    return b"\0" in value and any(_found(value.replace(b"\0", b"")))


def _found(text: bytes) -> Iterator[re.Match[bytes]]:
    """The runs and chains of digits with a card number in them."""
    for run in _RUN.finditer(text):
        groups = _ANY_GAP.split(_plain(run[0]))
        alone = [group for group in groups if _FEWEST <= len(group) <= _MOST]
        if _is_card_of_any([*alone, *_joined(groups)], run):
            yield run
    for chain in _CHAIN.finditer(text):
        if _is_card_of_any(_joined(_plain(chain[0]).split(_plain(chain["gap"]))), chain):
            yield chain


def _plain(digits: bytes) -> bytes:
    return digits.replace(FILLER, b"")


def _joined(groups: list[bytes]) -> Iterator[bytes]:
    """Numbers of a card's length that the groups can be read as."""
    sizes = [len(group) for group in groups]
    for first in range(len(groups)):
        for count in (4, 5, 3):
            if tuple(sizes[first : first + count]) in _SHAPES:
                yield b"".join(groups[first : first + count])


def _is_card_of_any(numbers: Iterable[bytes], found: re.Match[bytes]) -> bool:
    digits = (number.decode("ascii") for number in numbers)
    return any(_is_card(number) and not _is_something_else(number, found) for number in digits)


def _is_card(number: str) -> bool:
    return _luhn(number) and any(
        low <= number[: len(low)] <= high and len(number) in lengths
        for low, high, lengths in _ISSUERS
    )


def _is_something_else(number: str, run: re.Match[bytes]) -> bool:
    """A number of another kind that passes for a card's by accident."""
    before = run.string[max(0, run.start() - _LOOK_AROUND) : run.start()]
    if len(number) <= 15 and before.endswith(b"+"):
        return True  # a telephone number with its country: at most 15 digits
    if len(number) <= 14 and _gtin(number):
        return True
    if letters := _COUNTRY_END.search(before):
        return _iban(letters[0].decode(), number)
    return _is_in_hash(before, run.string[run.end() : run.end() + _LOOK_AROUND])


def _is_in_hash(before: bytes, after: bytes) -> bool:
    """A part of a long hexadecimal word, as fingerprints and UUIDs are."""
    around = _HEX_END.findall(before) + _HEX_START.findall(after)
    return sum(map(len, around)) >= _HASH_LETTERS and not (
        _WORD_END.search(before) or _WORD_START.search(after)
    )


def _luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    digits = [int(digit) for digit in reversed(number)]
    return not (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10


def _gtin(number: str) -> bool:
    """The check digit of article numbers of 13 and 14 digits (GS1)."""
    digits = [int(digit) for digit in reversed(number)]
    return not (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10


def _iban(country: str, number: str) -> bool:
    """ISO 13616: the account, then country and check digits, leave 1 when divided by 97."""
    letters = "".join(str(int(letter, 36)) for letter in country)
    return int(number[2:] + letters + number[:2]) % 97 == 1
