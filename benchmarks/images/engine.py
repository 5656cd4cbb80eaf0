"""The container engine: it builds images, tells what they are made of, and forgets them."""

from __future__ import annotations

import json
import secrets
import subprocess
import tarfile
import time
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from benchmarks.images.build_log import executed, printed
from benchmarks.tools import FailedError, output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.images.build_log import Step

_REPOSITORY: Final = "poetry-fti-bench"


class Build(NamedTuple):
    """A build that went well."""

    seconds: float
    steps: tuple[Step, ...]


class Engine:
    """An engine that has built nothing yet, as far as its images show.

    Nothing that others use is pruned for that: builds start from a base that never was there
    before, and their cache mounts are in a namespace of their own.
    """

    def __init__(self, index: str, bases: Iterable[str]) -> None:
        self._index = index
        self._token = secrets.token_hex(4)
        self._tags: set[str] = set()
        self._bases = {base: self._fresh(base) for base in sorted(set(bases))}

    def tag(self, name: str) -> str:
        """Return the name of an image here."""
        return f"{_REPOSITORY}:{self._token}-{name}"

    def build(self, context: Path, dockerfile: Path, tag: str) -> Build:
        """Build an image, which takes the place of the one that has this name."""
        self._forget(tag)
        options = [
            "--progress=rawjson",
            "--network=host",
            f"--build-arg=BUILDKIT_CACHE_MOUNT_NS={self._token}",
            *(f"--build-context={b}=docker-image://{fresh}" for b, fresh in self._bases.items()),
        ]
        where = [f"--file={dockerfile}", f"--tag={tag}", str(context)]
        self._tags.add(tag)
        command = ["docker", "build", *options, *where]
        started = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
        taken = time.perf_counter() - started
        if done.returncode:
            raise FailedError(f"docker build: {printed(done.stderr)[-2000:] or done.stderr}")
        return Build(taken, executed(done.stderr))

    def forget_all(self) -> None:
        """Remove all images that were built here."""
        for tag in self._tags:
            self._forget(tag)

    def _fresh(self, base: str) -> str:
        tag = self.tag(f"base-{len(self._tags)}")
        lines = (
            f"FROM {base}",
            f"RUN echo {tag} > /etc/{_REPOSITORY}",
            f"ENV PIP_INDEX_URL={self._index} UV_DEFAULT_INDEX={self._index}",
        )
        self._tags.add(tag)
        command = ["docker", "build", "--quiet", f"--tag={tag}", "-"]
        subprocess.run(command, input="\n".join(lines).encode(), check=True, capture_output=True)
        return tag

    def _forget(self, tag: str) -> None:
        command = ["docker", "image", "rm", "--force", tag]
        subprocess.run(command, check=False, capture_output=True)


def layer_names(tag: str) -> list[str]:
    """Return the digests of an image's layers, the lowest first."""
    found: list[str] = json.loads(
        output("docker", "image", "inspect", "--format={{json .RootFS.Layers}}", tag)
    )
    return found


def layer_sizes(tags: Sequence[str]) -> dict[str, int]:
    """Return the bytes of the layers of images: the lengths of their uncompressed archives."""
    command = ["docker", "save", *tags]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 -- a pipe was asked for
        sizes, manifest = _saved(process.stdout)
    if process.returncode:
        raise FailedError(f"docker save: exit code {process.returncode}")
    found = {}
    for image in manifest:
        for path, name in zip(image["Layers"], layer_names(image["RepoTags"][0]), strict=True):
            if path.startswith("blobs/") and not name.endswith(path.rpartition("/")[2]):
                raise FailedError("docker save: this engine's store keeps layers compressed")
            found[name] = sizes[path]
    return found


def _saved(stream: IO[bytes]) -> tuple[Mapping[str, int], list[dict[str, Any]]]:
    sizes: dict[str, int] = {}
    manifest: list[dict[str, Any]] = []
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            sizes[member.name] = member.size
            if member.name == "manifest.json":
                content = archive.extractfile(member)
                manifest = json.load(content) if content else []
    return sizes, manifest
