"""The environment that a requirements file describes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.importers.requirements.compiled import transitive
from poetry_fti.importers.requirements.entries import Lines, read_entries
from poetry_fti.importers.requirements.global_options import indexes_of, option_notes
from poetry_fti.importers.shared.indexes import with_indexes
from poetry_fti.importers.shared.python import python_specifiers
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.importers.shared.requirement import (
    extras_of,
    is_built_by_conda,
    read_requirement,
    repository_name,
)
from poetry_fti.importers.shared.requirements import merged, pinned_versions
from poetry_fti.model.imported import ImportedStage
from poetry_fti.urls import has_login, secret_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import PurePath

    from packaging.utils import NormalizedName

    from poetry_fti.importers.requirements.entries import Entry
    from poetry_fti.importers.source import Files, Source
    from poetry_fti.model.imported import ImportedRequirement

# `python` limits the Python in files of some projects, and Ubuntu's pip lists `pkg-resources`.
_NO_PACKAGES: Final = frozenset({"python", "pkg-resources"})
_UNNAMED: Final = "the project itself, which is in every stage"


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
    direct = [(entry, each) for entry, each in found if each and not entry.is_constraint]
    indirect = transitive(_comments(direct))
    requirements = [each for _, each in direct if each.normalized not in _NO_PACKAGES]
    python = [each.specifier for _, each in direct if each.normalized == "python"]
    constraints = [
        replace(each, extras=())
        for entry, each in found
        if each and each.specifier and entry.is_constraint
    ]
    options = [entry for entry in entries if not entry.text]
    indexes = indexes_of(options)
    kept = merged(each for each in requirements if each.normalized not in indirect)
    others = merged(each for each in requirements if each.normalized in indirect)
    return ImportedStage(
        requirements=tuple(with_indexes(kept, indexes)),
        constraints=tuple(each for each in constraints if each.pin is None),
        pins=tuple(each for each in constraints if each.pin is not None),
        versions=pinned_versions([*requirements, *constraints]),
        indirect=tuple(with_indexes(others, indexes)),
        indexes=tuple(indexes),
        python=python_specifiers(",".join(filter(None, python))),
        extras=tuple(
            dict.fromkeys(
                extra for entry, each in found if each is None for extra in extras_of(entry.text)
            )
        ),
        notes=tuple(dict.fromkeys([*option_notes(options), *_notes(found)])),
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


def _notes(found: Sequence[tuple[Entry, ImportedRequirement | None]]) -> Iterator[str]:
    for entry, each in found:
        if each is None:
            yield f"{entry.where}: {quoted(entry.text)} is {_UNNAMED}."
        elif is_built_by_conda(entry.text) and not each.specifier:
            yield (
                f"{entry.where}: {each.name} was imported without a version, since the file names"
                " only the folder in which conda built it. Add the version in pyproject.toml."
            )
        elif repository_name(entry.text) is not None:
            yield (
                f"{entry.where}: the package was named {each.name}, as its repository. Change the"
                " name in pyproject.toml if the package has another one."
            )
        elif entry.is_constraint and not each.specifier:
            yield f"{entry.where}: a constraint without a version was left out."
        if each and each.url and (has_login(entry.text) or secret_parameter(entry.text)):
            yield (
                f"{entry.where}: the login in the URL of {each.name} was not imported. Configure it"
                " in the keyring or in ~/.netrc."
            )
        for key in ("settings", "build_options"):
            if entry.options.get(key):
                yield (
                    f"{entry.where}: build settings were left out. Configure them with `poetry"
                    " config installer.build-config-settings.PACKAGE`."
                )
