"""Every setting of the platform, read once from the environment and handed down.

Sources, later ones winning: a folder of secrets (one file a variable, as containers get them), the
embedded stack's `.fraud/env` (written by `fraud up`), a `.env` file beside the README, the process
environment. `.env.example` explains each variable; a test holds the two in step.
"""

from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from dotenv import dotenv_values
from pydantic import AwareDatetime, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fraud_core.errors import SettingsError
from fraud_core.events import OLDEST_EVENT
from fraud_core.kafka_access import KafkaPart, StreamTopics
from fraud_core.settings_names import RoleName, TopicName
from fraud_core.settings_paths import ProjectAddress, ProjectFile
from fraud_core.settings_problems import explain, refuse_same

_T = TypeVar("_T")

REPOSITORY = Path(__file__).resolve().parents[2]
"""The checkout: migrations, the dbt project and the DAGs are used from here."""


class Role(StrEnum):
    """Who connects to Postgres. Each has its own login and the least rights that do the work."""

    OWNER = "owner"
    CONSUMER = "consumer"
    DBT = "dbt"
    ANALYST = "analyst"
    AIRFLOW = "airflow"


class Settings(BaseSettings):
    """All variables, grouped as in `.env.example`. Empty counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    # Where things are kept.
    fraud_home: Path = REPOSITORY / ".fraud"
    fraud_project: Path = REPOSITORY
    fraud_secrets: Path | None = None

    # Kafka.
    kafka_bootstrap_servers: str | None = None
    kafka_topic_transactions: TopicName = "transactions_raw"
    kafka_topic_labels: TopicName = "transaction_labels"
    kafka_topic_flagged: TopicName = "transactions_flagged"
    kafka_topic_dead_letter: TopicName = "transactions_dead_letter"
    kafka_topic_replay: TopicName = "transactions_replay"
    kafka_partitions: int = Field(default=6, ge=1, le=1000)
    kafka_security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_ca_file: ProjectFile | None = None
    kafka_admin_user: str = "fraud-admin"
    kafka_admin_password: SecretStr | None = None
    kafka_producer_user: str = "fraud-producer"
    kafka_producer_password: SecretStr | None = None
    kafka_consumer_user: str = "fraud-consumer"
    kafka_consumer_password: SecretStr | None = None
    kafka_replay_user: str = "fraud-replay"
    kafka_replay_password: SecretStr | None = None

    # Postgres.
    postgres_host: str | None = None
    postgres_port: int = Field(default=5432, ge=1, le=65535)
    postgres_db: str = "fraud"
    postgres_sslmode: Literal["disable", "prefer", "require", "verify-full"] = "prefer"
    postgres_ca_file: ProjectFile | None = None
    postgres_user: RoleName = "fraud_owner"
    postgres_password: SecretStr | None = None
    consumer_user: RoleName = "fraud_consumer"
    consumer_password: SecretStr | None = None
    dbt_user: RoleName = "fraud_dbt"
    dbt_password: SecretStr | None = None
    analyst_user: RoleName = "fraud_analyst"
    analyst_password: SecretStr | None = None
    airflow_db: str = "airflow"
    airflow_db_user: RoleName = "fraud_airflow"
    airflow_db_password: SecretStr | None = None
    pseudonym_key: SecretStr | None = Field(default=None, min_length=32)

    # Airflow.
    airflow_url: str | None = None
    airflow_user: str = "operator"
    airflow_password: SecretStr | None = None
    task_runner: Literal["local", "docker"] = "local"
    task_image: str = "fraud-platform/tasks"
    task_network: str = "fraud-platform"
    task_engine_url: str | None = None
    pipeline_deadline_minutes: float = Field(default=15, gt=0, le=1440)

    # Alarms.
    notify_webhook_url: SecretStr | None = None
    notify_email_to: str | None = None
    notify_email_from: str = "fraud-platform@localhost"
    smtp_host: str = "localhost"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None

    # Exports, reference data, quality, housekeeping.
    export_url: ProjectAddress | None = None
    marketplace_seed: int = 1
    marketplace_customers: int = Field(default=2_000, ge=250, le=100_000)
    retention_days: int = Field(default=365, ge=32, le=36_500)
    freshness_minutes: int = Field(default=1440, ge=1, le=525_600)
    dead_letter_percent: float = Field(default=5, ge=0, le=100)
    labels_expected_days: int = Field(default=30, ge=1, le=365)

    # The consumer.
    consumer_batch_rows: int = Field(default=5000, ge=1, le=100_000)
    consumer_linger_ms: int = Field(default=2, ge=0, le=10_000)
    consumer_lease_seconds: int = Field(default=10, ge=2, le=600)
    consumer_snapshot_orders: int = Field(default=250_000, ge=1_000, le=100_000_000)
    consumer_snapshot_seconds: int = Field(default=300, ge=1, le=86_400)
    consumer_breaker_messages: int = Field(default=10_000, ge=1, le=1_000_000_000)
    max_message_bytes: int = Field(default=1_000_000, ge=1_000, le=100_000_000)
    oldest_event_time: AwareDatetime = OLDEST_EVENT

    # Metrics.
    metrics_port: int = Field(default=0, ge=0, le=65535)
    metrics_host: str = "127.0.0.1"

    # The rules.
    rules_file: Path = Path("kafka/rules/starter.yml")
    lists_file: Path = Path("kafka/rules/lists.yml")
    scorer_form: Literal["auto", "compiled", "python"] = "auto"

    # Logs.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Of a file with a secret too, which pydantic-settings would take as it is."""
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _owners_differ(self) -> Self:
        """Two parts under one login would share rights; Airflow owns a database by itself."""
        refuse_same({"POSTGRES_DB": self.postgres_db, "AIRFLOW_DB": self.airflow_db})
        refuse_same(
            {
                "POSTGRES_USER": self.postgres_user,
                "CONSUMER_USER": self.consumer_user,
                "DBT_USER": self.dbt_user,
                "ANALYST_USER": self.analyst_user,
                "AIRFLOW_DB_USER": self.airflow_db_user,
            }
        )
        return self

    @model_validator(mode="after")
    def _topics_differ(self) -> Self:
        """Alerts that come in as orders would be dead letters, which would come in again."""
        names = self.topics._asdict()
        refuse_same({f"KAFKA_TOPIC_{use.upper()}": name for use, name in names.items()})
        return self

    @property
    def topics(self) -> StreamTopics:
        """All topics of the stream: two that come in, two that go out, one for replays."""
        return StreamTopics(
            transactions=self.kafka_topic_transactions,
            labels=self.kafka_topic_labels,
            flagged=self.kafka_topic_flagged,
            dead_letter=self.kafka_topic_dead_letter,
            replay=self.kafka_topic_replay,
        )

    @property
    def rules_path(self) -> Path:
        """The rule set in force."""
        return self.fraud_project / self.rules_file

    @property
    def lists_path(self) -> Path:
        """The allow, watch and block lists in force."""
        return self.fraud_project / self.lists_file

    def login(self, role: Role) -> tuple[str, SecretStr | None]:
        """User name and password of a role; the password is None when it is not set."""
        return {
            Role.OWNER: (self.postgres_user, self.postgres_password),
            Role.CONSUMER: (self.consumer_user, self.consumer_password),
            Role.DBT: (self.dbt_user, self.dbt_password),
            Role.ANALYST: (self.analyst_user, self.analyst_password),
            Role.AIRFLOW: (self.airflow_db_user, self.airflow_db_password),
        }[role]

    def bootstrap_servers(self) -> str:
        """Kafka's address, or a SettingsError that says how to get one."""
        return self._needed(self.kafka_bootstrap_servers, "KAFKA_BOOTSTRAP_SERVERS")

    def kafka_login(self, part: KafkaPart) -> tuple[str, SecretStr]:
        """User name and password of a part in Kafka, or a SettingsError naming what is missing."""
        password = getattr(self, f"kafka_{part}_password")
        return (
            getattr(self, f"kafka_{part}_user"),
            self._needed(password, f"KAFKA_{part.upper()}_PASSWORD"),
        )

    def kafka_client(self, part: KafkaPart) -> dict[str, str]:
        """What each Kafka client of `part` starts from: the broker, how to come back and log in."""
        client = {
            "bootstrap.servers": self.bootstrap_servers(),
            "reconnect.backoff.max.ms": "1000",  # 10 s unless told, with the broker up long before
        }
        if self.kafka_security_protocol == "PLAINTEXT":
            return client
        user, password = self.kafka_login(part)
        client |= {
            "security.protocol": self.kafka_security_protocol,
            "sasl.mechanism": self.kafka_sasl_mechanism,
            "sasl.username": user,
            "sasl.password": password.get_secret_value(),
        }
        if self.kafka_ca_file is not None:
            client["ssl.ca.location"] = str(self.kafka_ca_file)
        return client

    def connection(self, role: Role) -> dict[str, Any]:
        """Arguments for `psycopg2.connect` as `role`, or a SettingsError naming what is missing."""
        user, password = self.login(role)
        variable = {
            Role.OWNER: "POSTGRES_PASSWORD",
            Role.AIRFLOW: "AIRFLOW_DB_PASSWORD",
        }.get(role, f"{role.upper()}_PASSWORD")
        tls: dict[str, str] = {"sslmode": self.postgres_sslmode}
        if self.postgres_ca_file is not None:
            tls["sslrootcert"] = str(self.postgres_ca_file)
        return {
            **tls,
            "host": self._needed(self.postgres_host, "POSTGRES_HOST"),
            "port": self.postgres_port,
            "dbname": self.airflow_db if role is Role.AIRFLOW else self.postgres_db,
            "user": user,
            "password": self._needed(password, variable).get_secret_value(),
        }

    def pseudonym_secret(self) -> str:
        """The key of every pseudonym, or a SettingsError that says how to get one."""
        return self._needed(self.pseudonym_key, "PSEUDONYM_KEY").get_secret_value()

    @staticmethod
    def _needed(value: _T | None, variable: str) -> _T:
        if value is None:
            raise SettingsError(
                f"{variable} is not set: run `fraud up` for the embedded stack, or set it in the "
                "environment or in .env (see .env.example)"
            )
        return value


def load_settings(**overrides: Any) -> Settings:
    """Read the settings, turning pydantic's report into one line a variable.

    `overrides` win over every source; tests use them. Raises SettingsError.
    """
    where = _Folders(
        **{name: overrides[name] for name in overrides if name in _Folders.model_fields}
    )
    if where.fraud_secrets is not None and not where.fraud_secrets.is_dir():
        raise SettingsError(f"FRAUD_SECRETS: there is no folder {where.fraud_secrets}")
    files = (where.fraud_home / "env", REPOSITORY / ".env")
    if where.postgres_host is None:
        overrides = _embedded_port(files[0]) | overrides
    try:
        return Settings(_env_file=files, _secrets_dir=where.fraud_secrets, **overrides)  # pyright: ignore[reportCallIssue] - pydantic-settings takes them, its type hides it
    except ValidationError as error:
        raise SettingsError(explain(error)) from error


def _embedded_port(written: Path) -> dict[str, Any]:
    """The port of the embedded server while it runs, which wins over any POSTGRES_PORT.

    Without a host that only says where the server shall listen, and its port may have been taken.
    """
    port = dotenv_values(written, interpolate=False).get("POSTGRES_PORT")
    return {"postgres_port": port} if port else {}


class _Folders(BaseSettings):
    """Where the other settings are read from, and whether a server of the user's is among them."""

    model_config = SettingsConfigDict(
        env_file=REPOSITORY / ".env", env_ignore_empty=True, extra="ignore"
    )
    fraud_home: Path = REPOSITORY / ".fraud"
    fraud_secrets: Path | None = None
    postgres_host: str | None = None
