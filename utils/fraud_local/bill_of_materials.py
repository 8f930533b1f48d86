"""`make sbom`: what each image installs, as CycloneDX, from the lock that it is installed from.

Packages, versions and hashes are those that the build checks. What the base image brings is said by
the base image's own bill of materials.
"""

import subprocess
import sys
from pathlib import Path

from fraud_core.errors import AuditError
from fraud_core.settings import REPOSITORY

IMAGES = ("stream", "tasks", "airflow")
"""Each has a lock of its name."""


def write_bill(image: str, folder: Path) -> Path:
    """Write the image's bill, checked against CycloneDX's schema; returns its file."""
    lock = REPOSITORY / "requirements" / f"{image}.txt"
    bill = folder / f"{image}.cdx.json"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "requirements", str(lock)),
            *("--pyproject", str(REPOSITORY / "pyproject.toml"), "--mc-type", "application"),
            *("--output-reproducible", "--validate", "--of", "JSON", "-o", str(bill)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AuditError(f"cyclonedx-py cannot describe {lock}:\n{done.stderr.strip()[-2000:]}")
    return bill


if __name__ == "__main__":
    for name in IMAGES:
        print(write_bill(name, REPOSITORY / ".fraud" / "sbom"))
