"""Locking a stage in the tests' own process, from an index of a test's own."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from packaging.version import Version
from poetry.repositories.pypi_repository import PyPiRepository

from loopback.catalogue import Catalogue, File, Release
from poetry_fti.bridge.poetry_project import create_poetry
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from poetry_fti.operations.project import load_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback.archives import Artifact

REQUEST: Final = LockRequest(stages=frozenset({"training"}))


@contextmanager
def default_index(url: str, cache: Path) -> Iterator[None]:
    """Make this the default index of Poetry in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POETRY_CACHE_DIR", str(cache))
        patch.setattr(PyPiRepository.__init__, "__defaults__", (url,))
        yield


def lock_training(root: Path) -> str:
    """Lock a project's stage `training` and return the text of its lock; raises FtiError."""
    project = load_project(root, create_poetry)
    result = lock_stages(project, project.select(["training"]), REQUEST)["training"]
    if result.error:
        raise result.error
    return project.select(["training"])[0].lock.text


def catalogue(*artifacts: Artifact) -> Catalogue:
    """Return what an index tells of wheels that nobody has built."""
    found: dict[str, list[Release]] = {}
    for artifact in sorted(artifacts, key=lambda each: Version(each.version), reverse=True):
        files = tuple(_file(artifact, tag) for tag in artifact.tags)
        release = Release(artifact.name, artifact.version, artifact.metadata, files)
        found.setdefault(artifact.name, []).append(release)
    return Catalogue({name: tuple(releases) for name, releases in found.items()})


def _file(artifact: Artifact, tag: str) -> File:
    filename = f"{artifact.module}-{artifact.version}-{tag}.whl"
    return File(
        filename=filename,
        sha256=hashlib.sha256(filename.encode()).hexdigest(),
        size=1000,
        requires_python=artifact.requires_python,
        upload_time=artifact.uploaded,
        yanked=artifact.yanked,
    )
