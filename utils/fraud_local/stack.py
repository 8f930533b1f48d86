"""The embedded stack of one state folder: bring it up, take it down, ask it how it is."""

import os
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from fraud_core.errors import StackError
from fraud_core.settings import REPOSITORY, Settings
from fraud_local import env_file, ports, survivors
from fraud_local.bring_up import BringUp
from fraud_local.child_environment import for_supervisor
from fraud_local.kafka import new_cluster_id
from fraud_local.layout import Plan, make_plan, outside, wished, with_addresses
from fraud_local.parts import Parts, make_parts
from fraud_local.reporter import Reporter, Silent
from fraud_local.state import Memory, StateFolder
from fraud_local.supervisor_client import (
    ProcessInfo,
    SupervisorClient,
    SupervisorGoneError,
    socket_path,
)
from fraud_local.supervisor_config import render
from fraud_local.waiting import Waiter

_FOUNDATION = ("kafka", "postgres")

_PATIENCE_S = 10


class Stack:
    """Everything that `fraud up` starts for these settings, kept in `settings.fraud_home`."""

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter | None = None,
        usual_ports: Mapping[str, int] = ports.USUAL,
    ) -> None:
        # Programs start in folders of their own.
        self._given = settings.model_copy(
            update={"fraud_project": settings.fraud_project.absolute()}
        )
        self._usual_ports = usual_ports
        self._reservations = ports.Reservations()
        self._reporter = reporter or Silent()
        self._folder = StateFolder(settings.fraud_home)
        folder = self._folder
        self._config = folder.run / "supervisord.conf"
        self._client = SupervisorClient(
            socket_path(folder.run, folder.root), self._config, folder.logs / "supervisord.log"
        )

    @property
    def home(self) -> Path:
        """The state folder."""
        return self._folder.root

    def processes(self) -> list[psutil.Process]:
        """Every living process of this stack, whoever started it."""
        return survivors.find(str(self._folder.root), self._folder.recall())

    def settings(self) -> Settings:
        """The settings with the addresses and passwords of this stack."""
        memory = self._folder.recall()
        secrets = env_file.read(self._folder.env_file)
        settings = with_addresses(self._given, outside(self._given, memory), memory)
        passwords = {
            field: secrets[field.upper()] for field in env_file.SECRETS if field.upper() in secrets
        }
        return type(settings).model_validate({**settings.model_dump(), **passwords})

    def metrics_url(self) -> str | None:
        """Where the consumer of this stack answers monitors, when it runs."""
        port = self._folder.recall().ports.get("consumer")
        return f"http://{ports.LOOPBACK}:{port}/metrics" if port else None

    def is_up(self) -> bool:
        """Whether its supervisor answers; single parts may still be down."""
        return self._client.is_alive()

    def programs(self) -> list[ProcessInfo]:
        """What the supervisor says of each program; nothing when it does not run."""
        try:
            return self._client.programs() if self.is_up() else []
        except SupervisorGoneError:
            return []

    def outside(self) -> frozenset[str]:
        """The parts that the settings place somewhere else."""
        return outside(self._given, self._folder.recall())

    def log_files(self) -> dict[str, Path]:
        """Name to file, for every part that ever ran, and the supervisor itself."""
        files = sorted(self._folder.logs.glob("*.log"))
        return {path.stem: path for path in files}

    def up(self, only: Collection[str] | None = None) -> Settings:
        """Start what is in `only` and what that needs, or everything, and wait until all answers.

        What runs already stays as it is, unless its configuration changed. When it fails or is
        interrupted, what this call started is stopped again. Returns the settings for clients.
        """
        env_file.refuse_two_values(os.environ, REPOSITORY / ".env")
        self._folder.make()
        with self._folder.locked():
            self._client.wait_while_ending()
            memory = self._folder.recall()
            running = {info.name for info in self.programs() if info.state != "STOPPED"}
            plan = make_plan(only, self._given, memory, running)
            self._end_survivors(memory)
            settings, secrets = self._settle(plan, memory)
            parts = make_parts(
                plan, settings=settings, secrets=secrets, memory=memory, folder=self._folder
            )
            self._folder.remember(memory)
            try:
                self._configure(parts, memory)
                self._bring_up(plan, parts, settings, secrets, memory)
            except BaseException:
                self._undo(running, memory)
                raise
            return settings

    def down(self) -> int:
        """Stop everything of this stack, however it was left; returns the number of left-overs."""
        if not self._folder.root.exists():  # deleted while all of it ran, perhaps
            return survivors.end(self.processes())
        with self._folder.locked():
            return self._stop(self._folder.recall())

    def _settle(self, plan: Plan, memory: Memory) -> tuple[Settings, Mapping[str, str]]:
        """Ports, addresses and secrets, kept before anything starts."""
        self._choose_ports(plan, memory)
        settings = with_addresses(self._given, plan.outside, memory)
        # Clients hear also of a part that is not wanted now, but never of ours beside the user's.
        own = {
            f"{ports.LOOPBACK}:{memory.ports[part]}"
            for part in _FOUNDATION
            if part not in plan.outside
        }
        memory.own_addresses = sorted(own.union(memory.own_addresses))
        memory.kafka_cluster_id = memory.kafka_cluster_id or new_cluster_id()
        self._folder.remember(memory)
        secrets = env_file.with_secrets(
            settings,
            env_file.read(self._folder.env_file),
            own_server="postgres" not in plan.outside,
        )
        addresses = {
            name: str(value)
            for name in env_file.ADDRESSES
            if (value := getattr(settings, name.lower())) is not None
        }
        env_file.write(self._folder.env_file, {**addresses, **secrets})
        return self.settings(), secrets

    def _choose_ports(self, plan: Plan, memory: Memory) -> None:
        """Ports of a running stack stay; else the user's or the usual ones, or the next free."""
        if self.is_up() and memory.ports:
            return
        usual = dict(self._usual_ports)
        if "postgres" not in plan.outside:
            usual["postgres"] = self._given.postgres_port
        usual["consumer"] = self._given.metrics_port or usual["consumer"]
        try:
            memory.ports = self._reservations.choose(usual, memory.ports, wished(self._given))
        except LookupError as error:
            raise StackError(str(error)) from error
        for part, port in memory.ports.items():
            if port != usual[part] and part in plan.embedded:
                self._reporter.note(f"{part} uses port {port}: {usual[part]} is or was taken")

    def _configure(self, parts: Parts, memory: Memory) -> None:
        """Tell the supervisor of the programs, starting it first when it is not there."""
        self._config.write_text(
            render(
                parts.programs(),
                socket=socket_path(self._folder.run, self._folder.root),
                run=self._folder.run,
                logs=self._folder.logs,
                user="root" if os.geteuid() == 0 else None,
            )
        )
        if parts.airflow:
            parts.airflow.write_configuration()
        if self.is_up():
            self._client.reload()
            return
        memory.session = self._client.start(for_supervisor(str(self._folder.root)))
        self._reservations.hand_over(memory.ports.values(), memory.session)
        memory.session_started = psutil.Process(memory.session).create_time()
        self._folder.remember(memory)

    def _bring_up(
        self,
        plan: Plan,
        parts: Parts,
        settings: Settings,
        secrets: Mapping[str, str],
        memory: Memory,
    ) -> None:
        cancelled = threading.Event()
        BringUp(
            plan=plan,
            parts=parts,
            settings=settings,
            secrets=secrets,
            client=self._client,
            waiter=Waiter(self._client, self._folder.logs, cancelled),
            cancelled=cancelled,
            reporter=self._reporter,
            cluster_id=memory.kafka_cluster_id or new_cluster_id(),
        ).run()

    def _undo(self, running_before: set[str], memory: Memory) -> None:
        if not running_before:
            self._stop(memory)
            return
        started = [info.name for info in self.programs() if info.name not in running_before]
        self._client.stop_programs(started)

    def _stop(self, memory: Memory) -> int:
        with suppress(SupervisorGoneError):  # somebody else told it to end
            self._stop_programs()
        self._client.wait_while_ending()
        self._wait_for_supervisor(memory)
        left = survivors.end(self.processes())
        if memory.session is not None and not self.processes():
            memory.session = None  # from now on the number may be anybody's
            self._folder.remember(memory)
        self._forget_what_passes()
        return left

    def _stop_programs(self) -> None:
        """And the supervisor after them."""
        if not self.is_up():
            return
        names = [info.name for info in self._client.programs()]
        # What uses Kafka and Postgres first, so that it can finish what it has in hand.
        self._client.stop_programs([name for name in names if name not in _FOUNDATION])
        self._client.stop_programs([name for name in names if name in _FOUNDATION])
        self._client.shut_down()

    def _wait_for_supervisor(self, memory: Memory) -> None:
        ours = [process for process in self.processes() if process.pid == memory.session]
        psutil.wait_procs(ours, timeout=_PATIENCE_S)

    def _forget_what_passes(self) -> None:
        values = env_file.read(self._folder.env_file)
        kept = env_file.kept_for_good(values)
        if kept != values:
            env_file.write(self._folder.env_file, kept)

    def _end_survivors(self, memory: Memory) -> None:
        """A supervisor that was killed left its children behind; they are stopped first."""
        if self.is_up():
            return
        self._reservations.claim(memory.ports.values())
        count = survivors.end(self.processes())
        if count:
            self._reporter.note(f"stopped what a killed stack had left behind: {count} processes")
