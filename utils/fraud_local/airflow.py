"""Airflow as separate processes with LocalExecutor, its metadata in the stack's Postgres."""

import configparser
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import psycopg2

from fraud_core.database import connect
from fraud_core.errors import StackError
from fraud_core.settings import Role, Settings
from fraud_local.child_environment import inherited
from fraud_local.env_file import AIRFLOW_FERNET_KEY, AIRFLOW_SIGNING_SECRET
from fraud_local.ports import LOOPBACK
from fraud_local.program import Program
from fraud_local.state import write_private

SCHEDULER = "airflow-scheduler"
DAG_PROCESSOR = "airflow-dag-processor"
API_SERVER = "airflow-api-server"
NAMES = (SCHEDULER, DAG_PROCESSOR, API_SERVER)

_PROBE_S = 5


def configuration(
    settings: Settings, home: Path, secrets: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    """What differs from Airflow's defaults, by section.

    There is no triggerer: no DAG defers, and its log server would listen on every interface.
    """
    url = settings.airflow_url
    return {
        "core": {
            "executor": "LocalExecutor",
            "parallelism": 4,
            "dags_folder": settings.fraud_project / "airflow" / "dags",
            "plugins_folder": settings.fraud_project / "airflow" / "plugins",
            "load_examples": False,
            "dags_are_paused_at_creation": False,
            "fernet_key": secrets[AIRFLOW_FERNET_KEY],
            "simple_auth_manager_users": f"{settings.airflow_user}:admin",
            "simple_auth_manager_passwords_file": home / "passwords.json",
            "execution_api_server_url": f"{url}/execution/",
        },
        "database": {"sql_alchemy_conn": _database_url(settings)},
        "logging": {**log_folders(home / "logs"), "dag_processor_log_target": "stdout"},
        # A task whose last pipe closes before it can be reaped is seen to have ended only at the
        # next heartbeat, which is every 5 s by default.
        "workers": {"min_heartbeat_interval": 1},
        "scheduler": {
            # Idle it takes 10.6 % of a core at 0.1 s, 3.6 % at 0.5 and 2.5 % at the default of 1;
            # a run of the pipeline has a dozen steps that each wait half of this.
            "scheduler_idle_sleep_time": 0.25,
            # What a killed one was doing is begun again within a minute of its restart instead of
            # five; it is seen to be gone after 30 s without a heartbeat, as by default, because a
            # busy machine can keep a living one silent for a while.
            "orphaned_tasks_check_interval": 10,
            "task_instance_heartbeat_timeout": 120,
        },
        "dag_processor": {
            # New files are seen after 5 s instead of 5 minutes.
            "refresh_interval": 5,
            "dag_bundle_storage_path": home / "bundles",
        },
        "api": {
            "base_url": url,
            "host": LOOPBACK,
            "port": (url or "").rpartition(":")[2],
            "workers": 1,
            "secret_key": secrets[AIRFLOW_SIGNING_SECRET],
        },
        "api_auth": {"jwt_secret": secrets[AIRFLOW_SIGNING_SECRET]},
        "usage_data_collection": {"enabled": False},
    }


def log_folders(logs: Path) -> dict[str, object]:
    """Where tasks log, and parsing: that is in the DAG processor's own log, too, but Airflow makes
    a file a day of each DAG all the same. Of both, housekeeping forgets what is old.
    """
    return {
        "base_log_folder": logs,
        "dag_processor_child_process_log_directory": logs / "dag_processor",
    }


def _database_url(settings: Settings) -> str:
    login = settings.connection(Role.AIRFLOW)
    who = f"{quote(login['user'], safe='')}:{quote(login['password'], safe='')}"
    tls = urlencode({name: login[name] for name in ("sslmode", "sslrootcert") if name in login})
    where = f"{login['host']}:{login['port']}/{quote(login['dbname'])}"
    return f"postgresql+psycopg2://{who}@{where}?{tls}"


def as_file(sections: Mapping[str, Mapping[str, object]]) -> str:
    """The text of an `airflow.cfg`."""
    parser = configparser.RawConfigParser()
    for section, values in sections.items():
        # Airflow expands % in its values.
        parser[section] = {name: str(value).replace("%", "%%") for name, value in values.items()}
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


class Airflow:
    """Airflow's home folder, and how to start its parts."""

    def __init__(
        self,
        home: Path,
        settings: Settings,
        secrets: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> None:
        self._home = home
        self._settings = settings
        self._configuration = as_file(configuration(settings, home, secrets))
        self._passwords = json.dumps({settings.airflow_user: secrets["AIRFLOW_PASSWORD"]})
        # The digest makes the supervisor see a change that is only in the files.
        content = (self._configuration + self._passwords).encode()
        digest = hashlib.sha256(content).hexdigest()[:12]
        self._environment = {
            **environment,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW_CONFIGURATION_DIGEST": digest,
        }
        self._migrated = home / "migrated"
        self.url = settings.airflow_url or ""
        # One for all probes: each new client loads the certificates of the whole world.
        self._http = httpx.Client(timeout=_PROBE_S, trust_env=False)

    def write_configuration(self) -> None:
        """Settings and logins, readable by us only: both hold passwords."""
        write_private(self._home / "airflow.cfg", self._configuration)
        write_private(self._home / "passwords.json", self._passwords)

    def needs_migration(self) -> bool:
        """Whether this version of Airflow has not migrated this very database yet."""
        return not self._migrated.exists() or self._migrated.read_text() != self._fingerprint()

    def migrate(self) -> None:
        """Make or upgrade Airflow's tables. Takes seconds, most of it imports."""
        done = subprocess.run(
            [*self._command("db", "migrate")],
            env={**inherited(), **self._environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"`airflow db migrate` failed:\n{(done.stdout + done.stderr)[-3000:]}")
        self._migrated.write_text(self._fingerprint())

    def _fingerprint(self) -> str:
        """Airflow's version, and what its own migrations left in the database."""
        with connect(self._settings, Role.AIRFLOW, application="fraud-up") as connection:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("select version_num from alembic_version")
                    row = cursor.fetchone()
            except psycopg2.errors.UndefinedTable:
                row = None
        connection.close()
        return f"{version('apache-airflow')} {row[0] if row else 'empty'}"

    def programs(self) -> list[Program]:
        """Scheduler (which runs the tasks), DAG processor and API server with the UI.

        Task logs are read from the disk, so the scheduler serves none on a port of its own.
        """
        arguments = {
            SCHEDULER: ("scheduler", "--skip-serve-logs"),
            DAG_PROCESSOR: ("dag-processor",),
            API_SERVER: ("api-server",),
        }
        return [
            Program(
                name=name,
                command=self._command(*words),
                directory=self._home,
                environment=self._environment,
                stop_seconds=20,
                start_seconds=3,
            )
            for name, words in arguments.items()
        ]

    def answers(self) -> bool:
        """Whether the API is up and hears from scheduler and DAG processor."""
        try:
            health = self._http.get(f"{self.url}/api/v2/monitor/health")
            parts = health.json()
        except (httpx.HTTPError, ValueError):
            return False
        return health.is_success and all(
            parts.get(part, {}).get("status") == "healthy"
            for part in ("metadatabase", "scheduler", "dag_processor")
        )

    @staticmethod
    def _command(*words: str) -> tuple[str, ...]:
        return (str(Path(sys.prefix) / "bin" / "airflow"), *words)
