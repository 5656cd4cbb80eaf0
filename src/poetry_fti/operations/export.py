"""What an export consists of: the text of every file, before any is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import ConfigError
from poetry_fti.exporters import ProjectExporter, StageExporter, load_exporter
from poetry_fti.exporters.docker.layers.subsets import is_subset_file
from poetry_fti.exporters.merged import FILENAME, render_merged
from poetry_fti.exporters.pylock import filename, known_files, with_urls
from poetry_fti.exporters.shared.header import is_generated
from poetry_fti.exporters.shared.omissions import without_hashes, without_markers
from poetry_fti.model import FORMATS
from poetry_fti.operations.images.layers import with_layers
from poetry_fti.operations.template import with_template
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedFile, LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What the user asked `poetry fti export` for."""

    stages: tuple[ProjectStage, ...]
    formats: tuple[str, ...]
    merged: bool = False
    check: bool = False
    hashes: bool = True
    markers: bool = True


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of each file by its path below the root, and the stages that have images.

    `left` are files of an earlier export of these that no image is built from any more.
    """

    texts: Mapping[PurePosixPath, str]
    images: Sequence[LockedStage] = ()
    left: Sequence[PurePosixPath] = ()


def render(project: Project, request: ExportRequest) -> Rendered:
    """Return every file that was asked for.

    Raises StaleLockError for a lock that is not fresh, FtiError where a format has no words for
    what the lock holds, and where an index that is needed fails.
    """
    require_formats(request.formats)
    locked = [with_template(project.locked(stage), project.root) for stage in request.stages]
    if request.merged:
        path = project.config.directory / FILENAME
        located = [_located(project, stage, path, request) for stage in locked]
        return Rendered({path: render_merged(located, path.parent)})
    loaded = [load_exporter(name) for name in request.formats]
    exporters = [each for each in loaded if isinstance(each, StageExporter)]
    is_layered = any(exporter.needs_layers for exporter in exporters)
    images = with_layers(project, locked) if is_layered else []
    texts = {
        stage.folder / name: text
        for stage in images or locked
        for exporter in exporters
        for name, text in _files(project, stage, exporter, request).items()
    } | _project_files(project, [each for each in loaded if isinstance(each, ProjectExporter)])
    left = [path for each in images for path in _parts(project, each) if path not in texts]
    return Rendered(texts, images, left)


def _parts(project: Project, locked: LockedStage) -> list[PurePosixPath]:
    """Return the requirements of layers that an export has written."""
    names = sorted(path.name for path in (project.root / locked.folder).glob("requirements.*.txt"))
    paths = [locked.folder / name for name in names if is_subset_file(name)]
    return [path for path in paths if is_generated(files.read(project.root / path) or "")]


def _project_files(
    project: Project, exporters: Sequence[ProjectExporter]
) -> dict[PurePosixPath, str]:
    """Return the files of formats that describe all stages, whichever stages are exported."""
    everything = [project.locked(stage) for stage in project.stages] if exporters else []
    return {
        project.config.directory / name: text
        for exporter in exporters
        for name, text in exporter.files(everything).items()
    }


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
        # Compared by hash: where the files are is what the file itself says, without an index.
        written = known_files(files.read(project.root / path) or "")
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

    Raises ConfigError for an unknown format, and for one that is about the whole project.
    """
    require_formats([format_name])
    if is_project_format(format_name):
        raise ConfigError(f'The format "{format_name}" is about the whole project, not a stage.')
    rendered = render(project, ExportRequest(stages=(stage,), formats=(format_name,)))
    return {
        path.relative_to(stage.folder).as_posix(): text for path, text in rendered.texts.items()
    }


@dataclass(frozen=True, slots=True)
class Written:
    """The exported files by their paths below the root, and which of them were `replaced`.

    `removed` are files of an earlier export that no image is built from any more.
    """

    paths: tuple[PurePosixPath, ...]
    replaced: frozenset[PurePosixPath]
    removed: tuple[PurePosixPath, ...]


def write(project: Project, rendered: Rendered) -> Written:
    """Replace the files whose text differs, all or none; raises OSError."""
    root = project.root
    replaced = files.replace({root / path: text for path, text in rendered.texts.items()})
    files.remove(root / path for path in rendered.left)
    return Written(
        tuple(rendered.texts),
        frozenset(path for path in rendered.texts if root / path in replaced),
        tuple(rendered.left),
    )


def differences(project: Project, rendered: Rendered) -> list[str]:
    """Return a diff for each file that is not as it would be written."""
    obsolete = [f"{path} is of no use any more\n" for path in rendered.left]
    return [*files.differences(rendered.texts, project.root), *obsolete]


def require_formats(names: Iterable[str]) -> None:
    """Raise ConfigError for a name that no format has."""
    for name in names:
        if name not in FORMATS:
            known = f"(known: {', '.join(FORMATS)})"
            raise ConfigError(f'Unknown format "{name}"{suggestion(name, FORMATS)} {known}.')


def is_project_format(name: str) -> bool:
    """Return whether a file of a format describes all stages together."""
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
