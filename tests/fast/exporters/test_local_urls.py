"""The warning about packages from `file:` URLs, which the build of an image cannot read."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from fast.exporters.canned import MIRROR, package
from fast.exporters.test_layers import stage
from poetry_fti.exporters.docker.layers.local_urls import local_urls
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin, IndexOrigin, UrlOrigin
from poetry_fti.model.platforms import Platform

if TYPE_CHECKING:
    from poetry_fti.model.origins import Origin


def test_a_repository_on_this_machine() -> None:
    lib = package("lib", origin=GitOrigin("file://None/srv/git/lib", "c0ffee"))
    assert local_urls(stage("a", lib)) == (
        "lib in the image of a comes from file:///srv/git/lib, which a build can read only if the"
        " base image contains it. Require it from a server, or as a path dependency."
    )


def test_several_packages() -> None:
    index = IndexOrigin("local", "file:///srv/simple")
    packages = [package(name, "1.0", f"{name}.whl", origin=index) for name in ("b", "c")]
    archive = package("a", "1.0", "a.whl", origin=UrlOrigin("file:///srv/a.whl"))
    assert local_urls(stage("a", archive, *packages)) == (
        "a, b and c in the image of a come from file:///srv/a.whl and file:///srv/simple, which a"
        " build can read only if the base image contains them. Require them from a server, or as"
        " path dependencies."
    )


@pytest.mark.parametrize(
    "origin",
    [
        MIRROR,
        IndexOrigin(),
        DirectoryOrigin(PurePosixPath("file:/lib")),
        GitOrigin("git@git.example:team/lib.git", "c0ffee"),
        UrlOrigin("https://remote.example/lib.whl"),
    ],
)
def test_other_origins(origin: Origin) -> None:
    assert local_urls(stage("a", package("lib", origin=origin))) == ""


def test_a_stage_without_an_image() -> None:
    lib = package("lib", origin=GitOrigin("file:///srv/git/lib", "c0ffee"))
    assert local_urls(stage("a", lib, platforms=(Platform("macos", "arm64"),))) == ""
