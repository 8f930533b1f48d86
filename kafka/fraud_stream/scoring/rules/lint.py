"""Looks for rules that are well-formed and yet cannot do what their author wants."""

from fraud_stream.scoring.rules.language import Known, Membership, Node, children, required, symbols
from fraud_stream.scoring.rules.load import CheckedRule, CheckedRuleSet
from fraud_stream.scoring.rules.ranges import always_true, impossible
from fraud_stream.scoring.rules.ruleset import evaluated
from fraud_stream.scoring.rules.sentences import placeholders
from fraud_stream.scoring.rules.weighing import idle_rules, unreachable_bands
from fraud_stream.scoring.rules.yaml_text import Path, Problem


def lint(rules: CheckedRuleSet) -> list[Problem]:
    """All findings; a rule set with an error among them is not put to use."""
    found = [problem for rule in rules.rules for problem in _condition(rules.file, rule)]
    return found + _weights(rules) + _bands(rules) + _unused(rules) + _misfiled(rules)


def _condition(file: str, checked: CheckedRule) -> list[Problem]:
    rule = checked.rule
    if not evaluated(rule):
        return []
    if impossible(checked.condition):
        return [Problem(file, checked.line, f"{rule.id}: no order can meet {rule.when.strip()!r}")]
    if always_true(checked.condition):
        return [Problem(file, checked.line, f"{rule.id}: every order meets {rule.when.strip()!r}")]
    return [
        Problem(
            file,
            checked.line,
            f"{rule.id}: known({name}) has no effect, because the rule is not evaluable without "
            f"{name}; default({name}, ...) goes on without it",
            "warning",
        )
        for name in sorted(_asked_for(checked.condition) & required(checked.condition).keys())
    ]


def _asked_for(node: Node) -> set[str]:
    """Names of which the condition asks whether they are known."""
    found = {node.symbol.name} if isinstance(node, Known) else set[str]()
    return found.union(*map(_asked_for, children(node)))


def _weights(rules: CheckedRuleSet) -> list[Problem]:
    active = rules.in_state("active")
    idle = idle_rules([c.rule for c in active], rules.content.thresholds)
    return [
        Problem(
            rules.file,
            active[i].line,
            f"{active[i].rule.id}: a weight of {active[i].rule.weight} cannot change the outcome "
            "of any order, whatever else fires",
        )
        for i in idle
    ]


def _bands(rules: CheckedRuleSet) -> list[Problem]:
    active = [checked.rule for checked in rules.in_state("active")]
    thresholds = rules.content.thresholds
    if thresholds.review >= thresholds.decline:
        message = "thresholds: review must be below decline"
        return [Problem(rules.file, rules.located.line(("thresholds", "review")), message)]
    return [
        Problem(
            rules.file,
            rules.located.line(("thresholds", band)),
            f"thresholds: no set of active rules has a score in the band of {band} "
            f"(from {getattr(thresholds, band)})",
        )
        for band in unreachable_bands(active, thresholds)
    ]


def _misfiled(rules: CheckedRuleSet) -> list[Problem]:
    """Rules whose id says another factor than the one that their score is counted to."""
    found: list[Problem] = []
    for checked in rules.rules:
        rule = checked.rule
        filed, _, name = rule.id.partition(".")
        if filed != rule.factor:
            message = (
                f"{rule.id}: its factor is {rule.factor}, and an id is factor.name: call it "
                f"{rule.factor}.{name}, or change the factor"
            )
            found.append(Problem(rules.file, checked.line, message, "warning"))
    return found


def _unused(rules: CheckedRuleSet) -> list[Problem]:
    """Parameters and lists that no rule uses: most often a misspelt or forgotten rule."""
    used: set[str] = set()
    sets: set[frozenset[object]] = set()
    for checked in rules.rules:
        used |= set(symbols(checked.condition)) | set(placeholders(checked.rule.sentence))
        sets |= _sets(checked.condition)
    content = rules.content
    idle: list[Path] = [("parameters", name) for name in content.parameters if name not in used]
    idle += [("lists", name) for name, own in content.lists.items() if frozenset(own) not in sets]
    return [
        Problem(
            rules.file, rules.located.line(path), f"{path[-1]} is not used by any rule", "warning"
        )
        for path in idle
    ]


def _sets(node: Node) -> set[frozenset[object]]:
    found: set[frozenset[object]] = {node.values} if isinstance(node, Membership) else set()
    for child in children(node):
        found |= _sets(child)
    return found
