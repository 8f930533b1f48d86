"""What each task's container looks like, whatever was asked for. Pure.

Whoever may create any container owns the host. So the container's host settings are not the
caller's to choose: the gate writes them itself.
"""

import json
from typing import Any, NamedTuple

LABEL = "fraud-platform.gate"
"""On each container that the gate let be made; only those can be started, watched and removed."""

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
