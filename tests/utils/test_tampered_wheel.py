"""Hashes are enforced: what is not byte for byte what was locked is not installed."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fraud_core.settings import REPOSITORY

WHEEL = "parcel-1.0-py3-none-any.whl"
INSTALLERS = {
    "pip, as the images do": [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
        *("--only-binary", ":all:", "--disable-pip-version-check"),
    ],
    "uv, as make does": [
        *(str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--offline"),
        *("--no-index", "--no-cache", "--python", sys.executable),
    ],
}


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with one small wheel, and a lock beside it with its hash."""
    information = "parcel-1.0.dist-info"
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("parcel.py", "CONTENT = 'as it was locked'\n")
        wheel.writestr(
            f"{information}/METADATA", "Metadata-Version: 2.1\nName: parcel\nVersion: 1.0\n"
        )
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{information}/WHEEL", tag)
        names = ("parcel.py", f"{information}/METADATA", f"{information}/WHEEL")
        wheel.writestr(f"{information}/RECORD", "".join(f"{name},,\n" for name in names))
    digest = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
    (tmp_path / "lock.txt").write_text(f"parcel==1.0 --hash=sha256:{digest}\n")
    return folder


def install(installer: str, wheels: Path) -> subprocess.CompletedProcess[str]:
    place = wheels.parent / "installed"
    return subprocess.run(
        [
            *INSTALLERS[installer],
            *("--require-hashes", "--find-links", str(wheels), "--target", str(place)),
            *("-r", str(wheels.parent / "lock.txt")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_wheel_that_was_locked_is_installed(installer: str, wheels: Path) -> None:
    done = install(installer, wheels)

    assert done.returncode == 0, done.stderr
    assert (wheels.parent / "installed/parcel.py").exists()


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_tampered_wheel_is_refused(installer: str, wheels: Path) -> None:
    with zipfile.ZipFile(wheels / WHEEL, "a") as wheel:
        wheel.writestr("parcel_extra.py", "print('not what was locked')\n")
    done = install(installer, wheels)

    assert done.returncode != 0
    assert re.search("hash", done.stderr, re.IGNORECASE)
    assert not (wheels.parent / "installed/parcel.py").exists()


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_package_without_a_hash_is_refused(installer: str, wheels: Path) -> None:
    (wheels.parent / "lock.txt").write_text("parcel==1.0\n")

    assert install(installer, wheels).returncode != 0


@pytest.mark.parametrize("file", ["Makefile", "requirements/make_venv.sh"])
def test_every_installation_asks_for_hashes_but_that_of_our_own_wheel(file: str) -> None:
    lines = (REPOSITORY / file).read_text().splitlines()
    installs = [line for line in lines if re.search(r"pip (install|sync)", line)]
    own = [line for line in installs if re.search(r"--editable \.|--no-index /tmp/wheel", line)]

    assert installs
    assert len(own) == 1
    assert all("--require-hashes" in line for line in installs if line not in own)
