"""requirements.txt: a stage's packages for pip and uv, with hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.shared.build_constraints import (
    build_constraint_files,
    build_constraints_note,
)
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.pip_lines import index_options, is_tree, requirement_words
from poetry_fti.exporters.shared.reference import in_order
from poetry_fti.exporters.shared.via import requiring, via_lines
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from poetry_fti.exporters.shared.via import Requiring
    from poetry_fti.model.lock import LockedPackage, LockedStage

REQUIREMENTS: Final = "requirements.txt"
SOURCES: Final = "requirements.sources.txt"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return requirements.txt, and requirements.sources.txt if the stage has source trees.

    If any requirement has a hash, pip requires hashes of all. Source trees and git repositories
    have none, so they are written to a file of their own.
    """
    hashed = any(package.files for package in locked.packages)
    sources = [package for package in locked.packages if hashed and is_tree(package)]
    others = [package for package in locked.packages if not (hashed and is_tree(package))]
    texts = {REQUIREMENTS: _text(locked, others, _root_note(others))}
    if sources:
        texts[SOURCES] = _text(locked, sources, _sources_note(locked))
    return {**texts, **build_constraint_files(locked)}


def requirements_text(locked: LockedStage, note: str, *, every_file: bool = False) -> str:
    """Return requirements of the packages that have hashes, below the comment `note`.

    With `every_file`, they include the hashes of locked files that fit no target of the stage.
    """
    hashed = [package for package in locked.packages if not is_tree(package)]
    return _lines([note, *index_options(locked.indexes)], hashed, every_file=every_file)


def _root_note(packages: Iterable[LockedPackage]) -> Iterator[str]:
    if any(isinstance(package.origin, DirectoryOrigin | FileOrigin) for package in packages):
        yield "# Install from the project's root."


def _sources_note(locked: LockedStage) -> Iterator[str]:
    command = f"pip install --no-deps -r {locked.folder / SOURCES}"
    yield f"# Source trees have no hash to check. Install from the project's root: {command}"


def _text(locked: LockedStage, packages: Sequence[LockedPackage], note: Iterable[str]) -> str:
    constrained = build_constraints_note(locked, packages)
    top = [header(locked), *note, *constrained, *index_options(locked.indexes)]
    return _lines(top, packages, via=requiring(locked) if locked.via else {})


def _lines(
    top: Sequence[str],
    packages: Iterable[LockedPackage],
    *,
    every_file: bool = False,
    via: Requiring | None = None,
) -> str:
    lines = [
        line
        for package in in_order(packages)
        for line in (
            " \\\n    ".join(requirement_words(package, package.digests if every_file else ())),
            *via_lines(package, via or {}),
        )
    ]
    return "\n".join([*top, "", *lines] if lines else top) + "\n"


EXPORTER: Final = StageExporter(REQUIREMENTS, files, can_omit_hashes=True, can_omit_markers=True)
