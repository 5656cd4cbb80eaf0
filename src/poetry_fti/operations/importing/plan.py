"""Plans an import: the pyproject.toml to write, and what has no counterpart in it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.bridge.project.python_versions import project_python
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.importers import IMPORTERS, importer_of
from poetry_fti.importers.installed import installed_stage
from poetry_fti.importers.kinds import kind_by_name, kind_by_packages
from poetry_fti.importers.shared.combine import combined
from poetry_fti.importers.source import Source
from poetry_fti.model.imported import ImportedStage
from poetry_fti.model.stage import KINDS
from poetry_fti.operations.importing.project_files import ProjectFiles
from poetry_fti.operations.new_stages import (
    existing_text,
    newly_hidden,
    outdates_poetry_lock,
    plugin_version,
    written_text,
)
from poetry_fti.operations.project import require_usable
from poetry_fti.ports.installed.environment import read_installed
from poetry_fti.ports.installed.locations import find_python
from poetry_fti.scaffold.imported_stage import Target, is_stage, with_imported
from poetry_fti.scaffold.new_project import with_package_mode, with_project
from poetry_fti.scaffold.toml_text import parse
from poetry_fti.targets import python_minors
from poetry_fti.wording import in_quotes, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.model.imported import ImportedRequirement
    from poetry_fti.model.stage import Kind

# The file that a folder has in which MLflow has saved a model.
_MODEL: Final = "MLmodel"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import into which stage.

    A source is the path of a file, or `PATH:NAME` for one of the environments in the file. `kind`
    is that of a new stage, None to conclude it from its name and packages. With `pinned`, exact
    versions stay exact; otherwise they are lower bounds. `python` is the path of a Python or an
    environment: its packages are imported, or only their versions if there are sources.
    """

    stage: str
    sources: Sequence[str] = ()
    python: str | None = None
    kind: Kind | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """An import that has been planned, but not carried out.

    Attributes:
        stage: the name of the stage.
        is_new: whether the import creates the stage.
        before: the text of pyproject.toml, None if there is no such file.
        text: the text that it would have.
        imported: the environment that is imported.
        target: the stage, and how versions are written.
        notes: sentences about what was left out, and what remains to be done.
    """

    stage: str
    is_new: bool
    before: str | None
    text: str
    imported: ImportedStage
    target: Target
    notes: tuple[str, ...]


def plan_import(folder: Path, request: ImportRequest, start: Path) -> ImportPlan:
    """Return the plan of an import into the project in a folder; no file is written.

    Sources are relative to the folder `start`. Raises FtiError for a source that cannot be read,
    ConfigError for one of an unknown kind, or if the resulting pyproject.toml would not be valid.
    """
    root = folder.resolve()
    imported = _imported(root, request, start)
    before = written_text(root)
    text = existing_text(root)
    text = with_project(before or "", root.name, imported.python) if text is None else text
    has_lock = any((root / name).is_file() for name in ("uv.lock", "pdm.lock"))
    text = with_package_mode(text, has_lock=has_lock)
    is_new = not is_stage(text, request.stage)
    target = Target(
        name=request.stage,
        kind=_kind(request, imported) if is_new else None,
        python=project_python(parse(text)),
        pinned=request.pinned,
    )
    edit = with_imported(text, imported, target, root, plugin_version())
    require_usable(edit.text, root)
    return ImportPlan(
        stage=request.stage,
        is_new=is_new,
        before=before,
        text=edit.text,
        imported=imported,
        target=replace(target, kind=None),
        notes=(*_absence(imported), *edit.notes, *_side_effects(text, edit.text, root)),
    )


def with_requirements(
    plan: ImportPlan, requirements: Sequence[ImportedRequirement], folder: Path
) -> ImportPlan:
    """Return a plan in which the stage has further requirements.

    Raises ConfigError if the resulting pyproject.toml would not be valid.
    """
    root = folder.resolve()
    imported = replace(plan.imported, requirements=tuple(requirements))
    edit = with_imported(plan.text, imported, plan.target, root, plugin_version())
    require_usable(edit.text, root)
    return replace(plan, text=edit.text)


def _absence(imported: ImportedStage) -> Iterator[str]:
    """Yield a sentence if an import adds no requirement, as the wrong file may have been named."""
    if not (imported.requirements or imported.contents or imported.extras):
        yield "There is no requirement in what is imported."


def _side_effects(before: str, after: str, root: Path) -> Iterator[str]:
    """Yield sentences on what an edit of pyproject.toml changes for Poetry's own commands."""
    if groups := newly_hidden(before, after):
        noun = "group" if len(groups) == 1 else "groups"
        yield (
            "Because of `isolated`, `poetry lock` and Poetry's other commands will leave out the"
            f" {noun} {joined(groups)}, which `poetry fti lock` locks instead."
        )
    if outdates_poetry_lock(before, after, root):
        yield "Update poetry.lock, which will no longer match, with `poetry lock`."


def _imported(root: Path, request: ImportRequest, start: Path) -> ImportedStage:
    named = [_named(start, each) for each in request.sources]
    files = ProjectFiles(root, [path.parent for path, _ in named])
    found = [_read(Source(path, files, each, request.stage)) for path, each in named]
    if request.python is not None:
        installed = installed_stage(read_installed(find_python(request.python)), root)
        # Files name the requirements; the environment has the versions of them.
        found.append(ImportedStage(versions=installed.versions) if found else installed)
    if not found:
        raise ConfigError("No source is named. Name a file, or pass `--python PATH`.")
    imported = combined(found)
    for each in imported.requirements:
        if each.is_contradictory:
            raise FtiError(
                f"{each.name} is required in versions that exclude each other: {each.specifier}."
                " Keep one of these constraints in the imported files."
            )
    return _with_usable_python(imported)


def _with_usable_python(imported: ImportedStage) -> ImportedStage:
    """Return an environment without its Python if that is older than all that can be locked."""
    if not imported.python or python_minors(SpecifierSet(imported.python)):
        return imported
    note = (
        f"Python {imported.python} was left out, since it is too old. The stage has the Python of"
        " the project."
    )
    return replace(imported, python="", notes=(*imported.notes, note))


def _named(start: Path, text: str) -> tuple[Path, str]:
    """Return the path that a source names, and the environment after its last colon."""
    path, colon, environment = text.rpartition(":")
    if not colon or Path(start, text).exists():
        path, environment = text, ""
    # Paths of packages are relative to the project's root, which is free of links.
    if Path(path).name in {"", ".."}:
        found = Path(os.path.realpath(start / path))
    else:
        found = Path(os.path.realpath((start / path).parent), Path(path).name)
    model = found / _MODEL
    return (model if model.is_file() else found), environment


def _read(source: Source) -> ImportedStage:
    importer = importer_of(source.path.name)
    if importer is None:
        names = joined([name for each in IMPORTERS.values() for name in each.names], "or")
        raise ConfigError(
            f"{in_quotes(source.name)} cannot be imported. Name a file such as {names}."
        )
    if source.environment and not importer.is_selective:
        raise ConfigError(
            f"{source.name} has one environment only. Name the file without"
            f" {in_quotes(f':{source.environment}')}."
        )
    return importer.read(source)


def _kind(request: ImportRequest, imported: ImportedStage) -> Kind | None:
    """Return the kind of a new stage; None if it has its kind's name, or is not known."""
    if request.stage in KINDS:
        return None
    return request.kind or kind_by_name(request.stage) or kind_by_packages(imported.packages)
