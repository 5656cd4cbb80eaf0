"""The container engine, for the tests that build images."""

from __future__ import annotations

import gzip
import io
import json
import shlex
import shutil
import subprocess
import tarfile
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASES = ("docker/dockerfile:1", "python:3.12-slim-bookworm", "ghcr.io/astral-sh/uv:0.13")


def docker(*words: str | Path, check: bool = True) -> str:
    """Run a command of Docker, and return what it wrote; a build also writes to stderr."""
    done = subprocess.run(
        ["docker", *map(str, words)], capture_output=True, check=False, encoding="utf-8"
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr if words[0] == "build" else done.stdout


def inspected(tag: str) -> dict[str, Any]:
    """Return what the engine knows of an image."""
    found: dict[str, Any] = json.loads(docker("image", "inspect", tag))[0]
    return found


def require_engine() -> None:
    """Skip where there is no engine, or not the images that the builds start from."""
    version = ["docker", "version"]
    if shutil.which("docker") is None or subprocess.call(version, stdout=DEVNULL, stderr=DEVNULL):
        pytest.skip("no Docker engine answers")
    present = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    if missing := [base for base in BASES if base not in present]:
        pytest.skip(f"the engine lacks the images {', '.join(missing)}")


def layers(image: str) -> Iterator[tuple[str, bytes]]:
    """Yield all that an image consists of."""
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            data = content.read() if content else b""
            yield member.name, gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def on_host_network(folder: Path, *stages: str) -> Path:
    """Return a new folder with a `docker` whose builds of stages are on this machine's network.

    They reach an index on the loopback interface.
    """
    # Bake takes it from a Compose file only.
    build = {"build": {"context": ".", "network": "host"}}
    network = folder / "network.yaml"
    network.write_text(json.dumps({"services": dict.fromkeys(stages, build)}))
    real = shlex.quote(shutil.which("docker") or "docker")
    script = folder / "bin" / "docker"
    script.parent.mkdir()
    script.write_text(
        '#!/bin/sh\nif [ "$2 $3" = "bake -f" ]; then\nshift 2\n'
        f'set -- buildx bake ${{NO_CACHE:+--no-cache}} -f {shlex.quote(str(network))} "$@"\nfi\n'
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    return script.parent
