"""Dashboard, alerts and scrape configuration speak of metrics and services that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fraud_core.metrics import StreamMetrics
from fraud_core.settings import REPOSITORY
from fraud_stream.consumer import monitoring

FOLDER = REPOSITORY / "kafka/monitoring"
DASHBOARDS = sorted((FOLDER / "grafana/dashboards").glob("*.json"))
COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]


def known() -> set[str]:
    """Every name that a scrape of the consumer has."""
    metrics = StreamMetrics()
    metrics.orders.labels("approve")
    metrics.dead_letters.labels("schema")
    metrics.published.labels("transactions_flagged")
    counted = {sample.name for metric in metrics.registry.collect() for sample in metric.samples}
    asked = re.findall(r'"(fraud_[a-z_]+)"', Path(monitoring.__file__).read_text())
    return counted | set(asked)


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:fraud|process)_[a-z_]+\b", expression))


def queries(dashboard: Path) -> list[str]:
    panels = json.loads(dashboard.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_shows_a_metric_that_there_is(dashboard: Path) -> None:
    asked = [metrics_in(query) for query in queries(dashboard)]

    assert asked
    assert all(asked)
    assert set[str]().union(*asked) <= known()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_asks_for_a_metric_that_there_is_and_says_what_it_means(
    rule: dict[str, Any],
) -> None:
    assert metrics_in(rule["expr"])
    assert metrics_in(rule["expr"]) <= known()
    assert rule["labels"]["severity"] in {"page", "warning"}
    assert rule["annotations"]["summary"].endswith(".")


def test_every_metric_of_the_platform_is_shown_somewhere() -> None:
    shown = set[str]().union(*(metrics_in(query) for path in DASHBOARDS for query in queries(path)))
    alarmed = set[str]().union(*(metrics_in(rule["expr"]) for rule in RULES))
    families = {re.sub("_(total|bucket|sum|count|created)$", "", name) for name in shown | alarmed}
    ours = {re.sub("_(total|bucket|sum|count|created)$", "", name) for name in known()}

    unseen = {name for name in ours - families if name.startswith("fraud_")}
    assert unseen == {"fraud_lease_epoch", "fraud_published", "fraud_snapshot_bytes"}


def test_what_is_scraped_are_the_consumers_at_the_port_where_they_answer() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    targets = {target for found in job["static_configs"] for target in found["targets"]}
    consumers = {
        f"{name}:{service['environment']['METRICS_PORT']}"
        for name, service in COMPOSE["services"].items()
        if service.get("command") == ["consume"]
    }

    assert targets == consumers


def test_the_services_are_of_the_profile_metrics_and_grafana_asks_for_its_own_password() -> None:
    found = {name: COMPOSE["services"][name] for name in ("prometheus", "grafana")}

    assert all(service["profiles"] == ["metrics"] for service in found.values())
    assert "ports" not in found["prometheus"]
    told = found["grafana"]["environment"]
    assert told["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_password"
    assert told["GF_SECURITY_SECRET_KEY__FILE"] == "/run/secrets/grafana_secret_key"
