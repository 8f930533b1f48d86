"""supervisord's configuration for a set of programs, as text."""

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from fraud_core.errors import StackError
from fraud_local.program import Program

_ATTEMPTS = 30
"""How often a program that dies young is tried again, each time a second later than before."""

_LOG_BYTES = "20MB"

_COMMENT = re.compile(r"(\s)([#;])")
"""Where supervisord takes the rest of a line for a comment, in quotes or not."""


def render(
    programs: Iterable[Program], *, socket: Path, run: Path, logs: Path, user: str | None
) -> str:
    """The whole file. Nothing starts by itself: `fraud up` starts parts when their turn comes."""
    sections = [
        _section(
            "supervisord",
            {
                "logfile": logs / "supervisord.log",
                "logfile_maxbytes": _LOG_BYTES,
                "logfile_backups": 1,
                "pidfile": run / "supervisord.pid",
                "childlogdir": logs,
                "silent": "true",  # its standard output goes to the same file
                **({"user": user} if user else {}),
            },
        ),
        _section("unix_http_server", {"file": socket, "chmod": "0700"}),
        _section(
            "rpcinterface:supervisor",
            {"supervisor.rpcinterface_factory": ("supervisor.rpcinterface:make_main_rpcinterface")},
        ),
        _section(
            "rpcinterface:fraud",
            {"supervisor.rpcinterface_factory": "fraud_local.supervisor_extension:make_restarts"},
        ),
    ]
    sections += [_program_section(program, logs) for program in programs]
    return "\n".join(sections)


def _program_section(program: Program, logs: Path) -> str:
    values: dict[str, object] = {
        "command": _command(program.command),
        "directory": program.directory,
        "environment": _environment(program.environment),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": program.start_seconds,
        "startretries": _ATTEMPTS,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": program.stop_seconds,
        "stopasgroup": "false" if program.stop_signal == "INT" else "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": log_file(logs, program.name),
        "stdout_logfile_maxbytes": _LOG_BYTES,
        "stdout_logfile_backups": 1,
    }
    if program.user:
        values["user"] = program.user
    return _section(f"program:{program.name}", values)


def log_file(logs: Path, name: str) -> Path:
    """Where a program's output goes."""
    return logs / f"{name}.log"


def _section(name: str, values: Mapping[str, object]) -> str:
    return "\n".join([f"[{name}]", *(_line(name, key, values[key]) for key in values), ""])


def _line(section: str, key: str, value: object) -> str:
    text = str(value)
    if _COMMENT.search(text) or "\n" in text or "\r" in text:
        raise StackError(
            f"{key} of {section} holds ' #', ' ;' or a line break, where supervisord stops "
            f"reading: use a path without it instead of {text!r}"
        )
    return f"{key} = {text.replace('%', '%%')}"  # supervisord expands %(name)s everywhere


def _command(words: Iterable[str]) -> str:
    """supervisord splits it as a shell does: between two quoted pieces no comment begins.

    `shlex.join` puts single quotes around every word with a space in it.
    """
    return _COMMENT.sub(r"\1''\2", shlex.join(words))


def _environment(values: Mapping[str, str]) -> str:
    return ",".join(f"{name}={_quote(name, value)}" for name, value in sorted(values.items()))


def _quote(name: str, value: str) -> str:
    """supervisord knows no escapes, strips every quote at either end, and reads line by line.

    The value stays out of the message: it may be a secret.
    """
    if '"' in value or "\n" in value or "\r" in value or value != value.strip("'"):
        raise StackError(
            f"{name} holds a quote or a line break, which supervisord cannot pass on: give it "
            "another value"
        )
    if _COMMENT.search(value):
        raise StackError(
            f"{name} holds ' #' or ' ;', after which supervisord reads no further: give it another "
            "value"
        )
    return f'"{value}"'
