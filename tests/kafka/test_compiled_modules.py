"""Where C can be compiled, what is compiled is there.

The build only warns of C that does not compile, and tests of the compiled forms are skipped where
these are missing. Without this test both would go unnoticed.
"""

import os
import subprocess
import sysconfig
from importlib import import_module

import pytest


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
