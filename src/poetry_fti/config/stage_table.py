"""The table `[tool.fti.stages.<name>]` as typed data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.config.check_keys import read_severities, read_size
from poetry_fti.config.hopsworks import read_hopsworks
from poetry_fti.config.image.keys import read_environment
from poetry_fti.config.messages import stage_path
from poetry_fti.config.names import UNUSABLE, folder_problem
from poetry_fti.config.package_keys import (
    read_constraints,
    read_exclude,
    read_forbid,
    read_overrides,
)
from poetry_fti.config.pipeline import read_resources, read_schedule
from poetry_fti.config.target_keys import read_targets
from poetry_fti.model.images.image import Image
from poetry_fti.model.platforms import USUAL_PLATFORMS, Targets
from poetry_fti.model.stage import KINDS, Hopsworks, Resources

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from poetry_fti.config.image.defaults import ImageDefaults
    from poetry_fti.config.table import Table
    from poetry_fti.model.check import Severity
    from poetry_fti.model.constraint import Constraint
    from poetry_fti.model.problem import Problem
    from poetry_fti.model.stage import Kind

STAGE_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")
FORBIDDEN_IN_PATHS: Final = re.compile(f"[{UNUSABLE}]")
# Names of files are made of it, such as `.pylock.<stage>.toml.<8 digits>.tmp`, of up to 255 bytes.
_LONGEST_STAGE_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """The table `[tool.fti.stages.<name>]`; None stands for a key that is missing."""

    name: str
    kind: Kind | None = None
    python: str | None = None
    groups: tuple[str, ...] | None = None
    dev_groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    targets: Targets = Targets()
    env: tuple[tuple[str, str], ...] = ()
    image: Image = Image()
    overrides: tuple[tuple[str, str], ...] = ()
    exclude: tuple[NormalizedName, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    forbid: tuple[str, ...] = ()
    max_download_size: int | None = None
    severities: tuple[tuple[str, Severity], ...] = ()
    isolated: bool | None = None
    no_build: bool = False
    share: bool | None = None
    paths: tuple[PurePosixPath, ...] | None = None
    resources: Resources = Resources()
    schedule: str | None = None
    hopsworks: Hopsworks = Hopsworks()


def read_stage(
    name: str, value: object, parent: Table, defaults: ImageDefaults, problems: list[Problem]
) -> StageConfig:
    """Return the settings of a table in `[tool.fti.stages]`, of which `parent` is the parent.

    `value` is the table as it was parsed, and `defaults` are those of the image. Problems are added
    to `problems`.
    """
    if not isinstance(value, Mapping):
        parent.child({}, "stages", name, keys=()).wrong(None, "must be a table")
        return StageConfig(name=name)
    table = parent.child(
        value,
        "stages",
        name,
        keys=(
            "kind",
            "python",
            "groups",
            "dev-groups",
            "extras",
            "platforms",
            "libc",
            "macos",
            "env",
            "image",
            "overrides",
            "exclude",
            "constraints",
            "isolated",
            "forbid",
            "max-download-size",
            "check",
            "no-build",
            "share",
            "paths",
            "resources",
            "schedule",
            "hopsworks",
        ),
    )
    if not STAGE_NAME.fullmatch(name):
        table.wrong(None, "a stage's name may contain only letters, digits, - and _")
    elif len(name) > _LONGEST_STAGE_NAME:
        table.wrong(None, f"a stage's name may have at most {_LONGEST_STAGE_NAME} characters")
    elif problem := folder_problem(PurePosixPath(name)):
        table.wrong(None, f"the stage's folder {problem}")
    return StageConfig(
        name=name,
        kind=table.choice("kind", KINDS),
        python=_python(table),
        groups=table.distinct("groups", canonicalize_name),
        dev_groups=table.distinct("dev-groups", canonicalize_name) or (),
        extras=table.distinct("extras", canonicalize_name) or (),
        targets=(targets := read_targets(table)),
        env=read_environment(table),
        image=(
            _with_installer(defaults.read(value, stage_path(name), problems), targets)
            if "image" in table or _runs_on_linux(targets)
            else Image()
        ),
        overrides=read_overrides(table),
        exclude=read_exclude(table),
        constraints=read_constraints(table),
        forbid=read_forbid(table),
        max_download_size=read_size(table, "max-download-size"),
        severities=read_severities(table),
        isolated=table.boolean("isolated"),
        no_build=table.boolean("no-build") or False,
        share=table.boolean("share"),
        paths=_paths(table),
        resources=read_resources(table),
        schedule=read_schedule(table),
        hopsworks=read_hopsworks(table),
    )


def _python(table: Table) -> str | None:
    text = table.string("python")
    if text is None:
        return None
    try:
        if SpecifierSet(text):
            return text
    except InvalidSpecifier:
        pass
    table.wrong("python", f'"{text}" is not a version specifier such as ">=3.11,<3.14"')
    return None


def _paths(table: Table) -> tuple[PurePosixPath, ...] | None:
    texts = table.whole_strings("paths")
    for index, text in enumerate(texts):
        if not text or PurePosixPath(text).is_absolute() or FORBIDDEN_IN_PATHS.search(text):
            message = f'"{text}" must be a path relative to the project, such as "src/training"'
            table.wrong("paths", message, index=index)
    return tuple(map(PurePosixPath, texts)) if "paths" in table else None


def _runs_on_linux(targets: Targets) -> bool:
    return not targets.platforms or any(each.os == "linux" for each in targets.platforms)


def _with_installer(image: Image, targets: Targets) -> Image:
    """Return an image that pip installs, unless there is an image of uv for its architectures."""
    linux = [each for each in targets.platforms if each.os == "linux"]
    if image.installer_image is not None or all(each in USUAL_PLATFORMS for each in linux):
        return image
    return replace(image, installer="pip")
