"""From the text of a rule set to checked rules: everything that can be wrong is found here."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fraud_core.errors import RuleError
from fraud_core.events import Address, Item, OrderEvent
from fraud_stream.scoring.rules.language import Node, Symbol, symbols
from fraud_stream.scoring.rules.misfits import misfit
from fraud_stream.scoring.rules.parameters import (
    ParameterError,
    built_in_symbols,
    stand_in,
    symbol_of,
    unusable_rates,
)
from fraud_stream.scoring.rules.parse import ConditionError, Scope, parse_condition
from fraud_stream.scoring.rules.ruleset import Rule, RuleSetFile, When, evaluated
from fraud_stream.scoring.rules.sentences import placeholders, stray_brackets
from fraud_stream.scoring.rules.suggestions import suggest
from fraud_stream.scoring.rules.yaml_text import Located, Path, Problem, YamlError, read_yaml

_PARTS: dict[str, type[msgspec.Struct]] = {"shipping": Address, "billing": Address, "items": Item}
"""What of an order is made of fields of its own."""


class RuleSetError(RuleError):
    """A rule set that is refused, with every problem that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class CheckedRule(msgspec.Struct, frozen=True):
    """A rule whose condition has been read; `line` is where it stands in its file."""

    rule: Rule
    condition: Node
    line: int


class CheckedRuleSet(msgspec.Struct, frozen=True):
    """A rule set that can be compiled: all names resolved, all types right."""

    file: str
    content: RuleSetFile
    located: Located
    rules: tuple[CheckedRule, ...]
    symbols: Mapping[str, Symbol]
    sets: Mapping[str, frozenset[Any]]
    domains: Mapping[str, frozenset[Any]]

    def in_state(self, state: str) -> list[CheckedRule]:
        """The rules in one state, in the order of the file."""
        return [checked for checked in self.rules if checked.rule.state == state]


def read_rule_set(text: str, file: str) -> CheckedRuleSet:
    """Read and type-check a rule set; `file` is only for messages. Raises RuleSetError."""
    try:
        located = read_yaml(text)
    except YamlError as error:
        raise RuleSetError([Problem(file, error.line, str(error))]) from error
    try:
        content = msgspec.convert(located.data, RuleSetFile, strict=False)
    except msgspec.ValidationError as error:
        raise RuleSetError([misfit(error, located, file, RuleSetFile, strict=False)]) from error
    return _Checker(file, located, content).check()


class _Checker:
    """Collects all problems of one file, so that an author need not find them one by one."""

    def __init__(self, file: str, located: Located, content: RuleSetFile) -> None:
        self._file = file
        self._located = located
        self._content = content
        self._problems: list[Problem] = []

    def check(self) -> CheckedRuleSet:
        self._usable_rates()
        names = self._symbols()
        lists = {name: frozenset(values) for name, values in self._content.lists.items()}
        scope = Scope(names, lists)
        self._unique_ids()
        self._known_currencies()
        self._known_fields()
        self._known_rules()
        rules = [self._rule(i, rule, scope) for i, rule in enumerate(self._content.rules)]
        if self._problems:
            raise RuleSetError(self._problems)
        checked = tuple(rule for rule in rules if rule is not None)
        own = self._file, self._content, self._located
        return CheckedRuleSet(*own, checked, names, scope.sets, scope.domains)

    def _complain(self, path: Path, message: str) -> None:
        self._problems.append(Problem(self._file, self._located.line(path), message))

    def _symbols(self) -> dict[str, Symbol]:
        names = dict(built_in_symbols())
        taken = set(names)
        for name, parameter in self._content.parameters.items():
            if name in taken or name in self._content.lists:
                self._complain(("parameters", name), f"{name} already names something else")
            if name in taken:
                continue
            try:
                names[name] = symbol_of(name, parameter, self._content.money)
            except ParameterError as error:
                self._complain(("parameters", name), f"parameter {name}: {error}")
                names[name] = stand_in(name, parameter)
        for name in self._content.lists:
            if name in taken:
                self._complain(("lists", name), f"{name} already names something else")
        return names

    def _usable_rates(self) -> None:
        """Without rates there are no amounts, so nothing after them can be looked at."""
        for currency, complaint in unusable_rates(self._content.money).items():
            self._complain(("money", "rates", currency), complaint)
        if self._problems:
            raise RuleSetError(self._problems)

    def _known_currencies(self) -> None:
        if self._content.money.rates.get(self._content.money.reference) != 1:
            self._complain(("money",), "the rate of the reference currency must be 1")

    def _known_fields(self) -> None:
        """A misspelt key would leave an example that tries something else than it says."""
        fields = frozenset(OrderEvent.__struct_encode_fields__)
        self._known_keys(("example_base",), "example_base", self._content.example_base, fields)
        for i, example in enumerate(self._content.examples):
            path: Path = ("examples", i)
            self._known_keys((*path, "order"), f"{example.name}: order", example.order, fields)
            for j, entry in enumerate(example.history):
                what = f"{example.name}: history"
                self._known_keys(
                    (*path, "history", j), what, entry, fields.union(When.__struct_fields__)
                )

    def _known_keys(
        self, path: Path, what: str, given: Mapping[str, Any], known: frozenset[str]
    ) -> None:
        for key in sorted(given.keys() - known):
            message = f"{what}: unknown key {key}{suggest(key, known)}"
            self._complain((*path, key), message)
        for name, kind in _PARTS.items():
            fields = frozenset(kind.__struct_encode_fields__)
            for place, part in _parts(given.get(name)):
                self._known_keys((*path, name, *place), f"{what}: {name}", part, fields)

    def _known_rules(self) -> None:
        """An example that names a rule which is not there would guard nothing."""
        ids = {rule.id for rule in self._content.rules}
        for i, example in enumerate(self._content.examples):
            expected = example.expect
            for part in ("fires", "silent", "not_evaluable"):
                for rule in getattr(expected, part):
                    if rule not in ids:
                        message = f"{example.name}: unknown rule {rule}{suggest(rule, ids)}"
                        self._complain(("examples", i, "expect", part), message)

    def _unique_ids(self) -> None:
        seen: dict[str, int] = {}
        for index, rule in enumerate(self._content.rules):
            if rule.id in seen:
                first = self._located.line(("rules", seen[rule.id]))
                self._complain(("rules", index, "id"), f"{rule.id} is used in line {first} already")
            seen.setdefault(rule.id, index)

    def _rule(self, index: int, rule: Rule, scope: Scope) -> CheckedRule | None:
        path: Path = ("rules", index)
        try:
            condition = parse_condition(rule.when, scope)
        except ConditionError as error:
            where = f", at character {error.offset + 1}: {rule.when.strip()[error.offset :][:40]!r}"
            self._complain((*path, "when"), f"{rule.id}: {error}{where}")
            return None
        used = symbols(condition)
        if evaluated(rule) and not any(not s.constant for s in used.values()):
            self._complain((*path, "when"), f"{rule.id}: names no fact or feature of the order")
        for text in stray_brackets(rule.sentence):
            message = f"{rule.id}: {text!r} is no placeholder: say it like {{name}}"
            self._complain((*path, "sentence"), message)
        for name in placeholders(rule.sentence):
            if name not in scope.symbols:
                close = suggest(name, scope.symbols)
                self._complain((*path, "sentence"), f"{rule.id}: unknown placeholder {name}{close}")
            elif name not in used and not scope.symbols[name].constant:
                message = f"{rule.id}: the condition does not use {name}, so the sentence cannot"
                self._complain((*path, "sentence"), message)
        return CheckedRule(rule, condition, self._located.line(path))


def _parts(value: Any) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """A part, or each of several, with its place among them."""
    several = enumerate(value) if isinstance(value, list) else ()
    for place, part in [((), value), *(((i,), item) for i, item in several)]:
        if isinstance(part, Mapping):
            yield place, part
