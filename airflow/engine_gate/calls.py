"""The calls of the engine that running a task takes, each with the parameters it may carry. Pure.

They are those that Airflow's DockerOperator makes through the Docker SDK, and a few beside them.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from engine_gate.rules import Refused

LOWEST_MINOR = 24
"""Of the API's versions 1.N, the Docker SDK's lowest; before it a start could set mounts."""


class Call(NamedTuple):
    """A call by its method and the pattern of its path, and the parameters that the SDK sends."""

    method: str
    path: str
    parameters: frozenset[str]
    needs_version: bool = True


class Passed(NamedTuple):
    """The request passes with this target; `container`, if any, must be the gate's own."""

    target: str
    container: str | None = None
    is_create: bool = False


def _call(method: str, path: str, *parameters: str, needs_version: bool = True) -> Call:
    return Call(method, path, frozenset(parameters), needs_version)


_VERSIONED = re.compile(r"(?:/v1\.(?P<minor>[1-9][0-9]{0,2}))?(?P<path>/.*)")
_CREATE = "/containers/create"
_OURS = r"/containers/(?P<container>[0-9a-f]{12,64})"

# A created container gets no name of the caller's: on the tasks' network it would be a host name.
_CALLS = (
    _call("GET", "/version", needs_version=False),  # how the SDK learns the engine's version
    _call("GET", "/_ping", needs_version=False),  # the gate's own health
    _call("HEAD", "/_ping", needs_version=False),
    _call("GET", "/images/json", "only_ids", "all", "filter", "filters"),
    _call("POST", _CREATE),
    _call("GET", f"{_OURS}/json"),
    _call(
        "GET",
        f"{_OURS}/logs",
        *("stdout", "stderr", "timestamps", "follow", "tail", "since", "until"),
    ),
    _call("POST", f"{_OURS}/attach", "logs", "stdout", "stderr", "stream"),
    _call("POST", f"{_OURS}/start"),
    _call("POST", f"{_OURS}/stop", "t"),
    _call("POST", f"{_OURS}/kill", "signal"),
    _call("POST", f"{_OURS}/wait", "condition"),
    _call("DELETE", _OURS, "v", "link", "force"),
)


def judge(method: str, target: str) -> Passed | Refused:
    """Whether a request may pass, by its method and its path with the query.

    The query is written anew from what was judged, so the engine cannot read it otherwise.
    """
    path, _, query = target.partition("?")
    found = _find(method, path)
    if isinstance(found, Refused):
        return found
    call, match = found
    parameters = parse_qsl(query, keep_blank_values=True)
    for name, _ in parameters:
        if name not in call.parameters:
            return Refused(f"{method} {path} takes no parameter {name!r}")
    target = f"{path}?{urlencode(parameters)}" if parameters else path
    container = match.groupdict().get("container")
    return Passed(target, container, is_create=call.path == _CREATE)


def _find(method: str, path: str) -> tuple[Call, re.Match[str]] | Refused:
    """The call that a request makes, and how its path matched."""
    if asked := _VERSIONED.fullmatch(path):
        for call in _CALLS:
            if method == call.method and (match := re.fullmatch(call.path, asked["path"])):
                why = _fault_of_version(asked["minor"], call)
                return Refused(f"{method} {path} {why}") if why else (call, match)
    return Refused(f"{method} {path} is not among what running a task takes")


def _fault_of_version(minor: str | None, call: Call) -> str | None:
    if minor is None:
        return "has no version of the API" if call.needs_version else None
    return None if int(minor) >= LOWEST_MINOR else f"is older than version 1.{LOWEST_MINOR}"
