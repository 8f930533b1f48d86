"""`make sanitize`: the tests of what is compiled, under gcc's sanitizers.

    .venv/bin/python -m tests.sanitize [PYTEST OPTIONS]

A copy of the tree gets both modules anew, compiled so that a wrong access to memory and undefined
behaviour end the tests. Leaks are not looked for: Python keeps much until its end.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from hatch_build import MODULES, STREAM, compile_module

ROOT = Path(__file__).parents[1]
COPIED = ("dbt", "docs", "kafka", "postgres", "tests", "utils", "pyproject.toml", ".env.example")
TESTS = ("tests/kafka/scoring", "tests/kafka/consumer", "tests/kafka/test_compiled_modules.py")
LEFT_OUT = "--ignore=tests/kafka/consumer/test_heap.py"
"""It looks at the C library's heap, in whose place the sanitizers have their own."""

FLAGS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra")
LIBRARIES = ("libasan.so", "libubsan.so")


def main() -> int | str:
    """As pytest ends, or why nothing could be compiled."""
    with tempfile.TemporaryDirectory(prefix="fraud-sanitize-") as folder:
        tree = Path(folder)
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tree / name)
        for module, sources in MODULES.items():
            target = tree / STREAM / f"{module}{sysconfig.get_config_var('EXT_SUFFIX')}"
            trouble = compile_module(sorted((tree / STREAM).glob(sources)), target, *FLAGS)
            if trouble:
                return f"{module} cannot be compiled with sanitizers: {trouble}"
        command = [sys.executable, "-m", "pytest", "-q", "--capture=sys", LEFT_OUT, *TESTS]
        return subprocess.run(
            [*command, *sys.argv[1:]], cwd=tree, env=_variables(tree), check=False
        ).returncode


def _variables(tree: Path) -> dict[str, str]:
    """The copy's packages before ours, and the sanitizers before all else."""
    return {
        **os.environ,
        "PYTHONPATH": f"{tree}/kafka:{tree}/utils",
        "PYTHONMALLOC": "malloc",
        "CI": "true",
        "LD_PRELOAD": ":".join(map(_library, LIBRARIES)),
        "ASAN_OPTIONS": "detect_leaks=0",
    }


def _library(name: str) -> str:
    found = subprocess.run(
        ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
