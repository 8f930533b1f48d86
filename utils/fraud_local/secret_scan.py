"""Looks for passwords, keys and tokens in every line that was ever committed.

What was removed again is still in every clone, so history is what counts, and a secret found is
one to change, not only to delete.
"""

import hashlib
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from fraud_core.errors import AuditError

NOT_SCANNED = (r"^requirements/[a-z]+\.txt$", r"^utils/fraud_local/kafka_jars\.txt$")
"""Lists of checksums, each of which looks like a key."""

NO_SECRETS = (
    r"\d{4}-\d\d-\d\d[Tt ].*",  # password_changed_at of an order
    r"null|timestamptz|scram-sha-256.*|docs/deployment\.md",  # what follows a word like password
    r"[A-Z_]*PASSWORD|AIRFLOW_SIGNING_SECRET",  # names of variables
    r"(kafka_admin|postgres)_password\}?",  # names of files that hold one
    r"secret-of-[a-z-]+|not-a-secret|only-for-this-test|secret|signing|mine|guessed",  # of tests
    r"consumer_password: |wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx",  # once planted by a test
    r"p%40ss%3Aw%2Frd%25",  # a difficult one, of a test
    r"BE68539007547034",  # an account number of the standard's own text
    r"abcdefghjkmnpqrstuvwxyz",  # letters to draw from
)
"""Whole values that look like secrets and are none; each is here because it was looked at."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """Where something that looks like a secret is; what it is stays out of every log."""

    commit: str
    path: str
    line: int
    kind: str
    fingerprint: str


def scan_history(repository: Path) -> list[Finding]:
    """What every branch and tag ever added, oldest first. Raises AuditError without a history."""
    commits = _git(repository, "rev-list", "--all", "--reverse").split()
    with _scanner():
        return [found for commit in commits for found in _scan(repository, commit)]


def _scan(repository: Path, commit: str) -> Iterator[Finding]:
    from detect_secrets.core.scan import scan_diff

    shown = ("--format=", "--unified=0", "--no-color", "--no-ext-diff", "-m", "--first-parent")
    for secret in scan_diff(_git(repository, "show", *shown, commit)):
        value = (secret.secret_value or "").encode()
        digest = hashlib.sha256(value).hexdigest()[:12]
        yield Finding(commit[:12], secret.filename, secret.line_number, secret.type, digest)


@contextmanager
def _scanner() -> Generator[None]:
    """Every detector that detect-secrets has, without asking whether a file is still there."""
    from detect_secrets.settings import default_settings

    with default_settings() as settings:
        settings.disable_filters("detect_secrets.filters.common.is_invalid_file")
        filters = "detect_secrets.filters.regex"
        settings.filters[f"{filters}.should_exclude_file"] = {"pattern": list(NOT_SCANNED)}
        settings.filters[f"{filters}.should_exclude_secret"] = {
            "pattern": [f"^(?:{value})$" for value in NO_SECRETS]
        }
        yield


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, check=False
    )
    if done.returncode:
        raise AuditError(
            f"git cannot read the history of {repository}: {done.stderr.decode().strip()}. "
            "The scan needs a clone with its .git folder"
        )
    return done.stdout.decode(errors="replace")
