"""Adds new stages to a pyproject.toml, from presets or as a copy of a stage."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from packaging.version import Version

from poetry_fti import files
from poetry_fti.bridge.contradictions import contradictions
from poetry_fti.bridge.project.isolation import is_lock_fresh
from poetry_fti.bridge.project.pyproject import find_pyproject, project_extras, read_pyproject
from poetry_fti.bridge.project.python_versions import project_python
from poetry_fti.config.groups import read_groups
from poetry_fti.config.hidden_groups import hidden_groups
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.operations.project import require_usable
from poetry_fti.scaffold import new_stages
from poetry_fti.scaffold.accelerators import choose_accelerators, split_accelerators
from poetry_fti.scaffold.new_stages import NewStage
from poetry_fti.scaffold.preset_library import packaged
from poetry_fti.scaffold.toml_text import add_keys, parse, table_at

__all__ = [
    "NewStage",
    "clone_stage",
    "existing_text",
    "missing_kinds",
    "newly_hidden",
    "outdates_poetry_lock",
    "plugin_version",
    "presets_to_choose_for",
    "stages_from",
    "with_new_stages",
    "without_package_mode",
    "write_pyproject",
    "written_text",
]

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from poetry_fti.bridge.contradictions import Contradiction
    from poetry_fti.model.stage import Kind
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.scaffold.presets import Preset


def existing_text(folder: Path) -> str | None:
    """Return the text of the pyproject.toml in a folder, or None if there is no project yet.

    Raises FtiError if the folder is inside another project: either could be meant.
    """
    path = folder / "pyproject.toml"
    if path.exists():
        data = read_pyproject(path)
        is_project = "project" in data or "poetry" in table_at(data, ("tool",))
        return files.read(path) if is_project else None
    try:
        outer = find_pyproject(folder)
    except FtiError:
        return None
    raise FtiError(
        f"This folder belongs to the project of {outer}. Run the command with"
        f" `-P {outer.parent}`, or run `poetry init` first to create a project here."
    )


def without_package_mode(text: str) -> str:
    """Return the text of a new pyproject.toml with `package-mode = false`.

    Stages run from source, also in images, so the project need not be a package. A text with a
    table `[tool.poetry]` is returned unchanged.
    """
    poetry = table_at(parse(text), ("tool", "poetry"))
    return text if poetry else add_keys(text, ("tool", "poetry"), {"package-mode": False})


def missing_kinds(text: str) -> list[Kind]:
    """Return the kinds for which a pyproject.toml has neither a stage nor a dependency group."""
    return new_stages.free_kinds(text)


def stages_from(
    presets: Sequence[tuple[str, Preset]], accelerators: Sequence[str]
) -> list[NewStage]:
    """Return a new stage for each name and preset, with the packages of its accelerator.

    Each of `accelerators` is `STAGE=ACCELERATOR`, or `ACCELERATOR` for all other stages; without
    one, a stage has its preset's default. Raises ConfigError for an unknown stage, and for an
    accelerator that a stage's preset does not support.
    """
    chosen = choose_accelerators(presets, accelerators)
    return [
        NewStage(name=name, preset=preset, packages=preset.chosen(chosen[name]))
        for name, preset in presets
    ]


def presets_to_choose_for(
    presets: Sequence[tuple[str, Preset]], accelerators: Sequence[str]
) -> list[Preset]:
    """Return the presets that support accelerators and for whose stages none is given."""
    common, single = split_accelerators(accelerators)
    if common:
        return []
    return [preset for name, preset in presets if preset.accelerators and name not in single]


def with_new_stages(text: str, stages: Sequence[NewStage], folder: Path) -> str:
    """Return the text of a pyproject.toml with new stages added; no file is written.

    Raises ConfigError if a name is taken, a preset does not suit the project, or the resulting
    pyproject.toml is not valid.
    """
    python = project_python(parse(text))
    after = new_stages.scaffold(text, stages, python=python, version=plugin_version())
    derived = {each.stage.name: each for each in require_usable(after, folder)}
    messages = [
        _excluded(stage, each) for stage in stages for each in contradictions(derived[stage.name])
    ]
    if messages:
        raise ConfigError("\n".join(messages))
    return after


def _excluded(stage: NewStage, found: Contradiction) -> str:
    preset = stage.preset.name
    message = (
        f"The preset {preset} requires {found.own}, but {found.path} requires {found.excluding} in"
        f" each stage: {stage.name} could not be locked. Change the requirement in pyproject.toml,"
        " or that of the preset"
    )
    if stage.preset not in packaged():
        return f"{message}."
    return (
        f"{message}: `poetry fti presets {preset} > {preset}.toml`, then"
        f" `poetry fti init --stage {stage.name}={preset}.toml`."
    )


def newly_hidden(before: str, after: str) -> list[str]:
    """Return the groups of a pyproject.toml that an edit hides from Poetry's own commands."""
    existing = read_groups(parse(before), []).keys()
    return sorted(existing & _hidden(after) - _hidden(before))


def _hidden(text: str) -> AbstractSet[str]:
    return hidden_groups(parse(text), project_extras(parse(text))).keys()


def outdates_poetry_lock(before: str, after: str, folder: Path) -> bool:
    """Return whether an edit of pyproject.toml makes Poetry's own lock stale."""
    lock = folder / "poetry.lock"
    return is_lock_fresh(lock, parse(before)) and not is_lock_fresh(lock, parse(after))


def written_text(folder: Path) -> str | None:
    """Return the text of the pyproject.toml in a folder, or None if there is none."""
    return files.read(folder / "pyproject.toml")


def write_pyproject(text: str, folder: Path, before: str | None) -> None:
    """Replace the pyproject.toml of a folder, whose text was `before`.

    Raises OSError, and ChangedFileError if the file has another text.
    """
    path = folder / "pyproject.toml"
    files.replace({path: text}, folder, before={path: before})


def clone_stage(project: Project, old: ProjectStage, new: str) -> str | None:
    """Write a copy of a stage, its group and its lock under a new name.

    Returns the name of the old stage's image if one is configured, which the copy does not have.
    Raises ConfigError if the name is taken, FtiError if a former stage of that name left a lock, or
    if pyproject.toml has changed since it was read. Then no file is written.
    """
    path = project.root / "pyproject.toml"
    text = new_stages.clone(project.text, old.stage, new)
    require_usable(text, project.root)
    lock = free_lock(project, old, new, "give the new stage another name")
    locked = {lock: old.lock.text} if project.status(old).is_readable else {}
    files.replace({**locked, path: text}, project.root, before={path: project.text})
    return old.stage.image.name


def free_lock(project: Project, stage: ProjectStage, new: str, otherwise: str) -> Path:
    """Return the path that a stage's lock would have under a new name.

    Raises FtiError if there is a lock, with what can be done `otherwise`.
    """
    lock = stage.path.parent.with_name(new) / stage.path.name
    if lock.exists():
        name = lock.relative_to(project.root).as_posix()
        message = f"{name} was left by a former stage. Remove it with `poetry fti clean`,"
        raise FtiError(f"{message} or {otherwise}.")
    return lock


def plugin_version() -> str:
    """Return the installed version of the plugin, without its local label."""
    return Version(version("poetry-fti")).public
