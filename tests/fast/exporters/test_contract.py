"""What holds for every format."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import poetry_fti.exporters
from cases import examples
from fast.exporters.canned import PACKAGES, SECRET, STAGE, on, package, stage
from poetry_fti.errors import FtiError
from poetry_fti.exporters import ProjectExporter, StageExporter, load_exporter
from poetry_fti.exporters.shared.header import is_generated
from poetry_fti.exporters.shared.omissions import without_hashes
from poetry_fti.model.formats import FORMATS
from poetry_fti.model.images.image import Image
from poetry_fti.model.lock import Layer, LockedFile
from poetry_fti.model.origins import DirectoryOrigin
from poetry_fti.model.platforms import Platform, Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedPackage, LockedStage

EXPORTERS: Final = {name: load_exporter(name) for name in FORMATS}
STAGE_EXPORTERS: Final = {
    name: exporter for name, exporter in EXPORTERS.items() if isinstance(exporter, StageExporter)
}
PROJECT_EXPORTERS: Final = {
    name: exporter for name, exporter in EXPORTERS.items() if isinstance(exporter, ProjectExporter)
}
# They write nothing for a stage that is no service.
FOR_SERVICES: Final = {"bentoml", "kserve"}
SERVICE: Final = replace(
    STAGE, stage=replace(STAGE.stage, kind="inference", image=Image(expose=("8000",)))
)
# They contain paths in an image.
IN_IMAGES: Final = {"devcontainer", "dockerfile", "kubernetes"}
# `--merged` writes it; it is no format that can be named.
MERGED: Final = "merged"


def bare(locked: LockedStage) -> LockedStage:
    """Return a stage with its files as the lock has them, not looked up in the index."""
    packages = [
        replace(each, files=tuple(LockedFile(name=f.name, digest=f.digest) for f in each.files))
        for each in locked.packages
    ]
    return replace(locked, packages=tuple(packages))


def imaged(image: Image, targets: Targets = STAGE.stage.targets) -> LockedStage:
    return replace(STAGE, stage=replace(STAGE.stage, image=image, targets=targets))


def derived(*packages: LockedPackage) -> LockedStage:
    return replace(stage(*packages), pyproject=STAGE.pyproject)


AWKWARD: Final = {
    "no file is looked up": bare(STAGE),
    "a package has no file": derived(package("alpha")),
    "no known Python": replace(STAGE, requires_python=">=4.0"),
    "no Python at all": replace(STAGE, requires_python=""),
    "an image, but no Linux": imaged(
        Image(apt=("curl",)), Targets(platforms=(Platform("windows", "amd64"),))
    ),
    "a platform without images": on(STAGE, Targets(platforms=(Platform("macos", "arm64"),))),
    "a base that does not fit": imaged(Image(base="python:3.8-alpine")),
    "values with line breaks": imaged(Image(env=(("A", "b\nc"),), labels=(("d", "e\0"),))),
    "a path outside of the project": derived(
        package("tree", origin=DirectoryOrigin(PurePosixPath("../tree")))
    ),
    "a path that needs quoting": derived(
        package("tree", origin=DirectoryOrigin(PurePosixPath('tree: "b" $c')))
    ),
    "an unknown block": replace(imaged(Image(template=PurePosixPath("t"))), template="# fti: x"),
    "no package": derived(),
}


def assert_sound(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        assert PurePosixPath(name).name == name
        assert is_generated(text)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert "\r" not in text
        assert "s3cret" not in text


@cache
def files_of(name: str) -> Mapping[str, str]:
    return STAGE_EXPORTERS[name].files(STAGE)


def written(name: str) -> Mapping[str, str]:
    """Return the files of a stage for which the format writes any."""
    return STAGE_EXPORTERS[name].files(SERVICE) if name in FOR_SERVICES else files_of(name)


def with_command(locked: LockedStage) -> LockedStage:
    """Return a stage that can be run, as some formats of all stages require."""
    return replace(locked, stage=replace(locked.stage, image=Image(command=("python",))))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_its_main_file(name: str) -> None:
    exporter = EXPORTERS[name]
    if isinstance(exporter, StageExporter):
        assert exporter.main.format(stage=STAGE.stage.name) in written(name)
    else:
        assert list(exporter.files([with_command(STAGE)])) == [exporter.main]


def test_every_format_has_a_module_and_every_module_is_a_format() -> None:
    prefix = f"{poetry_fti.exporters.__name__}."
    found = pkgutil.walk_packages(poetry_fti.exporters.__path__, prefix)
    modules = {
        each.name.removeprefix(prefix)
        for each in found
        if hasattr(import_module(each.name), "EXPORTER")
    }
    assert modules - {MERGED} == set(FORMATS.values())
    assert list(FORMATS) == sorted(FORMATS)
    assert len(STAGE_EXPORTERS) + len(PROJECT_EXPORTERS) == len(FORMATS)


@pytest.mark.slow
def test_a_format_is_imported_when_it_is_used() -> None:
    code = (
        "import sys, poetry_fti.exporters as e, poetry_fti.model.formats as m;"
        "e.load_exporter('stamp');"
        "print([n for n, f in m.FORMATS.items() if f'poetry_fti.exporters.{f}' in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert printed.stdout.decode().strip() == str(["stamp"])


every_stage_format = pytest.mark.parametrize("name", STAGE_EXPORTERS)
every_project_format = pytest.mark.parametrize("name", PROJECT_EXPORTERS)


@every_project_format
def test_a_text_about_all_stages_is_as_the_others(name: str) -> None:
    assert_sound(PROJECT_EXPORTERS[name].files([with_command(STAGE), with_command(stage())]))


@every_stage_format
def test_a_text_names_its_source_ends_in_one_newline_and_has_no_credential(name: str) -> None:
    assert written(name)
    assert_sound(written(name))


@every_stage_format
def test_a_text_holds_no_credential_of_the_derived_project(name: str) -> None:
    source = f'[[tool.poetry.source]]\nname = "a"\nurl = "https://{SECRET}a.example/simple"\n'
    assert_sound(STAGE_EXPORTERS[name].files(replace(STAGE, pyproject=source)))


def test_a_text_holds_no_absolute_path() -> None:
    texts = {
        (name, file): text
        for name in STAGE_EXPORTERS.keys() - IN_IMAGES - FOR_SERVICES
        for file, text in files_of(name).items()
    }
    absolute = re.compile(r"(^|[\s'\"=])(/|file:/|[A-Z]:)", re.MULTILINE)
    assert [file for file, text in texts.items() if absolute.search(text)] == []


@pytest.mark.slow
@pytest.mark.parametrize("case", AWKWARD)
@pytest.mark.parametrize("name", FORMATS)
def test_a_stage_is_exported_or_refused_with_an_error_that_names_what_is_wrong(
    name: str, case: str
) -> None:
    exporter, locked = load_exporter(name), AWKWARD[case]
    try:
        if isinstance(exporter, ProjectExporter):
            files = exporter.files([locked])
        else:
            files = exporter.files(locked)
    except FtiError as refusal:
        message = str(refusal)
        names = (locked.stage.name, *(str(each.name) for each in locked.packages), "line 1")
        assert any(each in message for each in names)
        assert message.endswith((".", ")."))
        assert "\n" not in message
    else:
        assert_sound(files)


def test_a_format_that_needs_no_file_details_does_not_write_them() -> None:
    needless = [name for name, each in STAGE_EXPORTERS.items() if not each.needs_file_details]
    without = bare(STAGE)
    assert [
        name for name in needless if STAGE_EXPORTERS[name].files(without) != files_of(name)
    ] == []


def test_a_format_that_needs_no_layers_does_not_depend_on_them() -> None:
    needless = [name for name, each in STAGE_EXPORTERS.items() if not each.needs_layers]
    layered = replace(STAGE, layers=(Layer(name="shared-wheels", packages=(PACKAGES[0],), size=1),))
    assert [
        name for name in needless if STAGE_EXPORTERS[name].files(layered) != files_of(name)
    ] == []


@pytest.mark.parametrize(
    "name", [name for name, each in STAGE_EXPORTERS.items() if each.can_omit_hashes]
)
def test_a_format_that_can_omit_hashes_does(name: str) -> None:
    files = STAGE_EXPORTERS[name].files(without_hashes(STAGE))
    assert_sound(files)
    digests = [file.digest for each in PACKAGES for file in each.files]
    assert not any(digest in text for text in files.values() for digest in digests)


@pytest.mark.parametrize(
    "name", [name for name, each in STAGE_EXPORTERS.items() if each.can_omit_markers]
)
def test_a_format_that_can_omit_markers_adds_none(name: str) -> None:
    packages = tuple(each for each in PACKAGES if each.marker is None)
    for text in STAGE_EXPORTERS[name].files(replace(STAGE, packages=packages)).values():
        assert " ; " not in text


@pytest.mark.slow
@every_stage_format
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.too_slow])
@given(packages=st.permutations(PACKAGES))
@example(packages=list(PACKAGES[::-1]))  # the order of any two is the other one
def test_the_order_of_packages_does_not_matter(name: str, packages: list[LockedPackage]) -> None:
    shuffled = [replace(package, files=package.files[::-1]) for package in packages]
    files = STAGE_EXPORTERS[name].files(replace(STAGE, packages=tuple(shuffled)))
    assert files == files_of(name)
