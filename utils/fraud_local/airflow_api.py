"""A typed client of Airflow's REST API: trigger a run, follow it task by task, clear, read logs.

Every read waits out an API server that is restarting, for up to `patience_s`. A trigger carries
a run id of our own, so that repeating it after an unclear answer cannot start a second run.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import msgspec
import stamina
from pydantic import SecretStr

from fraud_core.errors import PipelineError, SettingsError
from fraud_core.settings import Settings
from fraud_local.airflow_types import (
    Dag,
    ImportErrors,
    Run,
    Runs,
    TaskInstance,
    TaskInstances,
    Tasks,
    Token,
)

_T = TypeVar("_T")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class AirflowApi:
    """Talks to one Airflow as one user; use it as a context manager."""

    def __init__(
        self,
        url: str,
        user: str,
        password: SecretStr,
        *,
        patience_s: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.address = url
        base = httpx.URL(url)
        self._login = {"username": user, "password": password.get_secret_value()}
        self._patience_s = patience_s
        self._http = httpx.Client(
            base_url=base,
            timeout=30.0,
            transport=transport,
            # A proxy set for the outside world must not stand between us and this machine.
            trust_env=base.host not in _LOOPBACK,
        )

    def __enter__(self) -> "AirflowApi":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def wait_until_healthy(self, timeout_s: float) -> None:
        """Return once API server, database, scheduler and DAG processor report healthy."""

        def is_healthy() -> bool:
            answer = self._http.get("/api/v2/monitor/health")
            parts: dict[str, Any] = answer.json() if answer.is_success else {}
            needed = ("metadatabase", "scheduler", "dag_processor")
            return all((parts.get(part) or {}).get("status") == "healthy" for part in needed)

        self._wait(is_healthy, timeout_s, "Airflow does not report healthy")

    def wait_for_dag(self, dag_id: str, timeout_s: float) -> None:
        """Return once `dag_id` has been read; a file that does not load ends the wait at once."""

        def is_there() -> bool:
            answer = self._request("GET", f"/api/v2/dags/{dag_id}")
            if answer.is_success:
                return True
            self._raise_import_errors()
            return False

        self._wait(is_there, timeout_s, f"Airflow has no DAG {dag_id}")

    def is_paused(self, dag_id: str) -> bool:
        """Whether a triggered run would wait until somebody unpauses the DAG."""
        return self._get(f"/api/v2/dags/{dag_id}", Dag).is_paused

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Have no run of the DAG start, or let them start again."""
        _checked(self._request("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": paused}))

    def trigger(self, dag_id: str, *, conf: dict[str, Any] | None = None) -> str:
        """Start a run and return its id."""
        run_id = f"manual__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}_{uuid4().hex[:8]}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf or {}}
        answer = self._request("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)
        if answer.status_code != HTTPStatus.CONFLICT:  # ours got through before
            _checked(answer)
        return run_id

    def backfill(self, dag_id: str, first: str, last: str) -> None:
        """Have a DAG run for every date that its schedule has between two times, again if need be.

        Returns at once; the runs follow one after the other.
        """
        body = {
            "dag_id": dag_id,
            "from_date": first,
            "to_date": last,
            "max_active_runs": 1,
            "reprocess_behavior": "completed",
        }
        _checked(self._request("POST", "/api/v2/backfills", json=body))

    def run(self, dag_id: str, run_id: str) -> Run:
        """How a run stands."""
        return self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", Run)

    def tasks(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """Every box of a run, all pages."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[TaskInstance] = []
        while True:
            page = self._get(path, TaskInstances, params={"limit": 100, "offset": len(found)})
            found += page.task_instances
            if not page.task_instances or len(found) >= page.total_entries:
                return found

    def followers(self, dag_id: str) -> dict[str, set[str]]:
        """For each task of a DAG those that wait for it."""
        found = self._get(f"/api/v2/dags/{dag_id}/tasks", Tasks).tasks
        return {task.task_id: set(task.downstream_task_ids) for task in found}

    def follow(
        self,
        dag_id: str,
        run_id: str,
        on_change: Callable[[TaskInstance], None],
        *,
        timeout_s: float,
        poll_s: float = 0.5,
    ) -> Run:
        """Call `on_change` for each task whose state or try changed, until the run is over.

        Raises PipelineError when the run is not over after `timeout_s`; it then goes on without us.
        """
        deadline = time.monotonic() + timeout_s
        seen: dict[str, tuple[str | None, int]] = {}
        while True:
            run = self.run(dag_id, run_id)  # before its tasks, so that the last change is seen
            for task in self.tasks(dag_id, run_id):
                now = (task.state, task.try_number)
                if task.state is not None and seen.get(task.task_id) != now:
                    seen[task.task_id] = now
                    on_change(task)
            if run.is_over:
                return run
            if time.monotonic() > deadline:
                raise PipelineError(
                    f"run {run_id} of {dag_id} is still {run.state} after {timeout_s:.0f} s"
                )
            time.sleep(poll_s)

    def clear(
        self, dag_id: str, run_id: str, task_ids: list[str], *, downstream: bool = False
    ) -> None:
        """Have tasks run again, as the UI's Clear does, with what depends on them if asked."""
        body = {
            "dry_run": False,
            "only_failed": False,
            "dag_run_id": run_id,
            "task_ids": task_ids,
            "include_downstream": downstream,
        }
        _checked(self._request("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", json=body))

    def write_note(self, dag_id: str, run_id: str, note: str) -> None:
        """Put a note on a run, in place of the one it has; Airflow takes 1,000 characters."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"
        _checked(self._request("PATCH", path, json={"note": note}))

    def run_ids(self, dag_id: str) -> list[str]:
        """Up to 100 runs of a DAG, the newest first."""
        params = {"limit": 100, "order_by": "-run_after"}
        found = self._get(f"/api/v2/dags/{dag_id}/dagRuns", Runs, params=params)
        return [run.dag_run_id for run in found.dag_runs]

    def runs_ended_before(self, moment: datetime) -> list[tuple[str, str]]:
        """DAG and run id of up to 100 runs of all DAGs, the oldest first."""
        params = {"end_date_lt": moment.isoformat(), "limit": 100, "order_by": "end_date"}
        found = self._get("/api/v2/dags/~/dagRuns", Runs, params=params)
        return [(run.dag_id, run.dag_run_id) for run in found.dag_runs]

    def delete_run(self, dag_id: str, run_id: str) -> None:
        """Forget a run with all that Airflow's database has of it."""
        answer = self._request("DELETE", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
        if answer.status_code != HTTPStatus.NOT_FOUND:  # somebody else did so
            _checked(answer)

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> str:
        """A task's log as text, one event a line."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = _checked(
            self._request("GET", path, params={"full_content": True}, accept="application/x-ndjson")
        )
        return answer.text

    def _raise_import_errors(self) -> None:
        found = self._get("/api/v2/importErrors", ImportErrors).import_errors
        if found:
            text = "\n".join(f"{error.filename}:\n{error.stack_trace}" for error in found)
            raise PipelineError(f"Airflow cannot read a DAG file:\n{text}")

    def _wait(self, is_so: Callable[[], bool], timeout_s: float, complaint: str) -> None:
        deadline = time.monotonic() + timeout_s
        trouble = ""
        while time.monotonic() < deadline:
            try:
                if is_so():
                    return
                trouble = ""
            except httpx.TransportError as error:
                trouble = f" ({error})"
            time.sleep(0.5)
        raise PipelineError(
            f"{complaint} at {self._http.base_url} after {timeout_s:.0f} s{trouble}"
        )

    def _get(self, path: str, kind: type[_T], params: dict[str, Any] | None = None) -> _T:
        answer = _checked(self._request("GET", path, params=params))
        return msgspec.json.decode(answer.content, type=kind)

    def _request(
        self, method: str, path: str, *, accept: str = "application/json", **arguments: Any
    ) -> httpx.Response:
        """One request with a valid token, repeated while the server is away."""
        for attempt in stamina.retry_context(
            on=_is_away, attempts=None, timeout=self._patience_s, wait_max=2.0
        ):
            with attempt:
                if "Authorization" not in self._http.headers:
                    self._authenticate()
                answer = self._http.request(method, path, headers={"Accept": accept}, **arguments)
                if answer.status_code == HTTPStatus.UNAUTHORIZED:  # the token ran out
                    self._authenticate()
                    answer = self._http.request(
                        method, path, headers={"Accept": accept}, **arguments
                    )
                if answer.is_server_error:
                    answer.raise_for_status()
                return answer
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _authenticate(self) -> None:
        answer = self._http.post("/auth/token", json=self._login)
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise SettingsError(
                "Airflow refuses the login: check AIRFLOW_USER and AIRFLOW_PASSWORD "
                f"for {self._http.base_url}"
            )
        token = msgspec.json.decode(_checked(answer).content, type=Token)
        self._http.headers["Authorization"] = f"Bearer {token.access_token}"


def airflow_api(settings: Settings, *, patience_s: float = 60.0) -> AirflowApi:
    """The client for AIRFLOW_URL as AIRFLOW_USER, or a SettingsError naming what is missing."""
    if settings.airflow_url is None or settings.airflow_password is None:
        missing = "AIRFLOW_URL" if settings.airflow_url is None else "AIRFLOW_PASSWORD"
        raise SettingsError(
            f"{missing} is not set: run `fraud up` for the embedded stack, or set it in the "
            "environment or in .env (see .env.example)"
        )
    return AirflowApi(
        settings.airflow_url,
        settings.airflow_user,
        settings.airflow_password,
        patience_s=patience_s,
    )


def _is_away(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return isinstance(error, httpx.TransportError)


def _checked(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise PipelineError(
            f"Airflow answers {answer.status_code} to {answer.request.method} "
            f"{answer.request.url.path}: {answer.text[:500]}"
        )
    return answer
