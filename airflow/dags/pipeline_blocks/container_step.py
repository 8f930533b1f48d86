"""Steps that run in containers; imported only when TASK_RUNNER says docker.

The Docker client costs a third of a second at each parse of a DAG file.
"""

import json
from collections.abc import Collection
from typing import Any

from airflow.providers.docker.operators.docker import DockerOperator
from airflow.sdk import Context
from pydantic import SecretStr

from fraud_core.errors import NothingToDoError
from fraud_core.settings import Settings

SECRETS = (
    "consumer_password",
    "dbt_password",
    "pseudonym_key",
    "kafka_consumer_password",
    "kafka_replay_password",
)
"""The secrets that the work of steps needs; none else ever reaches a container."""

OF_OWNER = "postgres_password"
"""For a step that runs as the owner of the database, and for no other."""

OF_THIS_HOST = ("fraud_home", "fraud_project", "fraud_secrets", "export_url")
"""Paths that mean nothing in there; the image has its own, and a bucket's address is passed on."""


class ContainerStep(DockerOperator):
    """Runs a `fraud` command in a container of TASK_IMAGE."""

    def __init__(self, *, settings: Settings, as_owner: bool = False, **kwargs: Any) -> None:
        plain, secret = _environment(settings, (*SECRETS, OF_OWNER) if as_owner else SECRETS)
        if settings.task_engine_url is not None:
            kwargs["docker_url"] = settings.task_engine_url
        super().__init__(
            image=settings.task_image,
            network_mode=settings.task_network,
            environment=plain,
            private_environment=secret,  # neither rendered nor stored with the DAG
            auto_remove="force",
            mount_tmp_dir=False,
            skip_on_exit_code=NothingToDoError.exit_code,
            **kwargs,
        )

    def execute(self, context: Context) -> Any:
        """The command's last line, read as JSON when it is some."""
        last_line = super().execute(context)
        try:
            return json.loads(str(last_line))
        except ValueError:
            return last_line


def _environment(
    settings: Settings, secrets: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What a container is told, apart: plain values, and those that nobody should see."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    plain = {
        name.upper(): str(value)
        for name, value in values.items()
        if value is not None and not isinstance(value, SecretStr) and name not in OF_THIS_HOST
    }
    if settings.export_url and "://" in settings.export_url:
        plain["EXPORT_URL"] = settings.export_url
    secret = {
        name.upper(): value.get_secret_value()
        for name in secrets
        if isinstance(value := values.get(name), SecretStr)
    }
    return plain, secret
