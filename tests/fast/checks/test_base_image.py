"""Check `base-image`: references that move, old C libraries, and images without a compiler."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest

from checked_files import report, targeted
from memory_commands import Ended, run
from poetry_fti.model.images.image import Image
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.checks.shared.facts import CheckedStage

AMD64: Final = "linux/amd64"
OLD: Final = "cp312-cp312-manylinux_2_17_x86_64.whl"
NEW: Final = "cp312-cp312-manylinux_2_34_x86_64.whl"
NEWER: Final = "cp312-cp312-manylinux_2_39_x86_64.whl"
MUSL: Final = "cp312-cp312-musllinux_1_2_x86_64.whl"
WINDOWS: Final = "cp312-cp312-win_amd64.whl"


def based(base: str | None, files: list[str], platforms: str = AMD64, **image: Any) -> CheckedStage:  # noqa: ANN401
    """Return a stage that requires `lib`, with files, and has a base image."""
    return targeted("inference", {"lib": files}, platforms, image=Image(base=base, **image))


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        ("python", "has no tag"),
        ("corp.example:5000/ml/runtime", "has no tag"),
        ("python:latest", "has the tag latest"),
        ("python:3-slim", "does not name a minor version of Python"),
        ("mirror.example/library/python:slim-bookworm", "does not name a minor version of Python"),
    ],
)
def test_a_reference_that_moves_is_reported(base: str, problem: str) -> None:
    assert report("base-image", based(base, [OLD])) == (
        f"inference: warning: the base image {base} {problem}, so a later build may use"
        " another image\n"
        "Name a version, such as python:3.12-slim-bookworm, or a digest"
    )


@pytest.mark.parametrize("base", ["python@sha256:00", "python:3.12-slim", "corp.example/python:7"])
def test_a_tag_or_a_digest_is_enough(base: str) -> None:
    assert report("base-image", based(base, [OLD])) == ""


def test_a_glibc_that_is_too_old_is_an_error() -> None:
    assert report("base-image", based("python:3.12-slim-bullseye", [NEW, WINDOWS])) == (
        "inference: error: the base image python:3.12-slim-bullseye has glibc 2.31, but lib 1.0"
        " needs glibc 2.34\n"
        "required by pyproject.toml -> lib\n"
        "Choose a base image with glibc 2.34 or newer, or set `libc` of tool.fti.stages.inference"
        ' to "glibc-2.31" and lock again'
    )


def test_packages_that_can_be_built_instead_are_warnings() -> None:
    files = {"a": [NEW, ".tar.gz"], "b": [NEWER, ".tar.gz"], "c": [OLD]}
    image = Image(base="ubuntu:22.04")
    assert report("base-image", targeted("inference", files, image=image)) == (
        "inference: warning: the base image ubuntu:22.04 has glibc 2.35, but b 1.0 needs glibc"
        " 2.39; it is built from source instead\n"
        "required by pyproject.toml -> b\n"
        "Choose a base image with glibc 2.39 or newer"
    )
    image = Image(base="redhat/ubi8:8.10")
    assert "but a 1.0 and b 1.0 need up to glibc 2.39; they are built from source" in report(
        "base-image", targeted("inference", files, image=image)
    )


def test_alpine_needs_wheels_for_musl() -> None:
    assert report("base-image", based("python:3.12-alpine", [OLD, MUSL])) == ""
    assert report("base-image", based("python:3.12-alpine", [OLD])) == (
        "inference: error: the base image python:3.12-alpine has musl, but lib 1.0 has no wheel for"
        " it\n"
        "required by pyproject.toml -> lib\n"
        "Choose a base image with glibc, such as python:3.12-slim-bookworm"
    )


def test_a_package_that_is_compiled_needs_a_compiler() -> None:
    assert report("base-image", based("python:3.12-slim", [WINDOWS, ".tar.gz"])) == (
        "inference: warning: lib 1.0 is built from source, but the base image python:3.12-slim has"
        " no compiler\n"
        "required by pyproject.toml -> lib\n"
        "Add a compiler to tool.fti.stages.inference.image.build-apt, such as"
        ' ["gcc", "libc6-dev"], or choose versions with wheels'
    )
    assert "Add a compiler to tool.fti.stages.inference.image.apt, such as" in report(
        "base-image", based("python:3.12-slim", [WINDOWS, ".tar.gz"], python="/usr/bin/python")
    )
    assert "Choose a base image with a compiler, or choose versions with wheels" in report(
        "base-image", based("python:3.12-alpine", [WINDOWS, ".tar.gz"])
    )


def test_other_system_packages_are_no_compiler() -> None:
    assert "has no compiler" in report(
        "base-image", based("python:3.12-slim", [WINDOWS, ".tar.gz"], apt=("libgomp1",))
    )


@pytest.mark.parametrize(
    "silent",
    [
        based("python:3.12", [WINDOWS, ".tar.gz"]),
        based("python:3.12-slim", [".tar.gz"]),
        based("python:3.12-slim", ["py3-none-any.whl", ".tar.gz"]),
        based("python:3.12-slim", [WINDOWS, ".tar.gz"], build_apt=("gcc",)),
        based("python:3.12-slim", [WINDOWS, ".tar.gz"], run_before=("apk add gcc",)),
        based("python:3.12-slim", [WINDOWS, ".tar.gz"], template=PurePosixPath("Dockerfile")),
        based(None, [WINDOWS, ".tar.gz"], dockerfile=PurePosixPath("Dockerfile")),
        based(None, [WINDOWS, ".tar.gz"], "windows/amd64"),
        based("corp.example/ml/runtime:7", [NEWER]),
    ],
)
def test_images_that_may_have_what_is_needed_are_silent(silent: CheckedStage) -> None:
    assert report("base-image", silent) == ""


@pytest.mark.slow
def test_the_default_base_has_no_compiler(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["sdist", "wheel cp316-cp316-win_amd64"]})
    tables = f'[tool.fti.stages.inference]\nplatforms = ["{AMD64}"]\n'
    demo.write(pyproject({"inference": ["app"]}, tables, python="==3.16.*"))
    demo.lock()
    assert run(demo, "check", "--only", "base-image") == Ended(
        0,
        """\
inference
  warning app 1.0 is built from source, but the default base image has no compiler [base-image]
    required by pyproject.toml -> app
    Add a compiler to tool.fti.stages.inference.image.build-apt, such as ["gcc", "libc6-dev"], or\
 choose versions with wheels.

1 check run: 0 errors, 1 warning.
""",
    )
