"""The consumer as a supervised service."""

import sys
from collections.abc import Mapping
from pathlib import Path

from fraud_core.settings import Settings
from fraud_local.program import Program

NAME = "consumer"


def consumer_program(
    settings: Settings, environment: Mapping[str, str], metrics_port: int
) -> Program:
    """`fraud consume` without an end; TERM lets it land what it has in hand."""
    return Program(
        name=NAME,
        command=(str(Path(sys.prefix) / "bin" / "fraud"), "consume"),
        directory=settings.fraud_project,
        environment={**environment, "METRICS_PORT": str(metrics_port)},
    )
