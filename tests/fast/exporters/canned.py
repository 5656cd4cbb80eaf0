"""One locked stage with every kind of package, and credentials wherever a URL can have them."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.markers import Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.model.lock import LockedFile, LockedPackage, LockedStage
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from poetry_fti.model.platforms import Platform, Targets
from poetry_fti.model.stage import Resources, Stage

if TYPE_CHECKING:
    from poetry_fti.model.images.image import Image
    from poetry_fti.model.origins import Origin
    from poetry_fti.model.stage import Kind, Pipeline

SECRET = "user:s3cret@"  # noqa: S105 - planted, so that tests can look for it
DEFAULT = IndexOrigin()
MIRROR = IndexOrigin("mirror", f"https://{SECRET}mirror.example/simple")
NEXUS = IndexOrigin("nexus", f"http://{SECRET}nexus.example:8081/simple")
LINUX = Targets(platforms=(Platform("linux", "amd64"), Platform("linux", "arm64")))


def digest(name: str) -> str:
    """Return a short stand-in for a file's digest."""
    return f"sha256:{sha256(name.encode()).hexdigest()[:8]}"


def file(name: str) -> LockedFile:
    """Return a file as the index describes it."""
    return LockedFile(
        name=name,
        digest=digest(name),
        url=f"https://{SECRET}files.example/{name}",
        size=len(name),
        upload_time="2026-01-02T03:04:05.678Z",
    )


def package(
    name: str,
    version: str = "1.0",
    *files: str,
    origin: Origin = DEFAULT,
    marker: str | None = None,
    requires_python: str | None = ">=3.10",
) -> LockedPackage:
    """Return a package; the names of its files stand for them."""
    return LockedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        origin=origin,
        marker=Marker(marker) if marker else None,
        requires_python=requires_python,
        files=tuple(file(name) for name in files),
    )


PACKAGES = (
    package(
        "wheels",
        "1.0",
        "wheels-1.0.tar.gz",
        "wheels-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "wheels-1.0-cp312-cp312-manylinux_2_28_aarch64.whl",
    ),
    package("plain", "2.0+cpu", "plain-2.0+cpu-py3-none-any.whl", origin=MIRROR),
    package("forked", "2.0", "forked-2.0.zip", marker='sys_platform == "win32"', origin=NEXUS),
    package("forked", "1.0", "forked-1.0.tar.gz", marker='sys_platform == "linux"'),
    package("tree", origin=DirectoryOrigin(PurePosixPath("libs/tree")), requires_python=None),
    package(
        "develop",
        origin=DirectoryOrigin(PurePosixPath("libs/develop"), editable=True),
        requires_python=None,
    ),
    package(
        "archive",
        "1.0",
        "archive-1.0-py3-none-any.whl",
        origin=FileOrigin(PurePosixPath("libs/archive-1.0-py3-none-any.whl")),
    ),
    package(
        "remote",
        "1.0",
        "remote-1.0.zip",
        origin=UrlOrigin(f"https://{SECRET}remote.example/remote-1.0.zip", "python"),
        marker='python_version < "3.13"',
    ),
    package(
        "repository",
        origin=GitOrigin(f"https://{SECRET}git.example/repository.git", "c0ffee", "main", "python"),
        requires_python=None,
    ),
)

STAGE = LockedStage(
    stage=Stage(name="training", kind="training", groups=(), closure=(), targets=LINUX),
    folder=PurePosixPath("fti/training"),
    requires_python=">=3.11,<3.14",
    digest="sha256:0",
    packages=PACKAGES,
    indexes=(MIRROR, DEFAULT, NEXUS),
    pyproject='[project]\nname = "canned"\n',
)


def stage(*packages: LockedPackage, name: str = "training", python: str = ">=3.11") -> LockedStage:
    """Return a stage of the packages alone, for every platform."""
    return LockedStage(
        stage=Stage(name=name, kind="training", groups=(), closure=()),
        folder=PurePosixPath("fti", name),
        requires_python=python,
        digest="sha256:0",
        packages=packages,
    )


def job(
    name: str, kind: Kind, pipeline: Pipeline, image: Image, resources: Resources = Resources()
) -> LockedStage:
    """Return a stage that a pipeline of the project "Credit scoring" runs."""
    locked = replace(stage(name=name), project="Credit scoring", pipeline=pipeline)
    changed = replace(locked.stage, kind=kind, image=image, resources=resources)
    return replace(locked, stage=changed)


def on(locked: LockedStage, targets: Targets) -> LockedStage:
    """Return a stage that runs elsewhere."""
    return replace(locked, stage=replace(locked.stage, targets=targets))
