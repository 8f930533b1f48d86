"""Where a secret of the containers may have got to: everything that the engine shows or keeps."""

import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Engine:
    """What a container engine tells of the containers and images of one project."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def docker(self, *words: str) -> str:
        """What the command says, on both of its outputs."""
        done = subprocess.run(
            ["docker", *words], env=self._environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return (done.stdout + done.stderr).decode(errors="replace")

    def shown(self, container: str) -> Iterator[tuple[str, str]]:
        """Of a container, running or ended: configuration, logs, processes with arguments."""
        yield f"configuration of {container}", self.docker("inspect", container)
        yield f"logs of {container}", self.docker("logs", container)
        (state,) = json.loads(self.docker("inspect", container))
        if state["State"]["Running"]:
            yield f"processes of {container}", self.docker("top", container, "-eo", "pid,args")

    def described(self, image: str) -> Iterator[tuple[str, str]]:
        """Of an image: configuration, and the command behind each layer."""
        yield f"configuration of {image}", self.docker("image", "inspect", image)
        yield f"history of {image}", self.docker("history", "--no-trunc", image)

    def found_in_layers(self, image: str, secrets: Mapping[str, str]) -> list[str]:
        """Which secret is in which file of the image, deleted ones of lower layers included."""
        wanted = {name: secret.encode() for name, secret in secrets.items()}
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / "image.tar"
            self.docker("save", "--output", str(saved), image)
            return [
                f"{name} in {path} of {image}"
                for path, content in _files(saved)
                for name, secret in wanted.items()
                if secret in content
            ]


def found_in(texts: Iterator[tuple[str, str]], secrets: Mapping[str, str]) -> list[str]:
    """Which secret is where, by their names only."""
    return [
        f"{name} in the {place}"
        for place, text in texts
        for name, secret in secrets.items()
        if secret in text
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
