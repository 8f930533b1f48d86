"""What Airflow may ask of the container engine, and what each task's container looks like. Pure.

Whoever may create any container owns the host. So a request passes only when it is one of the few
that running a task takes, and the container's host settings are not the caller's to choose: the
gate writes them itself, whatever was asked for.
"""

import json
import re
from typing import Any, NamedTuple

LABEL = "fraud-platform.gate"
"""On each container that the gate let be made; only those can be started, watched and removed."""

_VERSION = r"(?:/v1\.[0-9]+)?"
_CONTAINER = r"/containers/(?P<container>[0-9a-f]{12,64})"
_HARMLESS = (
    ("GET", rf"{_VERSION}/version"),
    ("GET", rf"{_VERSION}/_ping"),
    ("HEAD", rf"{_VERSION}/_ping"),
    ("GET", rf"{_VERSION}/images/json"),
)
_OF_OWN_CONTAINERS = (
    ("GET", rf"{_VERSION}{_CONTAINER}/json"),
    ("GET", rf"{_VERSION}{_CONTAINER}/logs"),
    ("POST", rf"{_VERSION}{_CONTAINER}/attach"),
    ("POST", rf"{_VERSION}{_CONTAINER}/start"),
    ("POST", rf"{_VERSION}{_CONTAINER}/stop"),
    ("POST", rf"{_VERSION}{_CONTAINER}/kill"),
    ("POST", rf"{_VERSION}{_CONTAINER}/wait"),
    ("DELETE", rf"{_VERSION}{_CONTAINER}"),
)
_CREATE = re.compile(rf"{_VERSION}/containers/create")

EXPORTS = "/var/lib/fraud"
"""Where a task's container has the volume of the exports, as Airflow's own have it."""

_OF_THE_TASK = ("Image", "Cmd", "Env")
"""All that a caller decides about a container."""


class Limits(NamedTuple):
    """What every task's container gets."""

    image: str
    network: str
    volume: str
    memory_bytes: int
    user: str = "10001:10001"


class Refused(NamedTuple):
    """The request does not pass, and why."""

    why: str


class Passed(NamedTuple):
    """The request passes; `container` is the one it is about, which must be the gate's own."""

    container: str | None = None
    is_create: bool = False


def judge(method: str, path: str) -> Passed | Refused:
    """Whether a request may pass, by its method and its path without the query."""
    if method == "POST" and _CREATE.fullmatch(path):
        return Passed(is_create=True)
    for allowed, pattern in _HARMLESS:
        if method == allowed and re.fullmatch(pattern, path):
            return Passed()
    for allowed, pattern in _OF_OWN_CONTAINERS:
        if method == allowed and (match := re.fullmatch(pattern, path)):
            return Passed(container=match["container"])
    return Refused(f"{method} {path} is not among what running a task takes")


def bounded(body: bytes, limits: Limits) -> bytes | Refused:
    """The body of a create request, of which only image, command and variables are the caller's.

    The image must be that of the tasks; root file system, rights, limits and network are ours.
    """
    try:
        asked: dict[str, Any] = json.loads(body)
    except ValueError:
        return Refused("the body of the create request is not JSON")
    if asked.get("Image") != limits.image:
        return Refused(f"image {asked.get('Image')!r} is not the tasks' image {limits.image!r}")
    return json.dumps(
        {
            **{name: asked[name] for name in _OF_THE_TASK if name in asked},
            "User": limits.user,
            "Labels": {LABEL: "1"},
            "HostConfig": {
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges:true"],
                "Privileged": False,
                "NetworkMode": limits.network,
                "Memory": limits.memory_bytes,
                "MemorySwap": limits.memory_bytes,
                "PidsLimit": 256,
                "Tmpfs": {"/tmp": "size=256m,mode=1777"},  # noqa: S108 - inside of the container
                "Mounts": [{"Type": "volume", "Source": limits.volume, "Target": EXPORTS}],
            },
        }
    ).encode()
