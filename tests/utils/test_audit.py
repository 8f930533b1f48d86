"""What `make audit` makes of pip-audit's report, and the locks that it reads."""

import re
from pathlib import Path

import pytest

from fraud_core.errors import AuditError
from fraud_core.settings import REPOSITORY
from fraud_local.audit import LOCKS, Weakness, ask, main, read_report


def test_a_known_weakness_is_named_with_the_version_that_mends_it() -> None:
    weak = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}
    report = [
        {"name": "good", "version": "1", "vulns": []},
        {"name": "bad", "version": "1.9", "vulns": [weak]},
    ]

    assert read_report(report, "pypi") == [Weakness("bad", "1.9", "PYSEC-1", ("2.0",))]


def test_a_package_that_the_service_does_not_know_is_no_pass() -> None:
    report = [{"name": "good", "version": "1", "vulns": []}, {"name": "a", "skip_reason": "404"}]

    with pytest.raises(AuditError, match=r"did not know 1 of 2.*Try AUDIT_SERVICE=osv"):
        read_report(report, "pypi")


def test_what_cannot_be_asked_says_so_and_what_to_try(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"could not be asked.*Try AUDIT_SERVICE=pypi"):
        ask("osv", [tmp_path / "no-such-lock.txt"])


def test_another_service_than_the_two_is_refused() -> None:
    with pytest.raises(AuditError, match="AUDIT_SERVICE is 'mine': one of pypi, osv"):
        main("mine")


def test_what_is_audited_holds_every_package_of_every_lock() -> None:
    audited = {pin for lock in LOCKS for pin in pins(REPOSITORY / lock)}
    locked = {pin for lock in (REPOSITORY / "requirements").glob("*.txt") for pin in pins(lock)}

    assert locked <= audited


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9][^ =;]*==[^ \\;]+)", lock.read_text(), re.MULTILINE))
