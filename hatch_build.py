"""Compiles the scorer's histories while the package is installed, where there is a C compiler.

Without one, or without Python's headers, installing works just the same and the scorer runs in
Python (docs/decisions/0017). `CC` names another compiler; `CC=false` does without.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("kafka/fraud_stream/scoring")
FLAGS = (
    "-O2",
    "-std=gnu11",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-strict-aliasing",
    # Doubles as Python has them: a fused multiply-add rounds once where Python rounds twice.
    "-ffp-contract=off",
    "-fwrapv",
    # One call for both may differ from two calls in the last bit.
    "-fno-builtin-sin",
    "-fno-builtin-cos",
)
LINK = ("-bundle", "-undefined", "dynamic_lookup") if sys.platform == "darwin" else ("-shared",)


class CompileScorer(BuildHookInterface[Any]):
    """Leaves `_core` beside the Python code; what the last compiler made never outlives it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile, and put the outcome into a wheel."""
        package = Path(self.root) / PACKAGE
        target = package / f"_core{sysconfig.get_config_var('EXT_SUFFIX')}"
        target.unlink(missing_ok=True)
        trouble = _compile(sorted((package / "core").glob("*.c")), target)
        if trouble:
            self.app.display_warning(f"the scorer will run in Python, not compiled: {trouble}")
            return
        build_data["artifacts"].append(f"{PACKAGE}/{target.name}")
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _compile(sources: list[Path], target: Path) -> str | None:
    """What went wrong, or None."""
    compiler = os.environ.get("CC") or "cc"
    include = sysconfig.get_path("include")
    made = target.with_suffix(".part")
    command = [compiler, *FLAGS, *LINK, f"-I{include}", *map(str, sources), "-lm", "-o", str(made)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if run.returncode:
        made.unlink(missing_ok=True)
        return next(iter(run.stderr.splitlines()), f"{compiler} exited with {run.returncode}")
    made.replace(target)
    return None
