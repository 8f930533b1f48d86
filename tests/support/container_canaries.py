"""Where a secret of the containers may have got to: everything that the engine shows or keeps."""

import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PROJECT = "fraud-platform"


def docker(*arguments: str) -> str:
    """What the command says, on both of its outputs."""
    done = subprocess.run(["docker", *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return (done.stdout + done.stderr).decode(errors="replace")


def containers() -> list[str]:
    """Every container of the project, whether it runs or has ended."""
    label = f"label=com.docker.compose.project={PROJECT}"
    return docker("ps", "--all", "--filter", label, "--format", "{{.Names}}").split()


def images() -> list[str]:
    """The images that were built here."""
    named = docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    return sorted(name for name in named if name.startswith(f"{PROJECT}/"))


def shown(container: str) -> Iterator[tuple[str, str]]:
    """What the engine tells of a container: configuration, logs, processes with their arguments."""
    yield f"configuration of {container}", docker("inspect", container)
    yield f"logs of {container}", docker("logs", container)
    (state,) = json.loads(docker("inspect", container))
    if state["State"]["Running"]:
        yield f"processes of {container}", docker("top", container, "-eo", "pid,args")


def described(image: str) -> Iterator[tuple[str, str]]:
    """What the engine tells of an image: configuration, and the command behind each layer."""
    yield f"configuration of {image}", docker("image", "inspect", image)
    yield f"history of {image}", docker("history", "--no-trunc", image)


def found_in(texts: Iterator[tuple[str, str]], secrets: Mapping[str, str]) -> list[str]:
    """Which secret is where, by their names only."""
    return [
        f"{name} in the {place}"
        for place, text in texts
        for name, secret in secrets.items()
        if secret in text
    ]


def found_in_layers(image: str, secrets: Mapping[str, str]) -> list[str]:
    """Which secret is in which file of the image, deleted ones of lower layers included."""
    wanted = {name: secret.encode() for name, secret in secrets.items()}
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "image.tar"
        docker("save", "--output", str(saved), image)
        return [
            f"{name} in {path} of {image}"
            for path, content in _files(saved)
            for name, secret in wanted.items()
            if secret in content
        ]


def _files(saved: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(saved) as image:
        for member in image:
            blob: Any = image.extractfile(member) if member.isfile() else None
            if blob is None:
                continue
            try:
                with tarfile.open(fileobj=blob) as layer:
                    for file in layer:
                        content = layer.extractfile(file) if file.isfile() else None
                        if content is not None:
                            yield file.name, content.read()
            except tarfile.TarError:
                blob.seek(0)
                yield member.name, blob.read()
