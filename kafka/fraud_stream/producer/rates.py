"""Which scenarios run, and how often: what `--attacks` says."""

from fraud_core.errors import FraudPlatformError
from fraud_stream.producer.attacks import ATTACKS
from fraud_stream.producer.lookalikes import EVERYDAY, LOOKALIKES
from fraud_stream.producer.scenario import Scenario


class UnknownScenarioError(FraudPlatformError):
    """`--attacks` names a scenario that there is not, or a rate that is none."""

    exit_code = 2


def scenario_rates(wish: str) -> dict[Scenario, float]:
    """Shares of all orders by scenario.

    `all` are the attacks at their own rates, `none` no attack, `name=rate,...` exactly those
    attacks. Honest lookalikes and newcomers keep their own rates unless they are named.
    Raises UnknownScenarioError.
    """
    rates = {scenario: scenario.rate for scenario in (*ATTACKS, *LOOKALIKES, *EVERYDAY)}
    if wish == "all":
        return rates
    rates |= dict.fromkeys(ATTACKS, 0.0)
    if wish != "none":
        rates |= dict(_named(part) for part in wish.split(","))
    if sum(rates.values()) > 0.9:
        raise UnknownScenarioError("--attacks: the rates add up to more than 0.9 of all orders")
    return rates


def _named(part: str) -> tuple[Scenario, float]:
    known = {scenario.name: scenario for scenario in (*ATTACKS, *LOOKALIKES, *EVERYDAY)}
    name, _, rate = part.strip().partition("=")
    if name not in known:
        raise UnknownScenarioError(
            f"--attacks: there is no scenario {name!r}; there are all, none, or name=rate of: "
            + ", ".join(sorted(known))
        )
    try:
        share = float(rate) if rate else known[name].rate
    except ValueError:
        share = -1.0
    if not 0 <= share <= 0.9:
        raise UnknownScenarioError(
            f"--attacks: {part.strip()!r} needs a share of all orders from 0 to 0.9, like "
            f"{name}=0.002"
        )
    return known[name], share
