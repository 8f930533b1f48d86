"""Compiles two modules while the package is installed, where there is a C compiler.

Without one, or without Python's headers, installing works just the same and both do their work in
Python: the scorer's histories (docs/decisions/0017), and what is done with each message's bytes,
from the glance at them to the rows that are landed (0015, 0027).
`CC` names another compiler; `CC=false` does without.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STREAM = Path("kafka/fraud_stream")
MODULES = {"scoring/_core": "scoring/core/*.c", "consumer/_core": "consumer/core/*.c"}
"""What is made, and the sources that it is made from."""

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
    """Leaves modules beside the Python code; what the last compiler made never outlives it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile, and put the outcome into a wheel."""
        for module, sources in MODULES.items():
            name = f"{module}{sysconfig.get_config_var('EXT_SUFFIX')}"
            target = Path(self.root) / STREAM / name
            target.unlink(missing_ok=True)
            trouble = compile_module(sorted((Path(self.root) / STREAM).glob(sources)), target)
            if trouble:
                self.app.display_warning(f"{module} will be Python, not compiled: {trouble}")
                continue
            build_data["artifacts"].append(f"{STREAM}/{name}")
            build_data["pure_python"] = False
            build_data["infer_tag"] = True


def compile_module(sources: list[Path], target: Path, *flags: str) -> str | None:
    """Make the module `target`, with these flags besides; what went wrong, or None."""
    compiler = os.environ.get("CC") or "cc"
    include = sysconfig.get_path("include")
    made = target.with_suffix(".part")
    command = [compiler, *FLAGS, *flags, *LINK, f"-I{include}"]
    command += [*map(str, sources), "-lm", "-o", str(made)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if run.returncode:
        made.unlink(missing_ok=True)
        return next(iter(run.stderr.splitlines()), f"{compiler} exited with {run.returncode}")
    made.replace(target)
    return None
