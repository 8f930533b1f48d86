"""A real Kafka and a real Postgres for the integration tests, started once a session.

They live in a folder and on ports of their own, so that a running stack of the same clone is
neither used nor disturbed. TEST_STACK=docker (`make test STACK=docker`) takes them from containers,
TEST_STACK=external uses the services that the settings name.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
import service_containers
from landing_support import empty_tables

from fraud_core.migrations import migrate
from fraud_core.settings import Settings, load_settings
from fraud_local.ports import USUAL
from fraud_local.stack import Stack
from fraud_local.topics import ensure_topics, make_topics

_TEST_PORTS = {part: port + 20_000 for part, port in USUAL.items()}


@pytest.fixture(scope="session")
def external() -> Generator[Settings | None]:
    """Services that are not embedded, set up before the shell's variables are forgotten."""
    stack = os.environ.get("TEST_STACK", "embedded")
    if stack == "embedded":
        yield None
    elif stack == "external":
        yield _prepared(load_settings())
    elif stack == "docker":
        home = _new_home()
        with service_containers.services(home) as settings:
            yield _prepared(settings)
        shutil.rmtree(home)
    else:
        pytest.exit(f"TEST_STACK is embedded, docker or external, not {stack!r}", returncode=2)


@pytest.fixture(scope="session")
def settings(external: Settings | None, new_stack: Callable[[], Stack]) -> Settings:
    """Settings for a migrated Postgres and a Kafka with the stream's topics."""
    return external or new_stack().up(only=["kafka", "postgres"])


@pytest.fixture(scope="session")
def new_stack(external: Settings | None) -> Generator[Callable[[], Stack]]:  # noqa: ARG001 - must come first
    """Makes stacks that have never been up, each in a folder of its own; all end with the session.

    For tests that break a stack, which must not be the one that the others use.
    """
    stacks: list[Stack] = []

    def make() -> Stack:
        stacks.append(Stack(own_settings(_new_home()), usual_ports=_TEST_PORTS))
        return stacks[-1]

    before = signal.signal(signal.SIGTERM, _interrupt)
    with pytest.MonkeyPatch.context() as environment:
        _forget_platform_variables(environment)
        try:
            yield make
        finally:
            for stack in stacks:
                stack.down()
                shutil.rmtree(stack.home)
            signal.signal(signal.SIGTERM, before)


def _prepared(settings: Settings) -> Settings:
    migrate(settings)
    ensure_topics(settings)
    return settings


def _forget_platform_variables(environment: pytest.MonkeyPatch) -> None:
    """A shell that evaluated `fraud env` must not lead the tests to the developer's own stack."""
    for name in Settings.model_fields:
        environment.delenv(name.upper(), raising=False)


def _new_home() -> Path:
    """A new folder that, unlike pytest's own, Postgres gets through when root starts it."""
    home = Path(tempfile.mkdtemp(prefix="fraud-test-"))
    home.chmod(0o711)
    return home


@pytest.fixture
def home() -> Generator[Path]:
    """A state folder for a `fraud` command of the test's own."""
    home = _new_home()
    yield home
    shutil.rmtree(home)


def own_settings(home: Path) -> Settings:
    """Settings of a stack of our own in `home`, whatever a `.env` file says."""
    return load_settings(
        fraud_home=home,
        kafka_bootstrap_servers=None,
        postgres_host=None,
        postgres_port=_TEST_PORTS["postgres"],
    )


def _interrupt(*_: Any) -> None:
    """SIGTERM ends a test run as Ctrl-C does, with the services stopped."""
    raise KeyboardInterrupt


def listening_addresses(stack: Stack) -> set[tuple[str, int]]:
    """Host and port of everything that the stack's processes listen on."""
    own = {process.pid for process in stack.processes()}
    return {
        (socket.laddr.ip.removeprefix("::ffff:"), socket.laddr.port)
        for socket in psutil.net_connections("inet")
        if socket.pid in own and socket.status == psutil.CONN_LISTEN and socket.laddr
    }


@pytest.fixture(scope="session")
def listening() -> Callable[[Stack], set[tuple[str, int]]]:
    """Says where a stack listens."""
    return listening_addresses


@pytest.fixture
def topic(settings: Settings) -> str:
    """A new, empty topic with as many partitions as the settings say."""
    name = f"test-{uuid4()}"
    make_topics(settings.bootstrap_servers(), [name], settings.kafka_partitions)
    return name


@pytest.fixture
def stream_settings(settings: Settings, topic: str, clean_tables: None) -> Settings:  # noqa: ARG001 - asked for by name
    """Settings whose orders come and go on new topics, nothing landed, and no labels' topic yet."""
    outgoing = {
        "kafka_topic_flagged": f"{topic}-flagged",
        "kafka_topic_dead_letter": f"{topic}-dead-letters",
    }
    make_topics(settings.bootstrap_servers(), outgoing.values(), 3)
    incoming = {"kafka_topic_transactions": topic, "kafka_topic_labels": f"{topic}-labels"}
    return settings.model_copy(update={**incoming, **outgoing})


@pytest.fixture
def nowhere_to_publish(stream_settings: Settings) -> Settings:
    """The same, but what is sent on has no topics."""
    missing = f"missing-{uuid4()}"
    return stream_settings.model_copy(
        update={
            "kafka_topic_flagged": f"{missing}-flagged",
            "kafka_topic_dead_letter": f"{missing}-dead-letters",
        }
    )


@pytest.fixture
def clean_tables(settings: Settings) -> None:
    """Empty every table of schema raw."""
    empty_tables(settings)
