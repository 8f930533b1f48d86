"""The consumer as a supervised service."""

from pathlib import Path

from fraud_core.settings import Settings
from fraud_local.consumer import consumer_program


def test_it_is_watched_on_a_port_of_its_own() -> None:
    settings = Settings.model_construct(fraud_project=Path())
    program = consumer_program(settings, {"METRICS_PORT": "1", "FRAUD_HOME": "/home"}, 9465)
    assert program.environment == {"METRICS_PORT": "9465", "FRAUD_HOME": "/home"}
