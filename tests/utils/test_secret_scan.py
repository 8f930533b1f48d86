"""The scan of a repository's history for secrets."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from fraud_core.errors import AuditError
from fraud_local.secret_scan import scan_history

RANDOM = hashlib.sha256(b"made up at run time, so that this file is not what is found").hexdigest()
PLANTED = {
    "a cloud's key": "key = 'AKIA" + "QYLPMN5HHHFPZAM2'",
    "a private key": "-----BEGIN " + "PRIVATE KEY-----",
    "a password": f"consumer_password: {RANDOM[:20]}",
    "a token": f"push with ghp_{RANDOM[:36]}",
    "a login in an address": f"url = 'postgresql://owner:{RANDOM[:12]}@db/fraud'",
    "a signed token": "bearer eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcDEF123_-x",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "README.md", "An empty project.")
    return tmp_path


def git(repository: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=repository, check=True, capture_output=True)


def commit(repository: Path, name: str, text: str) -> None:
    (repository / name).write_text(f"{text}\n")
    git(repository, "add", name)
    git(repository, "commit", "--quiet", "--message", name)


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_secret_is_found_and_not_repeated(repository: Path, planted: str) -> None:
    commit(repository, "settings.yml", f"a: 1\n{planted}")
    found = scan_history(repository)

    assert {(finding.path, finding.line) for finding in found} == {("settings.yml", 2)}
    assert not any(word in str(found) for word in ("AKIA", RANDOM[:12], "ghp_", "eyJ"))


def test_a_secret_that_was_taken_out_again_is_still_found(repository: Path) -> None:
    commit(repository, "settings.yml", PLANTED["a password"])
    commit(repository, "settings.yml", "a: 1")
    git(repository, "rm", "--quiet", "settings.yml")
    git(repository, "commit", "--quiet", "--message", "away")

    assert [finding.path for finding in scan_history(repository)] == ["settings.yml"]


def test_a_secret_on_another_branch_is_found(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "aside")
    commit(repository, "settings.yml", PLANTED["a token"])
    git(repository, "checkout", "--quiet", "-")

    assert scan_history(repository) != []


def test_checksums_of_the_locks_are_no_secrets(repository: Path) -> None:
    (repository / "requirements").mkdir()
    commit(repository, "requirements/dev.txt", f"a==1 --hash=sha256:{'0123456789abcdef' * 4}")

    assert scan_history(repository) == []


def test_a_folder_without_a_history_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"needs a clone with its \.git folder"):
        scan_history(tmp_path / "nowhere")
