"""pylock.toml (PEP 751): locked packages, of which those that no other one requires are direct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from packaging.pylock import Pylock, PylockValidationError
from packaging.utils import canonicalize_name

from poetry_fti.errors import FtiError
from poetry_fti.importers.projects.locks import LockEntry, roots
from poetry_fti.importers.shared.documents import read_toml
from poetry_fti.importers.shared.indexes import index_of, named_apart, with_indexes
from poetry_fti.importers.shared.markers import marked_platforms
from poetry_fti.importers.shared.paths import path_in
from poetry_fti.importers.shared.requirements import merged
from poetry_fti.model.imported import ImportedRequirement, ImportedStage
from poetry_fti.urls import is_pypi, plain_file_url, public_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.pylock import Package

    from poetry_fti.importers.source import Source

# Markers with these variables (PEP 751) select packages while the file is installed.
_SELECTING: Final = ("extras", "dependency_groups")


def read_pylock(source: Source) -> ImportedStage:
    """Return the environment of a lock; raises FtiError if it is not valid."""
    data: dict[str, Any] = read_toml(source.path, source.files)
    try:
        lock = Pylock.from_dict(data)
    except (PylockValidationError, ValueError, TypeError) as error:
        raise FtiError(f"{source.name} is not valid: {error}.") from error
    entries = [_entry(each) for each in lock.packages]
    direct = set(roots(entries))
    indexes = named_apart(
        index_of(url, "supplemental")
        for url in dict.fromkeys(each.index for each in lock.packages if each.index)
        if not is_pypi(url)
    )
    found = [_requirement(each, source) for each in lock.packages]
    every = merged(each for each in found if each is not None)
    requirements = [each for each in every if each.normalized in direct]
    others = [each for each in every if each.normalized not in direct]
    return ImportedStage(
        requirements=tuple(with_indexes(requirements, indexes)),
        versions=tuple((each.name, str(each.version)) for each in lock.packages if each.version),
        indirect=tuple(with_indexes(others, indexes)),
        indexes=tuple(indexes),
        python=str(lock.requires_python or ""),
        platforms=marked_platforms([str(each) for each in lock.environments or ()]),
        notes=tuple(_notes(lock.packages, source.name)),
    )


def _entry(package: Package) -> LockEntry:
    required = (each.get("name", "") for each in package.dependencies or ())
    return LockEntry(
        name=package.name,
        version=str(package.version or ""),
        requires=frozenset(canonicalize_name(name) for name in required if isinstance(name, str)),
        is_root=False,
    )


def _requirement(package: Package, source: Source) -> ImportedRequirement | None:
    """Return a pin of a package, or where it is; None for the project that is imported into."""
    marker = "" if _is_selecting(package) else str(package.marker or "")
    path, editable = None, False
    if package.directory is not None:
        path, editable = package.directory.path, bool(package.directory.editable)
    elif package.archive is not None:
        path = package.archive.path
    url = _url(package)
    if not url and path is not None:
        absolute = path_in(source.path.parent, path)
        if source.files.is_project(absolute):
            return None
        return ImportedRequirement(
            name=package.name, marker=marker, path=absolute, editable=editable
        )
    if url:
        return ImportedRequirement(name=package.name, marker=marker, url=url)
    specifier = f"=={package.version}" if package.version else ""
    return ImportedRequirement(name=package.name, marker=marker, specifier=specifier)


def _url(package: Package) -> str:
    if package.archive is not None:
        return plain_file_url(package.archive.url or "")
    vcs = package.vcs
    if vcs is None or not vcs.url:
        return ""
    subdirectory = f"#subdirectory={vcs.subdirectory}" if vcs.subdirectory else ""
    return public_url(f"{vcs.type}+{vcs.url}@{vcs.commit_id}{subdirectory}")


def _is_selecting(package: Package) -> bool:
    return package.marker is not None and any(key in str(package.marker) for key in _SELECTING)


def _notes(packages: Sequence[Package], where: str) -> list[str]:
    notes = []
    if any(map(_is_selecting, packages)):
        notes.append(f"{where}: packages of all extras and dependency groups were imported.")
    if len(packages) > 1 and not any(each.dependencies for each in packages):
        notes.append(
            f"{where} does not record what its packages require, so that all of them were imported."
            " Remove what the code does not import from the stage's group."
        )
    return notes
