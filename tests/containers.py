"""The container engine, for the tests that build images."""

from __future__ import annotations

import gzip
import io
import json
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
