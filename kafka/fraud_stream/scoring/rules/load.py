"""From the text of a rule set to checked rules: everything that can be wrong is found here."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import getitem
from typing import Any

import msgspec

from fraud_core.errors import RuleError
from fraud_core.events import OrderEvent
from fraud_stream.scoring.rules.language import Node, Symbol, symbols
from fraud_stream.scoring.rules.parameters import (
    ParameterError,
    built_in_symbols,
    symbol_of,
    unusable_rates,
)
from fraud_stream.scoring.rules.parse import ConditionError, Scope, parse_condition
from fraud_stream.scoring.rules.ruleset import HISTORY_KEYS, Rule, RuleSetFile, evaluated
from fraud_stream.scoring.rules.sentences import placeholders, stray_brackets
from fraud_stream.scoring.rules.suggestions import suggest
from fraud_stream.scoring.rules.yaml_text import Located, Path, Problem, YamlError, read_yaml

_ENUM = re.compile("Invalid enum value '(.*)'")
_STEP = re.compile(r"[.]([A-Za-z_]\w*)|\[(\d+)\]|(\[[.]{3}\])")


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
        raise RuleSetError([misfit(error, located, file, RuleSetFile)]) from error
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
            try:
                names[name] = symbol_of(name, parameter, self._content.money)
            except ParameterError as error:
                self._complain(("parameters", name), f"parameter {name}: {error}")
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
                self._known_keys((*path, "history", j), what, entry, fields.union(HISTORY_KEYS))

    def _known_keys(
        self, path: Path, what: str, given: Mapping[str, Any], known: frozenset[str]
    ) -> None:
        for key in sorted(given.keys() - known):
            message = f"{what}: unknown key {key}{suggest(key, known)}"
            self._complain((*path, key), message)

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


def misfit(
    error: msgspec.ValidationError, located: Located, file: str, kind: type[msgspec.Struct]
) -> Problem:
    """msgspec's complaint about a file of that kind, with the line of what it is about."""
    message, _, where = str(error).partition(" - at `")
    path = _path(where, located.data, lambda data: _complaint(data, kind) == str(error))
    named = _ENUM.fullmatch(message)
    if named and (choices := _choices(msgspec.inspect.type_info(kind), path)):
        message += f"{suggest(named[1], choices)}: it is one of {', '.join(choices)}"
    if message.endswith("got `bool`"):
        message += "; YAML reads yes, no, on and off as true and false unless they are in quotes"
    shown = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
    return Problem(file, located.line(path), f"{shown}: {message}" if shown else message)


def _choices(kind: msgspec.inspect.Type, path: Path) -> list[str]:
    """The words that a value may be, or, where there is a mapping, its keys."""
    for step in path:
        match kind:
            case msgspec.inspect.StructType():
                types = {field.encode_name: field.type for field in kind.fields}
                kind = types.get(str(step), msgspec.inspect.AnyType())
            case msgspec.inspect.DictType():
                kind = kind.value_type
            case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
                kind = kind.item_type
            case _:
                return []
    if isinstance(kind, msgspec.inspect.DictType):
        kind = kind.key_type
    return list(map(str, kind.values)) if isinstance(kind, msgspec.inspect.LiteralType) else []


def _path(where: str, data: Any, is_about: Callable[[Any], bool]) -> Path:
    """As msgspec says it; of a mapping it leaves out the key, which is found by trying each."""
    path: list[str | int] = []
    for name, index, mapping in _STEP.findall(where):
        if not mapping:
            path.append(name or int(index))
            continue
        held = reduce(getitem, path, data)
        if not isinstance(held, Mapping):
            break
        alone = (key for key in held if is_about(_with(data, path, {key: held[key]})))
        if (key := next(alone, None)) is None:
            break
        path.append(key)
    return tuple(path)


def _with(data: Any, path: Sequence[str | int], value: Any) -> Any:
    """The same data with another value at the path."""
    if not path:
        return value
    copied = data.copy()
    copied[path[0]] = _with(data[path[0]], path[1:], value)
    return copied


def _complaint(data: Any, kind: type[msgspec.Struct]) -> str | None:
    try:
        msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        return str(error)
    return None
