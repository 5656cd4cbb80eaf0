"""The tutorial, command by command as it is written, with recorded metadata of its packages."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback import in_tree_backend
from loopback.catalogue import Catalogue, load, metadata_text
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pages import Reader
from pythons import only_pythons

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.catalogue import Release

pytestmark = pytest.mark.newest_only

# The recorded releases that the tutorial installs.
INSTALLED: Final = {
    "cloudpickle": ("3.1.2",),
    "duckdb": ("2.0.0",),
    "iniconfig": ("2.3.1",),
    "joblib": ("1.6.0",),
    "numpy": ("1.26.4", "2.4.6"),
    "packaging": ("26.3",),
    "pluggy": ("1.7.0",),
    "pygments": ("2.21.0",),
    "pytest": ("9.2.0",),
}


def installable(release: Release, folder: Path) -> Release:
    """Return a release with the recorded metadata and a small wheel that can be installed."""
    wheel = folder / f"{release.name}-{release.version}-py3-none-any.whl"
    module = f'__version__ = "{release.version}"\n'.encode()
    metadata = metadata_text(release.metadata).encode()
    in_tree_backend.write_wheel(wheel, {f"{release.name}/__init__.py": module}, metadata)
    content = wheel.read_bytes()
    file = replace(
        release.files[0],
        filename=wheel.name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        archive=wheel,
    )
    return replace(release, files=(file,))


def recorded(folder: Path) -> Catalogue:
    """Return the recorded index, in which some releases can be installed."""
    projects = {
        name: tuple(
            installable(release, folder) if release.version in versions else release
            for release in load().projects[name]
        )
        for name, versions in INSTALLED.items()
    }
    return load() | Catalogue(projects)


def test_every_command_does_what_is_shown(tmp_path: Path) -> None:
    wheels, here = (tmp_path / name for name in ("wheels", "here"))
    for folder in (wheels, here):
        folder.mkdir()
    with LoopbackIndex(recorded(wheels)) as index:
        environment = isolated_environment(tmp_path / "home", index.url)
        poetry = Poetry(only_pythons(environment, tmp_path / "bin"), processes=1)
        Reader(poetry, here, {}).follow("docs/tutorial.md")
