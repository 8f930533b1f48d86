"""Where C can be compiled, what is compiled is there.

The build only warns of C that does not compile, and tests of the compiled forms are skipped where
these are missing. Without this test both would go unnoticed.
"""

import os
import subprocess
import sysconfig
from importlib import import_module

import pytest

from fraud_core.errors import SettingsError
from fraud_stream.consumer import forms


def can_compile() -> bool:
    """Whether the compiler that the build asks for takes a source with Python's headers."""
    command = [os.environ.get("CC") or "cc", f"-I{sysconfig.get_path('include')}"]
    try:
        run = subprocess.run(
            [*command, "-fsyntax-only", "-x", "c", "-"],
            input=b"#include <Python.h>\n",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return not run.returncode


@pytest.mark.parametrize("package", ["consumer", "scoring"])
def test_what_can_be_compiled_is_there(package: str) -> None:
    if os.environ.get("CI") != "true" and not can_compile():
        pytest.skip("no C compiler with Python's headers")
    assert import_module(f"fraud_stream.{package}._core").__file__


def test_who_insists_on_what_is_compiled_gets_all_of_it_or_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forms, "FORM", "python")
    for content in ("auto", "python"):
        forms.insist(content)
    with pytest.raises(SettingsError, match="SCORER_FORM=auto"):
        forms.insist("compiled")
