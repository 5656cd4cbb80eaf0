"""The container engine, for the tests that build images."""

from __future__ import annotations

import json
import shutil
import subprocess
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_BASES = ("docker/dockerfile:1", "python:3.12-slim-bookworm", "ghcr.io/astral-sh/uv:0.13")


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
    if missing := [base for base in _BASES if base not in present]:
        pytest.skip(f"the engine lacks the images {', '.join(missing)}")
