"""Processes of a stack whose supervisor was killed: found by what they inherited, and ended."""

import os
import signal
from collections.abc import Iterable

import psutil

from fraud_local.state import Memory

MARKER = "FRAUD_STACK"
"""Every process of a stack has it in its environment, with the state folder as value."""

_PATIENCE_S = 10


def find(root: str, memory: Memory) -> list[psutil.Process]:
    """Living processes of the stack in `root`, whoever their parent is by now.

    A process that renames itself may overwrite the environment it was started with (Airflow's
    do), so the session of the supervisor that started it counts as well.
    """
    session = memory.session if _session_is_ours(memory) else None
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _belongs(process, root, session)
    ]


def _session_is_ours(memory: Memory) -> bool:
    """Not when another process got the dead supervisor's id and made a session of its own.

    That one may have ended as well, as a daemon's first process does; of a session from before
    this boot nobody is left.
    """
    if memory.session is None or memory.session_started < psutil.boot_time() - 1:
        return False
    try:
        leader = psutil.Process(memory.session)
    except psutil.NoSuchProcess:
        return True
    return abs(leader.create_time() - memory.session_started) < 1


def _belongs(process: psutil.Process, root: str, session: int | None) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if session is not None and os.getsid(process.pid) == session:
            return True
        return process.environ().get(MARKER) == root
    except (psutil.Error, OSError):
        return False  # gone by now, or somebody else's


def end(processes: Iterable[psutil.Process]) -> int:
    """Ask them to stop, then kill what is left; returns how many there were."""
    processes = list(processes)
    for process in processes:
        _signal(process, _polite_signal(process))
    _, stubborn = psutil.wait_procs(processes, timeout=_PATIENCE_S)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=_PATIENCE_S)
    return len(processes)


def _polite_signal(process: psutil.Process) -> signal.Signals:
    """Postgres takes TERM as "when all clients are gone"."""
    try:
        is_postgres = process.name().startswith("postgres")
    except psutil.Error:
        is_postgres = False
    return signal.SIGINT if is_postgres else signal.SIGTERM


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return  # gone by now, or not ours to end
