"""Steps and boxes that run in containers; imported only when TASK_RUNNER says docker.

The Docker client costs a third of a second at each parse of a DAG file.
"""

import json
from typing import Any

from airflow.providers.docker.operators.docker import DockerOperator
from airflow.sdk import Context
from pydantic import SecretStr

from fraud_core.settings import Settings
from pipeline_blocks.model_box import ModelBox

CONTAINER_SETTINGS = (
    "kafka_bootstrap_servers",
    "kafka_topic_transactions",
    "kafka_topic_labels",
    "kafka_topic_labels",
    "postgres_host",
    "postgres_port",
    "postgres_db",
    "consumer_user",
    "consumer_password",
    "dbt_user",
    "dbt_password",
    "analyst_user",
    "consumer_batch_rows",
    "consumer_linger_ms",
    "consumer_lease_seconds",
    "max_message_bytes",
    "rules_file",
    "lists_file",
    "log_level",
    "log_format",
)
"""What a step in a container is told: no more logins than its work needs, no paths of this host."""


class ContainerStep(DockerOperator):
    """Runs a `fraud` command in a container of TASK_IMAGE."""

    def __init__(self, *, settings: Settings, **kwargs: Any) -> None:
        plain, secret = _environment(settings)
        super().__init__(
            image=settings.task_image,
            network_mode=settings.task_network,
            environment=plain,
            private_environment=secret,  # neither rendered nor stored with the DAG
            auto_remove="force",
            mount_tmp_dir=False,
            **kwargs,
        )

    def execute(self, context: Context) -> Any:
        """The command's last line, read as JSON when it is some."""
        last_line = super().execute(context)
        try:
            return json.loads(str(last_line))
        except ValueError:
            return last_line


class ContainerModelBox(ModelBox, ContainerStep):
    """A box whose own build runs in a container."""

    def __init__(self, *, model: str, build_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.build_task_id = build_task_id


def _environment(settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """What a container is told, apart: plain values, and those that nobody should see."""
    plain: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name in CONTAINER_SETTINGS:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            secret[name.upper()] = value.get_secret_value()
        elif value is not None:
            plain[name.upper()] = str(value)
    return plain, secret
