"""Which packages of a lock an image installs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.markers import Marker

from fast.exporters.test_layers import AMD64, ARM64, MACOS, NUMPY, TORCH, stage
from poetry_fti.exporters.docker.layers.installed import image_view
from poetry_fti.exporters.docker.layers.plan import plan_layers
from poetry_fti.exporters.docker.layers.sharing import sharing
from poetry_fti.exporters.images import dockerfile
from poetry_fti.model.images.image import Image

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.platforms import Platform

KEPT = 'platform_machine == "x86_64"'


def marked(marker: str, package: LockedPackage = TORCH) -> LockedPackage:
    return replace(package, marker=Marker(marker))


@pytest.mark.slow_after(6)
@pytest.mark.parametrize(
    ("marker", "platforms", "installed"),
    [
        ('sys_platform == "darwin"', (AMD64, MACOS), None),
        ('sys_platform == "win32" or os_name == "nt"', (), None),
        ('sys_platform == "linux"', (AMD64, MACOS), ""),
        ('python_version < "3.12"', (AMD64,), ""),
        ('python_full_version >= "3.12.1"', (AMD64,), None),
        ('python_full_version >= "3.11.4"', (AMD64,), 'python_full_version >= "3.11.4"'),
        ('implementation_name == "pypy"', (AMD64,), None),
        (KEPT, (AMD64, MACOS), ""),
        (KEPT, (AMD64, ARM64), KEPT),
        (KEPT, (), KEPT),
        (KEPT, (ARM64, MACOS), None),
        ('platform_release == "6"', (AMD64,), 'platform_release == "6"'),
        ('sys_platform == "darwin"', (MACOS,), 'sys_platform == "darwin"'),
    ],
)
def test_markers_are_those_of_the_image(
    marker: str, platforms: tuple[Platform, ...], installed: str | None
) -> None:
    locked = image_view(stage("a", marked(marker), platforms=platforms))
    assert [str(each.marker or "") for each in locked.packages] == (
        [] if installed is None else [installed]
    )
    assert locked.is_reduced == (installed is None)
    assert image_view(locked) == locked


def test_without_a_known_base_the_stages_python_counts() -> None:
    locked = stage("a", marked('python_version < "3.12"'), image=Image(base="acme/base"))
    assert image_view(locked) == locked
    unsuitable = replace(locked, stage=replace(locked.stage, image=Image(base="python:3.9")))
    assert image_view(unsuitable) == unsuitable


def test_requirements_of_the_image_are_a_file_of_their_own_if_they_are_fewer() -> None:
    locked = stage("a", NUMPY, marked('sys_platform == "darwin"'), platforms=(AMD64, MACOS))
    files = dockerfile.files(image_view(locked))
    assert "torch" not in files["requirements.own.txt"]
    assert "numpy" in files["requirements.own.txt"]
    assert "fti/a/requirements.own.txt" in files["Dockerfile"]
    assert "!fti/a/requirements.own.txt" in files["Dockerfile.dockerignore"]
    assert "fti/a/requirements.txt" in dockerfile.files(stage("a", NUMPY))["Dockerfile"]


def test_a_marker_that_is_true_in_both_images_is_no_reason_not_to_share() -> None:
    plain = stage("plain", TORCH)
    linux = stage("linux", marked('sys_platform == "linux"'))
    views = [image_view(plain), image_view(linux)]
    found = sharing(replace(each, layers=plan_layers(each)) for each in views)
    assert found["plain", "shared-torch"] == ("linux", "plain")
