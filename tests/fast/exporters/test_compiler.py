"""The warning about packages without a wheel on a base image without a compiler."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from fast.exporters.canned import package
from fast.exporters.test_layers import AMD64, ARM64, stage
from poetry_fti.exporters.docker.layers.compiler import missing_compiler, missing_files
from poetry_fti.model.images.image import Image
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.model.platforms import Libc, Platform

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage

SOURCE: Final = package("native", "1.0", "native-1.0.tar.gz")
HALF: Final = package(
    "half", "2.0", "half-2.0.tar.gz", "half-2.0-cp311-cp311-manylinux_2_17_x86_64.whl"
)
PURE: Final = package("pure", "1.0", "pure-1.0.tar.gz", "pure-1.0-py3-none-any.whl")
BOTH: Final = (AMD64, ARM64)
WHEELS: Final = package("binary", "1.0", "binary-1.0-cp312-cp312-manylinux_2_17_x86_64.whl")
SLIM: Final = "python:3.11-slim-bookworm"


def with_libc(locked: LockedStage, libc: Libc) -> LockedStage:
    targets = replace(locked.stage.targets, libc=libc)
    return replace(locked, stage=replace(locked.stage, targets=targets))


@pytest.mark.parametrize(
    ("locked", "text"),
    [
        (
            stage("a", SOURCE, HALF, PURE),
            (
                "native 1.0 in the image of a has no wheel for linux/amd64 and may need a"
                f" compiler, which {SLIM} does not have. If a build fails, add"
                ' "build-essential" to tool.fti.stages.a.image.build-apt.'
            ),
        ),
        (
            stage("a", HALF, platforms=BOTH, image=Image(python="/usr/bin/python3")),
            (
                f"half 2.0 in the image of a has no wheel for linux/arm64 and may need a compiler,"
                f" which {SLIM} does not have. If a build fails, add"
                ' "build-essential" to tool.fti.stages.a.image.apt.'
            ),
        ),
        (
            stage("a", HALF, SOURCE, platforms=()),
            (
                "native 1.0 in the image of a has no wheel for linux/amd64 and"
                f" linux/arm64 and may need a compiler, which {SLIM} does not have. If a build"
                ' fails, add "build-essential" to tool.fti.stages.a.image.build-apt.'
            ),
        ),
        (
            with_libc(stage("a", HALF), Libc("musl")),
            (
                "half 2.0 in the image of a has no wheel for linux/amd64 and may need a compiler,"
                " which python:3.11-alpine does not have. If a build fails, add"
                ' "apk add --no-cache build-base" to tool.fti.stages.a.image.run-before.'
            ),
        ),
        (
            stage(
                "a",
                *(package(name, "1.0", f"{name}-1.0.tar.gz") for name in "wxyz"),
                image=Image(base="ubuntu:24.04", inherited=frozenset({"build-apt"})),
            ),
            (
                "4 packages in the image of a have no wheels for linux/amd64 and may need a"
                " compiler, which ubuntu:24.04 does not have. If a build fails, add"
                ' "build-essential" to tool.fti.image.build-apt.'
            ),
        ),
    ],
)
def test_packages_that_may_need_a_compiler(locked: LockedStage, text: str) -> None:
    assert missing_compiler(locked) == text


@pytest.mark.parametrize(
    "image",
    [
        Image(base="python:3.11"),
        Image(base="python:3.11-bookworm@sha256:0123"),
        Image(base="acme/slimmer:1"),
        Image(build_apt=("libpq-dev", "gcc")),
        Image(build_apt=("gcc-12=12.2.0-14",)),
        Image(build_apt=("g++",)),
        Image(apt=("build-essential",)),
        Image(base="python:3.11-alpine", run_before=("apk add build-base libffi-dev",)),
        Image(dockerfile=PurePosixPath("base.Dockerfile")),
        Image(template=PurePosixPath("template.Dockerfile")),
    ],
)
def test_images_that_have_or_may_have_a_compiler(image: Image) -> None:
    assert missing_compiler(stage("a", SOURCE, image=image)) == ""


def test_the_libraries_of_compilers_are_no_compilers() -> None:
    image = Image(apt=("libgcc-s1",), build_apt=("libgcc-12-dev", "libc6-dev"))
    assert missing_compiler(stage("a", SOURCE, image=image)) != ""


AMD64_ONLY: Final = package("x", marker="platform_machine == 'x86_64'").marker
TARBALL: Final = PurePosixPath("native-1.0.tar.gz")


@pytest.mark.parametrize(
    "locked",
    [
        stage("a", PURE, HALF),
        stage("a", HALF, platforms=()),
        stage("a", replace(HALF, marker=AMD64_ONLY), platforms=BOTH),
        stage("a", SOURCE, platforms=(Platform("macos", "arm64"),)),
        stage("a", replace(SOURCE, origin=DirectoryOrigin(PurePosixPath("native"), editable=True))),
        stage(
            "a", replace(SOURCE, origin=GitOrigin("https://git.example/native.git", "main", "0"))
        ),
    ],
)
def test_packages_that_need_none(locked: LockedStage) -> None:
    assert missing_compiler(locked) == ""


def test_a_local_source_distribution_may_need_one() -> None:
    locked = stage("a", replace(SOURCE, origin=FileOrigin(TARBALL)))
    assert missing_compiler(locked).startswith("native 1.0 in the image of a has no wheel")


@pytest.mark.parametrize("image", [Image(), Image(base="python:3.11"), Image(apt=("gcc",))])
def test_packages_that_have_no_file_for_an_image(image: Image) -> None:
    locked = stage("a", WHEELS, HALF, image=image)
    assert missing_compiler(locked) == ""
    assert missing_files(locked) == (
        "binary 1.0 has no file for linux/amd64 and Python 3.11: the image of a cannot be built."
        " Choose another version, or change `python`, `platforms` or `image.base` of"
        " tool.fti.stages.a."
    )
    assert missing_files(stage("a", WHEELS, image=Image(base="python:3.12-slim"))) == ""
