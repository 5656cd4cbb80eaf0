"""Export formats: a module for each, imported when the format is used.

A format's module is listed in `poetry_fti.model.formats.FORMATS`, and has a constant
`EXPORTER`: what the format needs, which options it supports, and the function that returns its
files.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TypeAlias

from poetry_fti.model.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poetry_fti.model.lock import LockedStage


@dataclass(frozen=True, slots=True)
class StageExporter:
    """A format that is written for each stage, to the stage's folder.

    Attributes:
        main: the name of the file that every export in this format writes, unless it writes none;
            `{stage}` stands for the stage's name.
        files: returns the text of each file by its name, an empty mapping for a stage that the
            format does not apply to. It is pure: it neither reads nor writes files. It raises
            FtiError for a stage that the format cannot express; the message names the stage or
            the package and the way out.
        needs_file_details: the URL, size and upload time of each locked file have to be looked up
            in the index before.
        needs_licenses: the licenses of the packages have to be looked up in the index before.
        needs_layers: the layers of the stage's image have to be planned before, which looks up
            the sizes of files too.
        can_omit_hashes: `--no-hashes` applies to the format.
        can_omit_markers: `--no-markers` applies to the format.
    """

    main: str
    files: Callable[[LockedStage], Mapping[str, str]]
    _: KW_ONLY
    needs_file_details: bool = False
    needs_licenses: bool = False
    needs_layers: bool = False
    can_omit_hashes: bool = False
    can_omit_markers: bool = False


@dataclass(frozen=True, slots=True)
class ProjectExporter:
    """A format that describes all stages together, written to the parent of the stages' folders.

    Attributes:
        main: the name of the file that every export in this format writes, unless it writes none.
        files: returns the text of each file by its name, as `StageExporter.files` does, from all
            stages of the project.
    """

    main: str
    files: Callable[[Sequence[LockedStage]], Mapping[str, str]]


Exporter: TypeAlias = StageExporter | ProjectExporter


def load_exporter(name: str) -> Exporter:
    """Return the exporter of a format that is in `poetry_fti.model.formats.FORMATS`."""
    exporter: Exporter = resolve_name(f"{__name__}.{FORMATS[name]}:EXPORTER")
    return exporter
