"""`make audit`: known weaknesses of the locked packages, and secrets in the repository's history.

Both count as failed when they could not look: an index that answers "unknown package" for all of
them would else pass for one that knows of no weakness.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from fraud_core.errors import AuditError, FraudPlatformError
from fraud_core.settings import REPOSITORY
from fraud_local.secret_scan import Finding, scan_history

LOCKS = ("requirements/dev.txt", "requirements/build.txt")
"""The first holds what each image's lock holds; the second is what builds the images' wheel."""

SERVICES = ("pypi", "osv")

Report = list[dict[str, Any]]


class Weakness(msgspec.Struct, frozen=True, order=True):
    """A known weakness of a locked package."""

    package: str
    version: str
    identifier: str
    fixed_in: tuple[str, ...]


def read_report(report: Report, service: str) -> list[Weakness]:
    """What pip-audit found. Raises AuditError when a package was not looked up at all."""
    unknown = sorted(found["name"] for found in report if "skip_reason" in found)
    if unknown:
        raise AuditError(
            f"the vulnerability service {service!r} did not know {len(unknown)} of {len(report)} "
            f"locked packages ({', '.join(unknown[:5])}, ...): a mirror often has the packages "
            f"without what is known about them. {_way_out(service)}"
        )
    return sorted(
        Weakness(found["name"], found["version"], weakness["id"], tuple(weakness["fix_versions"]))
        for found in report
        for weakness in found["vulns"]
    )


def ask(service: str, locks: Sequence[Path]) -> Report:
    """pip-audit's report on the locks. Raises AuditError when the service cannot be reached."""
    files = [word for lock in locks for word in ("--requirement", str(lock))]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", *files),
            *("--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError) as error:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise AuditError(
            f"the vulnerability service {service!r} could not be asked; pip-audit said: "
            f"{said[0]}. {_way_out(service)}"
        ) from error


def _way_out(service: str) -> str:
    other = next(name for name in SERVICES if name != service)
    return (
        f"Try AUDIT_SERVICE={other}, or run `make audit` on a machine that reaches the internet: "
        "it needs nothing but this checkout"
    )


def _describe(weaknesses: Sequence[Weakness], secrets: Sequence[Finding]) -> list[str]:
    lines = [
        f"{found.package} {found.version}: {found.identifier}, fixed in "
        f"{', '.join(found.fixed_in) or 'no version yet'}"
        for found in weaknesses
    ]
    lines += [
        f"{found.commit} {found.path}:{found.line}: {found.kind} (sha256 {found.fingerprint})"
        for found in secrets
    ]
    return lines


def main(service: str) -> None:
    """Look for both, then say what was found; a check that could not be made fails as well."""
    if service not in SERVICES:
        raise AuditError(f"AUDIT_SERVICE is {service!r}: one of {', '.join(SERVICES)}")
    secrets = scan_history(REPOSITORY)
    print(f"secrets in the history: {len(secrets)}")
    problems = _describe((), secrets)
    try:
        weaknesses = read_report(ask(service, [REPOSITORY / lock for lock in LOCKS]), service)
    except AuditError as error:
        problems.append(str(error))
    else:
        print(f"known weaknesses of locked packages: {len(weaknesses)}")
        problems += _describe(weaknesses, ())
    if problems:
        raise AuditError("\n  ".join(["this is not as it should be:", *problems]))


if __name__ == "__main__":
    try:
        main(os.environ.get("AUDIT_SERVICE") or "pypi")
    except FraudPlatformError as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)
