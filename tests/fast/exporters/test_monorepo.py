"""Images of a project whose code is in path dependencies."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from fast.exporters.canned import package, stage
from poetry_fti.exporters.docker.layers.explain import explain
from poetry_fti.exporters.images import dockerfile
from poetry_fti.model.images.image import Image
from poetry_fti.model.lock import Code, Requirement
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedPackage, LockedStage


def tree(path: str, *requires: str) -> LockedPackage:
    origin = DirectoryOrigin(PurePosixPath(path), editable=True)
    required = (
        Requirement(name=canonicalize_name(name), ranges=(SpecifierSet(),), direct=True)
        for name in requires
    )
    found = package(PurePosixPath(path).name, origin=origin)
    return replace(found, requires=tuple(required))


# The names are in another order than the requirements.
COMMON = tree("libs/common")
BASE = tree("libs/a-base", "common")
SERVICE = tree("services/a", "a-base", "numpy")
NUMPY = package("numpy", "1.0", "numpy-1.0-py3-none-any.whl")
CODE = Code(whole_tree=False)


def monorepo(*packages: LockedPackage, image: Image = Image(), code: Code = CODE) -> LockedStage:
    locked = stage(*packages, name="inference")
    return replace(locked, code=code, stage=replace(locked.stage, image=image))


def instructions(text: str) -> list[str]:
    """Return the instructions that begin a build stage or copy."""
    return re.findall(r"^(?:FROM|COPY) .*", text, re.MULTILINE)


def test_each_path_dependency_is_a_layer_above_those_that_it_requires() -> None:
    files = dockerfile.files(monorepo(SERVICE, BASE, COMMON, NUMPY))
    assert instructions(files["Dockerfile"])[5:] == [
        "FROM builder AS source-common",
        "COPY --link libs/common /build/libs/common",
        "FROM builder AS source-a-base",
        "COPY --link libs/a-base /build/libs/a-base",
        "FROM builder AS source-a",
        "COPY --link services/a /build/services/a",
        "FROM base",
        "COPY --link --from=packages /layer /",
        "COPY --link --from=source-common /layer /",
        "COPY --link --from=source-a-base /layer /",
        "COPY --link --from=source-a /layer /",
    ]
    assert files["Dockerfile.dockerignore"].split("\n\n")[1].splitlines() == [
        *("*", "!fti/inference/requirements.txt", "!libs/a-base", "!libs/common", "!services/a")
    ]


def test_declared_code_and_copied_files_are_above_path_dependencies() -> None:
    own = PurePosixPath("src/serve")
    code = replace(CODE, packages=(own,), roots=(own.parent,))
    image = Image(copy=((PurePosixPath("model.bin"), PurePosixPath("model.bin")),))
    files = dockerfile.files(monorepo(COMMON, image=image, code=code))
    assert instructions(files["Dockerfile"])[-4:] == [
        "COPY --link --from=packages /layer /",
        "COPY --link --from=source-common /layer /",
        "COPY model.bin /app/model.bin",
        "COPY --link --from=code /layer /",
    ]
    assert files["Dockerfile.dockerignore"].split("\n\n")[1].splitlines() == [
        *("*", "!fti/inference/requirements.txt", "!libs/common", "!model.bin", "!src/serve")
    ]


def test_path_dependencies_are_explained() -> None:
    commit = package("repository", origin=GitOrigin("https://git.example/a.git", "c0ffee"))
    layers = list(explain(monorepo(COMMON, NUMPY, commit), {}))[1:]
    assert [(each.name, each.holds, each.reason, len(each.packages)) for each in layers] == [
        ("packages", "numpy 0 kB", "too small to divide into layers", 1),
        ("sources", "repository", "commits of git repositories", 1),
        ("source-common", "libs/common", "a path dependency: changes only if its files do", 1),
    ]


def test_path_dependencies_that_require_each_other_are_sorted_by_name() -> None:
    text = dockerfile.files(monorepo(tree("b", "a"), tree("a", "b")))["Dockerfile"]
    assert re.findall(r"AS (source-\w)", text) == ["source-a", "source-b"]


def test_each_path_dependency_is_installed_apart_into_the_python_of_the_base() -> None:
    image = Image(base="python:3.12", python="/usr/local/bin/python")
    text = dockerfile.files(monorepo(BASE, COMMON, image=image))["Dockerfile"]
    assert re.findall(r"^ +'(.*)'$", text, re.MULTILINE) == [
        "common @ file:///build/libs/common",
        "a-base @ file:///build/libs/a-base",
    ]
