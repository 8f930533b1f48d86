"""The bill of materials of each image."""

import json
import re
from pathlib import Path

import pytest

from fraud_core.settings import REPOSITORY
from fraud_local.bill_of_materials import IMAGES, write_bill


@pytest.mark.parametrize("image", IMAGES)
def test_it_lists_every_locked_package_with_its_version_and_hashes(
    image: str, tmp_path: Path
) -> None:
    bill = json.loads(write_bill(image, tmp_path).read_text())
    lock = (REPOSITORY / "requirements" / f"{image}.txt").read_text()
    locked = dict(re.findall(r"^([a-z0-9][^ =;]*)==([^ \\;]+)", lock, re.MULTILINE))

    assert bill["bomFormat"] == "CycloneDX"
    assert {found["name"]: found["version"] for found in bill["components"]} == locked
    for found in bill["components"]:
        (source,) = found["externalReferences"]
        assert {known["alg"] for known in source["hashes"]} == {"SHA-256"}


def test_there_is_one_for_the_lock_of_every_image() -> None:
    dockerfiles = [(REPOSITORY / name / "Dockerfile").read_text() for name in ("kafka", "dbt")]
    dockerfiles.append((REPOSITORY / "airflow/Dockerfile").read_text())
    locks = {
        lock
        for text in dockerfiles
        for lock in re.findall(r"make_venv\.sh [a-z ]*\b(\w+)\.txt", text)
    }

    assert locks == set(IMAGES)
