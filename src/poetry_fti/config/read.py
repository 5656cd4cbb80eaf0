"""The table `[tool.fti]` of a pyproject.toml as typed data, with a list of its problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.config.check_keys import read_check, read_severities, read_size
from poetry_fti.config.hopsworks import read_hopsworks
from poetry_fti.config.image.defaults import read_image_defaults
from poetry_fti.config.image.keys import read_environment
from poetry_fti.config.messages import dotted
from poetry_fti.config.names import UNUSABLE, folder_problem
from poetry_fti.config.package_keys import (
    read_align,
    read_constraints,
    read_exclude,
    read_forbid,
    read_overrides,
)
from poetry_fti.config.pipeline import read_pipeline, read_resources, read_schedule
from poetry_fti.config.table import Table
from poetry_fti.config.target_keys import read_targets
from poetry_fti.model import (
    KINDS,
    USUAL_PLATFORMS,
    CheckSettings,
    Hopsworks,
    Image,
    Pipeline,
    Resources,
    Targets,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.utils import NormalizedName

    from poetry_fti.config.image.defaults import ImageDefaults
    from poetry_fti.model import Constraint, Kind, Problem, Rule, Severity

DEFAULT_EXPORTS: Final = ("requirements", "pylock", "dockerfile")

STAGE_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")
_FORBIDDEN_IN_PATHS: Final = re.compile(f"[{UNUSABLE}]")
# Names of files are made of it, such as `.pylock.<stage>.toml.<8 digits>.tmp`, of up to 255 bytes.
_LONGESTSTAGE_NAME: Final = 200


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The table `[tool.fti]`, with defaults for missing keys.

    `image` is that of a stage without a table. `stages` are those with a table: dependency groups
    with the name of a kind are stages, too. A rule of `align` that names no stage applies to all.
    """

    directory: PurePosixPath = PurePosixPath("fti")
    exports: tuple[str, ...] = DEFAULT_EXPORTS
    image: Image = Image()
    stages: tuple[StageConfig, ...] = ()
    align: tuple[Rule, ...] = ()
    overrides: tuple[tuple[str, str], ...] = ()
    constraints: tuple[Constraint, ...] = ()
    isolated: bool = False
    share: bool = True
    via: bool = True
    sync_on_run: bool = False
    check: CheckSettings = CheckSettings()
    pipeline: Pipeline = Pipeline()


def read_config(
    pyproject: Mapping[str, Any], formats: Collection[str], problems: list[Problem]
) -> Config:
    """Return the configuration in `[tool.fti]`; problems are added to `problems`.

    `formats` are the values that the key `exports` accepts.
    """
    fti = Table(pyproject.get("tool", {}), "tool", problems).table("fti")
    table = Table(
        fti,
        "tool.fti",
        problems,
        keys=(
            "directory",
            "exports",
            "image",
            "stages",
            "align",
            "overrides",
            "constraints",
            "isolated",
            "share",
            "via",
            "sync-on-run",
            "check",
            "pipeline",
        ),
    )
    exports = table.choices("exports", formats)
    defaults = read_image_defaults(table.table("image"), problems)
    return Config(
        directory=_directory(table),
        exports=DEFAULT_EXPORTS if exports is None else exports,
        image=defaults.image,
        stages=_stages(table, defaults, problems),
        align=read_align(table),
        overrides=read_overrides(table),
        constraints=read_constraints(table),
        isolated=table.boolean("isolated") or False,
        share=table.boolean("share") is not False,
        via=table.boolean("via") is not False,
        sync_on_run=table.boolean("sync-on-run") or False,
        check=read_check(table),
        pipeline=read_pipeline(table),
    )


def _directory(table: Table) -> PurePosixPath:
    text = table.string("directory")
    path = PurePosixPath("fti" if text is None else text)
    outside = path.is_absolute() or ".." in path.parts or path == PurePosixPath()
    if outside or _FORBIDDEN_IN_PATHS.search(str(path)):
        table.wrong("directory", f'"{text}" must be a folder inside the project, such as "fti"')
    elif problem := folder_problem(path):
        table.wrong("directory", problem)
    return path


def _stages(
    table: Table, defaults: ImageDefaults, problems: list[Problem]
) -> tuple[StageConfig, ...]:
    stages = table.table("stages")
    found = tuple(_stage(name, value, table, defaults, problems) for name, value in stages.items())
    _refuse_shared_image_names(found, table)
    return found


def _refuse_shared_image_names(stages: Iterable[StageConfig], table: Table) -> None:
    seen: dict[str, str] = {}
    for stage in stages:
        name = stage.image.name
        if name and seen.setdefault(name, stage.name) != stage.name:
            image = table.child({}, "stages", stage.name, "image", keys=())
            image.wrong("name", f'"{name}" is already the image of the stage "{seen[name]}"')


def _stage(
    name: str, value: object, parent: Table, defaults: ImageDefaults, problems: list[Problem]
) -> StageConfig:
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
    elif len(name) > _LONGESTSTAGE_NAME:
        table.wrong(None, f"a stage's name may have at most {_LONGESTSTAGE_NAME} characters")
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
        if not text or PurePosixPath(text).is_absolute() or _FORBIDDEN_IN_PATHS.search(text):
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


def stage_path(name: str, *keys: str) -> str:
    """Return the dotted path of a key of a stage, as problems show it."""
    return dotted("tool", "fti", "stages", name, *keys)
