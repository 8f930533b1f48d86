"""A container engine, the images that the platform is built on, and the platform itself.

`make compose-test` runs what needs them. Everything is made under names, on ports and in folders of
its own, and taken away at the end; base images stay.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from compose_platform import EVERYTHING, VERSION, Platform

from fraud_core.settings import REPOSITORY

STAND_INS = REPOSITORY / "tests/compose/stand_ins/build.sh"
DEFAULT = "unix:///var/run/docker.sock"


@pytest.fixture(scope="session")
def engine() -> Generator[str]:
    """The address of an engine; one that is started here ends with the session."""
    if os.environ.get("COMPOSE_TEST") != "1":
        pytest.skip("needs a container engine and minutes: run `make compose-test`")
    address = os.environ.get("DOCKER_HOST", DEFAULT)
    if _answers(address):
        yield address
    elif os.environ.get("CI_DOCKER") == "1" and os.geteuid() == 0 and shutil.which("dockerd"):
        folder = Path(tempfile.mkdtemp(prefix="fraud-engine-"))
        yield from _own_engine(folder)
        shutil.rmtree(folder)
    else:
        pytest.fail(
            f"no container engine answers at {address} (DOCKER_HOST); as root, CI_DOCKER=1 starts "
            "the machine's own dockerd for the tests"
        )


def _answers(address: str) -> bool:
    asked = subprocess.run(
        ["docker", "--host", address, "compose", "version"], capture_output=True, check=False
    )
    assert asked.returncode == 0, "docker has no compose: install its compose and buildx plugins"
    asked = subprocess.run(["docker", "--host", address, "info"], capture_output=True, check=False)
    return asked.returncode == 0


def _own_engine(folder: Path) -> Generator[str]:
    address = f"unix://{folder}/docker.sock"
    with (folder / "log").open("w") as log:
        daemon = subprocess.Popen(
            [
                *("dockerd", "--host", address, "--pidfile", str(folder / "pid")),
                *("--data-root", str(folder / "data"), "--exec-root", str(folder / "run")),
            ],
            stdout=log,
            stderr=log,
        )
    try:
        while not _answers(address):
            assert daemon.poll() is None, (folder / "log").read_text()[-3000:]
            time.sleep(0.5)
        yield address
    finally:
        daemon.terminate()
        daemon.wait()


@pytest.fixture(scope="session")
def base_images(engine: str) -> None:
    """The official images, pulled where a registry is reached; else stand-ins for them."""
    compose = (REPOSITORY / "docker-compose.yml").read_text()
    names = re.findall(r"\$\{(?:PYTHON|KAFKA|POSTGRES)_IMAGE:-([^}]+)\}", compose)
    environment = {**os.environ, "DOCKER_HOST": engine, "PYTHON": sys.executable}
    for name in dict.fromkeys(names):
        ways = (["docker", "image", "inspect", name], ["docker", "pull", "--quiet", name])
        if not any(_works(way, environment) for way in ways):
            subprocess.run([STAND_INS, name], env=environment, check=True)


def _works(command: list[str], environment: dict[str, str]) -> bool:
    return (
        subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    )


@pytest.fixture(scope="session")
def platform(engine: str, base_images: None) -> Generator[Platform]:  # noqa: ARG001 - asked for by name
    """The platform with its images built and nothing started; nothing of it is left at the end."""
    folder = Path(tempfile.mkdtemp(prefix="fraud-compose-"))
    made = Platform(folder, engine)
    try:
        made.make()
        made.compose(*EVERYTHING, "build")
        yield made
    finally:
        made.down()
        images = made.docker(
            "images", "--quiet", "--filter", f"reference=fraud-platform/*:{VERSION}"
        )
        made.docker("rmi", "--force", *set(images.split()))
        shutil.rmtree(folder)
