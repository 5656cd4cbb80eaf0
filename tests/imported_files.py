"""Files in memory for importers, and the requirements that these read as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers import importer_of
from poetry_fti.importers.source import Source
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from poetry_fti.model.imported import ImportedRequirement, ImportedStage

ROOT: Final = PurePosixPath("/code/demo")


@dataclass(frozen=True, slots=True)
class MemoryFiles:
    """Files by their paths below `ROOT`, which is the project that is imported into."""

    texts: Mapping[str, str | bytes]

    def read(self, path: PurePath, /) -> bytes:
        text = self.texts.get(self.shown(path))
        if text is None:
            raise FtiError(f"There is no file {self.shown(path)}.")
        return text if isinstance(text, bytes) else text.encode()

    def has(self, path: PurePath, /) -> bool:
        return self.shown(path) in self.texts

    def shown(self, path: PurePath, /) -> str:
        is_below = path.is_relative_to(ROOT)
        return in_one_line(path.relative_to(ROOT).as_posix() if is_below else str(path))

    def matching_folders(self, folder: PurePath, pattern: str, /) -> list[PurePath]:
        known = {parent for name in self.texts for parent in (ROOT / name).parents}
        below = [each for each in sorted(known) if folder in each.parents]
        depth = len(PurePosixPath(pattern).parts)
        return [
            each
            for each in below
            if len(each.relative_to(folder).parts) == depth and each.match(pattern)
        ]

    def is_project(self, path: PurePath, /) -> bool:
        return path == ROOT


def imported(
    name: str,
    texts: Mapping[str, str | bytes] | str | bytes,
    environment: str = "",
    *,
    stage: str = "training",
) -> ImportedStage:
    """Return the environment of the file `name`, whose text or all of whose files are given."""
    files = MemoryFiles({name: texts} if isinstance(texts, str | bytes) else texts)
    importer = importer_of(name.rpartition("/")[2])
    assert importer is not None
    return importer.read(Source(ROOT / name, files, environment, stage))


def written(requirement: ImportedRequirement) -> str:
    """Return a requirement as text: in the form of PEP 508, with the path of a local package."""
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    place = (
        f" @ {requirement.url or requirement.path}" if requirement.url or requirement.path else ""
    )
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    index = f" from {requirement.index}" if requirement.index else ""
    editable = "-e " if requirement.editable else ""
    return f"{editable}{requirement.name}{extras}{requirement.specifier}{place}{marker}{index}"


def requirements(stage: ImportedStage) -> list[str]:
    """Return the requirements of a stage as text."""
    return [written(each) for each in stage.requirements]
