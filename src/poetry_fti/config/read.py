"""The table `[tool.fti]` of a pyproject.toml as typed data, with a list of its problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.config.check_keys import read_check
from poetry_fti.config.image.defaults import read_image_defaults
from poetry_fti.config.names import folder_problem
from poetry_fti.config.package_keys import read_align, read_constraints, read_overrides
from poetry_fti.config.pipeline import read_pipeline
from poetry_fti.config.stage_table import FORBIDDEN_IN_PATHS, read_stage
from poetry_fti.config.table import Table
from poetry_fti.model.check import CheckSettings
from poetry_fti.model.images.image import Image
from poetry_fti.model.stage import Pipeline

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from poetry_fti.config.image.defaults import ImageDefaults
    from poetry_fti.config.stage_table import StageConfig
    from poetry_fti.model.constraint import Constraint
    from poetry_fti.model.problem import Problem
    from poetry_fti.model.rule import Rule

DEFAULT_EXPORTS: Final = ("requirements", "pylock", "dockerfile")


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
    if outside or FORBIDDEN_IN_PATHS.search(str(path)):
        table.wrong("directory", f'"{text}" must be a folder inside the project, such as "fti"')
    elif problem := folder_problem(path):
        table.wrong("directory", problem)
    return path


def _stages(
    table: Table, defaults: ImageDefaults, problems: list[Problem]
) -> tuple[StageConfig, ...]:
    stages = table.table("stages")
    found = tuple(
        read_stage(name, value, table, defaults, problems) for name, value in stages.items()
    )
    _refuse_shared_image_names(found, table)
    return found


def _refuse_shared_image_names(stages: Iterable[StageConfig], table: Table) -> None:
    seen: dict[str, str] = {}
    for stage in stages:
        name = stage.image.name
        if name and seen.setdefault(name, stage.name) != stage.name:
            image = table.child({}, "stages", stage.name, "image", keys=())
            image.wrong("name", f'"{name}" is already the image of the stage "{seen[name]}"')
