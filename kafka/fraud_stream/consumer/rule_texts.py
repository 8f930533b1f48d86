"""Rules and lists as they come into force, without a card number in what is kept with decisions."""

from fraud_stream.consumer.card_numbers import holds_card_number
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.rules.load import RuleSetError
from fraud_stream.scoring.rules.yaml_text import Problem

CARD_NUMBER = (
    "this looks like a card number, which is kept nowhere: list a card by its fingerprint "
    "(card_fingerprint of its orders)"
)


def read_book(rules: str, lists: str, *, rules_file: str, lists_file: str) -> RuleBook:
    """The texts as a book. Raises RuleSetError with all problems of the rule set, or the lists.

    Card numbers are looked for first, so that no complaint about something else repeats one.
    """
    if found := _with_card_numbers(lists, lists_file):
        raise RuleSetError(found)
    return read_rule_book(rules, lists, rules_file=rules_file, lists_file=lists_file)


def _with_card_numbers(text: str, file: str) -> list[Problem]:
    """Every line with one, whatever it stands in: who looks at the file would see it, too."""
    return [
        Problem(file, number, CARD_NUMBER)
        for number, line in enumerate(text.splitlines(), 1)
        if has_card_number(line)
    ]


def has_card_number(text: str) -> bool:
    """Whether there is one in it."""
    return holds_card_number(text.encode("utf-8", "replace"))
