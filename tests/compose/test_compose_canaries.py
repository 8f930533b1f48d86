"""No secret of a running stack is in anything that the engine shows or keeps of it.

Needs `docker compose up` and RUNNING_SECRETS, the folder of its secrets; `make secrets` makes each
of them at random, so that finding one somewhere means that it leaked there.
"""

import os
import shutil
from pathlib import Path

import pytest
from container_canaries import containers, described, found_in, found_in_layers, images, shown

pytestmark = pytest.mark.timeout(1_800)


@pytest.fixture(scope="module")
def secrets() -> dict[str, str]:
    folder = os.environ.get("RUNNING_SECRETS")
    if folder is None or shutil.which("docker") is None:
        pytest.skip("needs a running stack: set RUNNING_SECRETS to the folder of its secrets")
    files = [file for file in Path(folder).iterdir() if not file.name.startswith("authority")]
    found = {file.name: file.read_text().strip() for file in files}
    assert all(len(secret) >= 32 for secret in found.values())
    return found


def test_no_container_shows_a_secret(secrets: dict[str, str]) -> None:
    names = containers()

    assert names
    assert [leak for name in names for leak in found_in(shown(name), secrets)] == []


def test_no_image_tells_of_a_secret(secrets: dict[str, str]) -> None:
    names = images()

    assert names
    assert [leak for name in names for leak in found_in(described(name), secrets)] == []


def test_no_layer_holds_a_secret(secrets: dict[str, str]) -> None:
    assert [leak for name in images() for leak in found_in_layers(name, secrets)] == []


def test_what_is_there_would_be_found(secrets: dict[str, str]) -> None:
    """The search itself: a word that every image holds is found in each."""
    word = {"a canary": "fraud_core"}

    assert all(found_in_layers(name, word) for name in images())
    assert found_in(iter([("text", f"x{secrets['dbt_password']}x")]), secrets)
