"""By which rules and lists the consumer decides, as its metrics say."""

from dataclasses import dataclass
from http.client import HTTPException
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

SECONDS = 3.0


@dataclass(frozen=True)
class RulesInForce:
    """The versions that decisions carry; `refused` when the files on disk cannot replace them."""

    rule_set: str
    lists: str
    refused: bool


def rules_in_force(metrics_url: str) -> RulesInForce | None:
    """None when nobody answers there, or not who scores."""
    try:
        with urlopen(metrics_url, timeout=SECONDS) as answer:  # noqa: S310 - of our own consumer
            return read(answer.read().decode())
    except (OSError, HTTPException, ValueError):
        return None


def read(metrics: str) -> RulesInForce | None:
    """From the text that Prometheus reads. Raises ValueError when it is none."""
    families = text_string_to_metric_families(metrics)
    samples = {sample.name: sample for family in families for sample in family.samples}
    found = samples.get("fraud_rules_info")
    if found is None:
        return None
    refused = samples["fraud_rules_refused"].value == 1
    return RulesInForce(found.labels["rule_set"], found.labels["lists"], refused)
