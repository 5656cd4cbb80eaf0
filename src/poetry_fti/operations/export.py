"""Exporting stages: renders the text of all files, then writes or compares them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import ConfigError
from poetry_fti.exporters import ProjectExporter, StageExporter, load_exporter
from poetry_fti.exporters.docker.layers.subsets import is_subset_file
from poetry_fti.exporters.merged import FILENAME, render_merged
from poetry_fti.exporters.pylock import filename, known_files, with_urls
from poetry_fti.exporters.shared.build_constraints import (
    build_constraint_files,
    build_constraints_path,
)
from poetry_fti.exporters.shared.header import is_generated
from poetry_fti.exporters.shared.omissions import without_hashes, without_markers
from poetry_fti.model import FORMATS
from poetry_fti.operations.certificates import require_certificates
from poetry_fti.operations.images.layers import with_layers
from poetry_fti.operations.images.project_formats import render_project
from poetry_fti.operations.pyproject_warnings.unselected_extras import extra_warnings
from poetry_fti.operations.template import with_template
from poetry_fti.operations.url_logins import export_warnings
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedFile, LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What to export.

    `merged` replaces the formats by one pylock.toml for all stages. For `check` the files are only
    compared, which needs no index. `hashes` and `markers` decide whether requirements have them.
    `partial` leaves out formats that describe all stages if another stage has no fresh lock.
    """

    stages: tuple[ProjectStage, ...]
    formats: tuple[str, ...]
    merged: bool = False
    check: bool = False
    hashes: bool = True
    markers: bool = True
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of each file by its path relative to the root, and the stages that have images.

    `obsolete` are files of an earlier export that images are no longer built from; `left_out` are
    warnings about formats without a file, and `warnings` are about dependencies whose URLs contain
    credentials, or that only apply with an extra that the stage does not select.
    """

    texts: Mapping[PurePosixPath, str]
    images: Sequence[LockedStage] = ()
    obsolete: Sequence[PurePosixPath] = ()
    warnings: Sequence[str] = ()
    left_out: Sequence[str] = ()


def render(project: Project, request: ExportRequest) -> Rendered:
    """Return the text of every requested file.

    Raises StaleLockError for a missing or stale lock, ConfigError for an unknown format, FtiError
    if a format cannot express a stage, and IndexFailedError if a package index fails.
    """
    require_formats(request.formats)
    locked = [with_template(project.locked(stage), project.root) for stage in request.stages]
    for each in locked:
        require_certificates(each.stage, project.root)
    warnings = [*export_warnings(locked), *extra_warnings(project, request.stages)]
    if request.merged:
        path = project.config.directory / FILENAME
        located = [_located(project, stage, path, request) for stage in locked]
        text = render_merged(located, path.parent)
        warnings += _unconstrained(located, path)
        return Rendered({path: text}, warnings=warnings)
    loaded = [load_exporter(name) for name in request.formats]
    exporters = [each for each in loaded if isinstance(each, StageExporter)]
    is_layered = any(exporter.needs_layers for exporter in exporters)
    images = with_layers(project, locked) if is_layered else []
    texts = {
        stage.folder / name: text
        for stage, image in zip(locked, images or locked, strict=True)
        for exporter in exporters
        for name, text in _files(
            project, image if exporter.needs_layers else stage, exporter, request
        ).items()
    }
    formats = {
        name: each
        for name, each in zip(request.formats, loaded, strict=True)
        if isinstance(each, ProjectExporter)
    }
    whole = render_project(project, formats, locked, partial=request.partial)
    obsolete = [
        path for each in images for path in _layer_files(project, each) if path not in texts
    ]
    texts |= whole.texts
    return Rendered(texts, images, obsolete, warnings, whole.left_out)


def _unconstrained(stages: Iterable[LockedStage], path: PurePosixPath) -> Iterator[str]:
    for locked in stages:
        for name in build_constraint_files(locked):
            yield (
                f"{path} has no build constraints. Install the stage {locked.stage.name} with"
                f" `--build-constraint {locked.folder / name}`, which its own export writes."
            )


def _layer_files(project: Project, locked: LockedStage) -> list[PurePosixPath]:
    """Return the requirements files of image layers and builds that an earlier export wrote."""
    names = sorted(path.name for path in (project.root / locked.folder).glob("requirements.*.txt"))
    layers = [locked.folder / name for name in names if is_subset_file(name)]
    paths = [*layers, build_constraints_path(locked)]
    return [
        path for path in paths if is_generated(files.read(project.root / path, project.root) or "")
    ]


def _files(
    project: Project, locked: LockedStage, exporter: StageExporter, request: ExportRequest
) -> Mapping[str, str]:
    if exporter.needs_file_details:
        path = locked.folder / filename(locked.stage.name)
        locked = _located(project, locked, path, request)
    if exporter.can_omit_hashes and not request.hashes:
        locked = without_hashes(locked)
    if exporter.can_omit_markers and not request.markers:
        locked = without_markers(locked)
    return exporter.files(locked)


def _located(
    project: Project, locked: LockedStage, path: PurePosixPath, request: ExportRequest
) -> LockedStage:
    if request.check:
        # A check needs no index: the URLs are those in the file on disk, found by hash.
        written = known_files(files.read(project.root / path, project.root) or "")
        return with_urls(with_urls(locked, _not_looked_up(locked)), written)
    return with_urls(locked, project.poetry.find_files(locked.packages))


def _not_looked_up(locked: LockedStage) -> Mapping[str, LockedFile]:
    return {
        file.digest: replace(file, url=f"not-looked-up/{file.name}")
        for package in locked.packages
        for file in package.files
    }


def render_stage(project: Project, stage: ProjectStage, format_name: str) -> Mapping[str, str]:
    """Return the text of each file of a format by its name in the stage's folder.

    Raises ConfigError for an unknown format, and for one that describes the whole project;
    otherwise the errors of `render`.
    """
    require_formats([format_name])
    if is_project_format(format_name):
        raise ConfigError(f'The format "{format_name}" describes all stages in one file.')
    rendered = render(project, ExportRequest(stages=(stage,), formats=(format_name,)))
    return {
        path.relative_to(stage.folder).as_posix(): text for path, text in rendered.texts.items()
    }


@dataclass(frozen=True, slots=True)
class Written:
    """The exported files by their paths relative to the root.

    `replaced` are those whose text has changed; `removed` are files of an earlier export that
    images are no longer built from.
    """

    paths: tuple[PurePosixPath, ...]
    replaced: frozenset[PurePosixPath]
    removed: tuple[PurePosixPath, ...]


def write(project: Project, rendered: Rendered) -> Written:
    """Write the files whose text differs, and remove obsolete ones.

    Raises OSError; if a text cannot be written, no file is replaced.
    """
    root = project.root
    replaced = files.replace({root / path: text for path, text in rendered.texts.items()}, root)
    files.remove(root / path for path in rendered.obsolete)
    return Written(
        tuple(rendered.texts),
        frozenset(path for path in rendered.texts if root / path in replaced),
        tuple(rendered.obsolete),
    )


def differences(project: Project, rendered: Rendered) -> list[str]:
    """Return a unified diff for each file that is out of date, and a line for each obsolete one."""
    obsolete = [f"{path} is no longer used\n" for path in rendered.obsolete]
    return [*files.differences(rendered.texts, project.root), *obsolete]


def require_formats(names: Iterable[str]) -> None:
    """Raise ConfigError if a name is not that of a format."""
    for name in names:
        if name not in FORMATS:
            known = f"(known: {', '.join(FORMATS)})"
            raise ConfigError(f'Unknown format "{name}"{suggestion(name, FORMATS)} {known}.')


def is_project_format(name: str) -> bool:
    """Return whether a format describes all stages in one file."""
    return isinstance(load_exporter(name), ProjectExporter)


def formats_without_hashes() -> list[str]:
    """Return the formats that can be written without hashes."""
    return [name for name, each in _stage_exporters() if each.can_omit_hashes]


def formats_without_markers() -> list[str]:
    """Return the formats that can be written without markers."""
    return [name for name, each in _stage_exporters() if each.can_omit_markers]


def _stage_exporters() -> Iterator[tuple[str, StageExporter]]:
    for name in FORMATS:
        exporter = load_exporter(name)
        if isinstance(exporter, StageExporter):
            yield name, exporter
