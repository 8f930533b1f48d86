"""A rule set and lists in force together: checked, numbered, and ready to be compiled."""

from collections.abc import Sequence

import msgspec

from fraud_stream.scoring.rules.lint import lint
from fraud_stream.scoring.rules.lists import NO_LISTS, Lists, read_lists
from fraud_stream.scoring.rules.load import (
    CheckedRule,
    CheckedRuleSet,
    RuleSetError,
    read_rule_set,
)
from fraud_stream.scoring.rules.yaml_text import Problem


class RuleBook(msgspec.Struct, frozen=True):
    """What a scorer decides by. A new one can be handed over between any two orders.

    Making one from texts either works as a whole or raises RuleSetError, so a broken new version
    never replaces a good one.
    """

    rules: CheckedRuleSet
    lists: Lists
    warnings: tuple[Problem, ...] = ()

    @property
    def version(self) -> str:
        """The rule set's version, as stored with each decision."""
        return self.rules.content.version

    @property
    def active(self) -> Sequence[CheckedRule]:
        """The rules that count."""
        return self.rules.in_state("active")

    @property
    def evaluated(self) -> Sequence[CheckedRule]:
        """The rules that are looked at: active ones first, then those in shadow."""
        return [*self.active, *self.rules.in_state("shadow")]


def read_rule_book(
    rules_text: str,
    lists_text: str | None = None,
    *,
    rules_file: str = "rules.yml",
    lists_file: str = "lists.yml",
) -> RuleBook:
    """Read, check and lint. Raises RuleSetError with all problems of the rule set, or the lists."""
    rules = read_rule_set(rules_text, rules_file)
    findings = lint(rules)
    errors = [problem for problem in findings if problem.severity == "error"]
    if errors:
        raise RuleSetError(errors)
    ids = [checked.rule.id for checked in rules.rules]
    lists = NO_LISTS if lists_text is None else read_lists(lists_text, lists_file, ids)
    return RuleBook(rules, lists, tuple(findings))
