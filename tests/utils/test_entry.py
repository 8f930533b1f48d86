"""`fraud` is interrupted while it is still being loaded."""

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
INTERRUPTED = """
import sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, CtrlC())
from {module} import {function}
{function}()
"""


def test_ctrl_c_while_it_is_loaded_ends_it_with_130_and_without_a_traceback() -> None:
    script = tomllib.loads(PROJECT.read_text())["project"]["scripts"]["fraud"]
    module, function = script.split(":")
    code = INTERRUPTED.format(module=module, function=function)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
