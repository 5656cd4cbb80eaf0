"""Differences between a stage's settings in two versions of a pyproject.toml."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.project.checks import POETRY_CHECKS
from poetry_fti.bridge.project.derive import derive
from poetry_fti.bridge.project.pyproject import parse_pyproject
from poetry_fti.config.pyproject import read_without_checks
from poetry_fti.config.shape import has_expected_shape
from poetry_fti.errors import ConfigError
from poetry_fti.operations.affected.report import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.images.image import Image
    from poetry_fti.model.stage import Stage

# Fields that other differences cover, `paths`, which only selects the files to compare, and what
# changes neither the environment nor the image.
_IGNORED: Final = frozenset(
    {"name", "closure", "dev_closure", "image", "paths", "inherited", "resources", "schedule"}
)
_KEYS: Final = {"targets": "platforms", "severities": "check"}


@dataclass(frozen=True, slots=True)
class Declared:
    """The data of a pyproject.toml, and its stages by name."""

    data: Mapping[str, Any]
    stages: Mapping[str, Stage]
    directory: PurePosixPath


def declared(content: bytes) -> Declared | None:
    """Return the stages of an earlier pyproject.toml; None if it is not valid."""
    try:
        data = parse_pyproject(content.decode())
        if not has_expected_shape(data):
            return None
        read = read_without_checks(data, POETRY_CHECKS.extras(data))
    except (ConfigError, UnicodeDecodeError):
        return None
    return Declared(data, {stage.name: stage for stage in read.stages}, read.config.directory)


def setting_reasons(old: Declared, new: Declared, name: str) -> Iterator[Reason]:
    """Yield the differences between the settings of a stage, which is in `new`.

    Tables of other stages make no difference.
    """
    stage, before = new.stages[name], old.stages.get(name)
    if before is None:
        yield Reason("new", "the stage is new")
        return
    for key in _differing(before, stage):
        yield Reason("setting", f'the setting "{key}" differs')
    if _required(old, before) != _required(new, stage):
        yield Reason("requirements", "the requirements in pyproject.toml differ")
    if stage.image.code == "wheel" and _built_from(old.data) != _built_from(new.data):
        yield Reason("setting", "the metadata of the project's wheel in pyproject.toml differ")


def _differing(old: Stage, new: Stage) -> Iterator[str]:
    yield from _keys(old, new)
    yield from (f"image.{key}" for key in _keys(old.image, new.image))


def _keys(old: Stage | Image, new: Stage | Image) -> Iterator[str]:
    for field in fields(new):
        name = field.name
        if name not in _IGNORED and getattr(old, name) != getattr(new, name):
            yield _KEYS.get(name, name.replace("_", "-"))


def _required(project: Declared, stage: Stage) -> Mapping[str, Any]:
    up = PurePosixPath(posixpath.relpath(".", project.directory / stage.name))
    derived = derive(project.data, stage, up)
    poetry = derived["tool"]["poetry"]
    return {
        **derived,
        "dependency-groups": _locked(derived.get("dependency-groups", {}), stage),
        "tool": {**poetry, "group": _locked(poetry.get("group", {}), stage)},
    }


def _locked(groups: Mapping[str, Any], stage: Stage) -> Mapping[str, Any]:
    """Return the groups that are in a stage's lock."""
    return {name: group for name, group in groups.items() if name in stage.locked_groups}


def _built_from(data: Mapping[str, Any]) -> tuple[Any, ...]:
    poetry = data.get("tool", {}).get("poetry", {})
    return (
        data.get("project"),
        data.get("build-system"),
        {key: value for key, value in poetry.items() if key != "group"},
    )
