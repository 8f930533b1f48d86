"""Paths in settings: each part runs in a folder of its own, and all must mean the same place."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
"""s3://bucket, file:/folder and whatever else fsspec knows."""

_SYSTEM = Path("system")
"""What libpq takes for the authorities that the system trusts, and no file of this name."""


def _file(value: Path, known: ValidationInfo) -> Path:
    return value if value == _SYSTEM else _from_the_project(value, known)


def _address(value: str, known: ValidationInfo) -> str:
    return value if _ADDRESS.match(value) else str(_from_the_project(Path(value), known))


def _from_the_project(path: Path, known: ValidationInfo) -> Path:
    """Settings.fraud_project stands above every field of these types, so it is known by then."""
    project: Path | None = known.data.get("fraud_project")  # missing when it is itself wrong
    return path if project is None else project.absolute() / path.expanduser()


ProjectFile = Annotated[Path, AfterValidator(_file)]
"""A file; a relative path counts from the project."""

ProjectAddress = Annotated[str, AfterValidator(_address)]
"""A folder, as `ProjectFile`, or an address with a scheme, which stays as it is."""
