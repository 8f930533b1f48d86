"""The stack's own variables in `.fraud/env`: addresses and the user's own secrets while it runs,
what it made up for good.
"""

import base64
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from dotenv import dotenv_values
from pydantic import SecretStr

from fraud_core.errors import StackError
from fraud_core.settings import Settings
from fraud_local.state import write_private

ADDRESSES = ("KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_HOST", "POSTGRES_PORT", "AIRFLOW_URL")
"""Written while the stack runs, so that a client without a stack hears that there is none."""

SECRETS = tuple(
    name
    for name, field in Settings.model_fields.items()
    if SecretStr in {field.annotation, *get_args(field.annotation)}
)
"""Settings that children find here and nowhere else, when they are set."""

PASSWORDS = (
    "postgres_password",
    "consumer_password",
    "dbt_password",
    "analyst_password",
    "airflow_db_password",
    "airflow_password",
    "pseudonym_key",
)
"""Those that get a random value when nobody set them, and keep the value that they had."""

SUPERUSER_PASSWORD = "EMBEDDED_POSTGRES_SUPERUSER_PASSWORD"  # noqa: S105 - a name
AIRFLOW_SIGNING_SECRET = "AIRFLOW_SIGNING_SECRET"  # noqa: S105 - a name
AIRFLOW_FERNET_KEY = "AIRFLOW_FERNET_KEY"
"""Secrets that only the embedded parts themselves need."""

_FOR_CLIENTS = (
    "kafka_bootstrap_servers",
    "postgres_host",
    "postgres_port",
    "postgres_db",
    "postgres_user",
    "postgres_password",
    "analyst_user",
    "analyst_password",
    "airflow_url",
    "airflow_user",
    "airflow_password",
)

LIBPQ = {
    "PGHOST": "POSTGRES_HOST",
    "PGPORT": "POSTGRES_PORT",
    "PGDATABASE": "POSTGRES_DB",
    "PGUSER": "POSTGRES_USER",
    "PGPASSWORD": "POSTGRES_PASSWORD",
}
"""What Postgres's own clients call the owner's variables."""


def read(path: Path) -> dict[str, str]:
    """The variables of the file; none when there is no file yet."""
    values = dotenv_values(path, interpolate=False)
    return {name: value for name, value in values.items() if value}


def write(path: Path, values: Mapping[str, str]) -> None:
    """Write the file, readable by its owner only."""
    lines = [f"{name}={_quote(name, value)}" for name, value in values.items()]
    header = "# Written by `fraud up`. Set other values in .env, not here.\n"
    write_private(path, header + "\n".join(lines) + "\n")


def _quote(name: str, value: str) -> str:
    if "\n" in value or "${" in value:
        raise StackError(f"{name} holds a line break or a '${{', which an env file cannot carry")
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def with_secrets(
    settings: Settings, known: Mapping[str, str], *, own_server: bool
) -> dict[str, str]:
    """Every secret: the settings' own, else, of PASSWORDS, the remembered one or a new random one.

    An existing server's owner has a password already, so for that one nothing is made up.
    """
    values: dict[str, str] = {}
    for field in SECRETS:
        given: SecretStr | None = getattr(settings, field)
        if given is not None:
            values[field.upper()] = given.get_secret_value()
        elif field in PASSWORDS and (field != "postgres_password" or own_server):
            values[field.upper()] = known.get(field.upper()) or secrets.token_urlsafe(24)
    for name in (SUPERUSER_PASSWORD, AIRFLOW_SIGNING_SECRET):
        values[name] = known.get(name) or secrets.token_urlsafe(64)
    fernet = base64.urlsafe_b64encode(os.urandom(32)).decode()
    values[AIRFLOW_FERNET_KEY] = known.get(AIRFLOW_FERNET_KEY) or fernet
    return values


def kept_for_good(values: Mapping[str, str]) -> dict[str, str]:
    """Those of the file's variables that outlive the stack.

    A secret that only the user can give, such as SMTP_PASSWORD, goes with the addresses: he who
    takes it back is not left with a copy in force.
    """
    passing = {*ADDRESSES, *(field.upper() for field in SECRETS if field not in PASSWORDS)}
    return {name: value for name, value in values.items() if name not in passing}


def refuse_two_values(environment: Mapping[str, str], dot_env: Path) -> None:
    """Raise StackError when the environment has another value of a secret than `.env`.

    The environment wins in this process. It would not in children, which do not inherit secrets.
    """
    written = read(dot_env)
    for name, value in environment.items():
        variable = name.upper()
        if name.lower() in SECRETS and value and written.get(variable, value) != value:
            raise StackError(
                f"{variable} has one value in the environment and another in {dot_env}, where the "
                "stack's parts read it: unset one of the two"
            )


def exports(settings: Settings, metrics_url: str | None = None) -> str:
    """Shell lines that give any client the running stack's addresses and logins.

    The owner's come under the names of Postgres's own clients as well, so that `psql` just works.
    """
    values: dict[str, str] = {}
    for field in _FOR_CLIENTS:
        value = getattr(settings, field)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            values[field.upper()] = str(value)
    if metrics_url:
        values["CONSUMER_METRICS_URL"] = metrics_url
    values |= {theirs: values[ours] for theirs, ours in LIBPQ.items() if ours in values}
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())
