"""Exporting stages: renders the text of all files, then writes or compares them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import ConfigError
from poetry_fti.exporters import ProjectExporter, StageExporter, load_exporter
from poetry_fti.exporters.python.pylock import filename
from poetry_fti.exporters.shared.build_constraints import FILENAME as BUILD_CONSTRAINTS
from poetry_fti.exporters.shared.header import with_words
from poetry_fti.exporters.shared.omissions import without_hashes, without_markers
from poetry_fti.files import Difference
from poetry_fti.model.formats import FORMATS, format_folder
from poetry_fti.operations.certificates import require_certificates
from poetry_fti.operations.exports.by_products import by_products
from poetry_fti.operations.exports.generated import require_own
from poetry_fti.operations.exports.licensed import with_licenses
from poetry_fti.operations.exports.located import located
from poetry_fti.operations.exports.merged import (
    follow_merged,
    merged_path,
    merged_text,
    unconstrained,
)
from poetry_fti.operations.exports.missing_dockerfiles import missing_dockerfiles
from poetry_fti.operations.exports.sboms import with_sbom, written_sbom
from poetry_fti.operations.exports.written_files import (
    StageFormat,
    unused_files,
    written_formats,
    written_project_formats,
)
from poetry_fti.operations.images.layers import with_layers
from poetry_fti.operations.images.project_formats import ProjectFiles, render_project
from poetry_fti.operations.pyproject_warnings.unselected_extras import extra_warnings
from poetry_fti.operations.template import with_template
from poetry_fti.operations.url_logins import export_warnings
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

__all__ = [
    "Difference",
    "ExportRequest",
    "Rendered",
    "Written",
    "differences",
    "formats_without_hashes",
    "formats_without_markers",
    "is_project_format",
    "render",
    "render_stage",
    "require_formats",
    "write",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What to export.

    `merged` replaces the formats by one pylock.toml for all stages. For `check` the files are only
    compared, which needs no index. `hashes` and `markers` decide whether requirements have them.
    `partial` leaves out formats that describe all stages if another stage has no fresh lock.
    `follow` adds the formats of files that earlier exports have written, with their options.
    `sboms` adds the SBOMs that earlier exports have written, since images contain them. Without
    `layers`, formats that need the layers of images are left out.
    """

    stages: tuple[ProjectStage, ...]
    formats: tuple[str, ...]
    merged: bool = False
    check: bool = False
    hashes: bool = True
    markers: bool = True
    partial: bool = False
    follow: bool = False
    layers: bool = True
    sboms: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of each file by its path relative to the root, and the stages that have images.

    `obsolete` are files of an earlier export that the exported formats no longer have. `unused` are
    other files of earlier exports that no export updates, each with the reason. `left_out` are
    warnings about formats without a file, and `warnings` are about dependencies whose URLs contain
    credentials, or that only apply with an extra that the stage does not select, and about files
    that refer to a missing Dockerfile.
    """

    texts: Mapping[PurePosixPath, str]
    images: Sequence[LockedStage] = ()
    obsolete: Sequence[PurePosixPath] = ()
    warnings: Sequence[str] = ()
    left_out: Sequence[str] = ()
    unused: Mapping[PurePosixPath, str] = field(default_factory=dict)


def render(project: Project, request: ExportRequest) -> Rendered:
    """Return the text of every requested file.

    Raises StaleLockError for a missing or stale lock, ConfigError for an unknown format, FtiError
    if a format cannot express a stage, and IndexFailedError if a package index fails.
    """
    require_formats(request.formats)
    project.require_fresh(*request.stages)
    locked = [with_template(project.locked(stage), project.root) for stage in request.stages]
    for each in locked:
        require_certificates(each.stage, project.root)
    warnings = [*export_warnings(locked), *extra_warnings(project, request.stages)]
    if request.merged:
        path = merged_path(project)
        text = merged_text(project, locked, check=request.check)
        return Rendered({path: text}, (), (), [*warnings, *unconstrained(locked, path)])
    formats = [_formats(project, stage, request) for stage in request.stages]
    locked = [
        with_sbom(project, *each) for each in zip(locked, request.stages, formats, strict=True)
    ]
    pairs = list(zip(locked, formats, strict=True))
    images = with_layers(project, [stage for stage, chosen in pairs if _has_layers(chosen)])
    layered = {each.stage.name: each for each in images}
    licensed = with_licenses(
        project, [stage for stage, chosen in pairs if _has_licenses(chosen)], check=request.check
    )
    warnings += licensed.warnings
    texts: dict[PurePosixPath, str] = {}
    obsolete: list[PurePosixPath] = []
    for stage, chosen in pairs:
        for form in chosen:
            is_layered = form.exporter.needs_layers
            view = stage
            if is_layered:
                view = layered[stage.stage.name]
            elif form.exporter.needs_licenses:
                view = licensed.stages[stage.stage.name]
            new = _files(project, view, form, request)
            # An image needs no build constraints for other systems, but they do no harm there.
            texts |= {
                path: text for path, text in new.items() if not (is_layered and path in texts)
            }
        obsolete += by_products(project, stage.folder, {each.name for each in chosen}, texts)
    whole = _whole(project, request, locked)
    texts |= whole.texts
    known = {*texts, *obsolete, *whole.skipped}
    unused = unused_files(project, request.stages, known) if request.follow else {}
    warnings += missing_dockerfiles(project, texts)
    return Rendered(texts, images, obsolete, warnings, whole.left_out, unused)


def _formats(project: Project, stage: ProjectStage, request: ExportRequest) -> list[StageFormat]:
    """Return the formats to export a stage in: those of the request, then those that it follows."""
    written = written_formats(project, stage) if request.follow else {}
    written |= written_sbom(project, stage) if request.sboms else {}
    loaded = ((name, load_exporter(name)) for name in request.formats)
    wanted = {n: StageFormat(n, each) for n, each in loaded if isinstance(each, StageExporter)}
    return [
        replace(
            each,
            hashes=not each.exporter.can_omit_hashes or (each.hashes and request.hashes),
            markers=not each.exporter.can_omit_markers or (each.markers and request.markers),
        )
        for each in (wanted | written).values()
        if request.layers or not each.exporter.needs_layers
    ]


def _has_layers(formats: Iterable[StageFormat]) -> bool:
    return any(each.exporter.needs_layers for each in formats)


def _has_licenses(formats: Iterable[StageFormat]) -> bool:
    return any(each.exporter.needs_licenses for each in formats)


def _files(
    project: Project, locked: LockedStage, chosen: StageFormat, request: ExportRequest
) -> Mapping[PurePosixPath, str]:
    if chosen.exporter.needs_file_details:
        path = locked.folder / filename(locked.stage.name)
        locked = located(project, locked, path, check=request.check)
    if not chosen.hashes:
        locked = without_hashes(locked)
    if not chosen.markers:
        locked = without_markers(locked)
    folder = format_folder(chosen.name, locked.folder, locked.stage.name)
    return {
        # Other formats write the same build constraints.
        folder / name: text if name == BUILD_CONSTRAINTS else with_words(text, chosen.words)
        for name, text in chosen.exporter.files(locked).items()
    }


def _whole(project: Project, request: ExportRequest, locked: Sequence[LockedStage]) -> ProjectFiles:
    """Return the files that describe several stages."""
    loaded = ((name, load_exporter(name)) for name in request.formats)
    wanted = {name: each for name, each in loaded if isinstance(each, ProjectExporter)}
    if not request.follow:
        return render_project(project, wanted, locked, partial=request.partial)
    wanted |= written_project_formats(project)
    described = render_project(project, wanted, locked, partial=request.partial)
    merged = follow_merged(project, locked, check=request.check)
    return ProjectFiles(
        {**described.texts, **merged.texts},
        (*described.left_out, *merged.left_out),
        (*described.skipped, *merged.skipped),
    )


def render_stage(project: Project, stage: ProjectStage, format_name: str) -> Mapping[str, str]:
    """Return the text of each file of a format by its name.

    Raises ConfigError for an unknown format, and for one that describes the whole project;
    otherwise the errors of `render`.
    """
    require_formats([format_name])
    if is_project_format(format_name):
        raise ConfigError(f'The format "{format_name}" describes all stages in one file.')
    rendered = render(project, ExportRequest(stages=(stage,), formats=(format_name,)))
    return {path.name: text for path, text in rendered.texts.items()}


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

    Raises OSError, and FtiError for a file outside of the stages' folders that another program has
    written; then no file is replaced.
    """
    root = project.root
    require_own(project, rendered.texts)
    replaced = files.replace({root / path: text for path, text in rendered.texts.items()}, root)
    files.remove(root / path for path in rendered.obsolete)
    return Written(
        tuple(rendered.texts),
        frozenset(path for path in rendered.texts if root / path in replaced),
        tuple(rendered.obsolete),
    )


def differences(project: Project, rendered: Rendered) -> list[Difference]:
    """Return the files that are missing, or whose text on disk is another one."""
    return list(files.differences(rendered.texts, project.root))


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
