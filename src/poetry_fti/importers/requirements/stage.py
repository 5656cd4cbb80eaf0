"""The environment that a requirements file describes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.importers.requirements.compiled import transitive
from poetry_fti.importers.requirements.entries import Lines, read_entries
from poetry_fti.importers.requirements.global_options import indexes_of, option_notes
from poetry_fti.importers.requirements.notes import is_listed_by_mistake, requirement_notes
from poetry_fti.importers.shared.indexes import with_indexes
from poetry_fti.importers.shared.requirement import read_requirement
from poetry_fti.importers.shared.requirements import merged, pinned_versions
from poetry_fti.model.imported import ImportedStage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import PurePath

    from packaging.utils import NormalizedName

    from poetry_fti.importers.requirements.entries import Entry
    from poetry_fti.importers.source import Files, Source
    from poetry_fti.model.imported import ImportedRequirement


def read_stage(source: Source) -> ImportedStage:
    """Return the environment of a requirements file; raises FtiError if it is not valid."""
    return stage_of(read_entries(source.path, source.files), source.files)


def stage_of_text(text: str, path: PurePath, files: Files, label: str) -> ImportedStage:
    """Return the environment of lines in the format of requirements, from the file at `path`.

    Messages call the place of the lines `label`.
    """
    return stage_of(read_entries(path, files, Lines(text, label)), files)


def stage_of(entries: Sequence[Entry], files: Files) -> ImportedStage:
    """Return the environment that the entries of a requirements file describe."""
    found = [(entry, _requirement(entry, files)) for entry in entries if entry.text]
    direct = [
        (entry, each)
        for entry, each in found
        if each and not entry.is_constraint and not is_listed_by_mistake(each)
    ]
    indirect = transitive(_comments(direct))
    requirements = [each for _, each in direct]
    constraints = [each for entry, each in found if each and entry.is_constraint]
    options = [entry for entry in entries if not entry.text]
    indexes = indexes_of(options)
    kept = merged(each for each in requirements if each.normalized not in indirect)
    return ImportedStage(
        requirements=tuple(with_indexes(kept, indexes)),
        constraints=tuple(replace(each, extras=()) for each in constraints if each.specifier),
        versions=pinned_versions([*requirements, *constraints]),
        indexes=tuple(indexes),
        notes=tuple(dict.fromkeys([*option_notes(options), *requirement_notes(found)])),
    )


def _requirement(entry: Entry, files: Files) -> ImportedRequirement | None:
    return read_requirement(
        entry.text, entry.folder, files, entry.where, editable=entry.is_editable
    )


def _comments(
    direct: Sequence[tuple[Entry, ImportedRequirement]],
) -> dict[NormalizedName, list[str]]:
    comments: dict[NormalizedName, list[str]] = {}
    for entry, each in direct:
        comments.setdefault(canonicalize_name(each.name), []).extend(entry.comments)
    return comments
