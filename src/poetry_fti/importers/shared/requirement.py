"""A requirement as pip accepts it: PEP 508, or the URL or the path of a package."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import url2pathname

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.paths import path_in
from poetry_fti.importers.shared.project_name import project_name
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.model.imported import ImportedRequirement
from poetry_fti.urls import plain_file_url, public_url

if TYPE_CHECKING:
    from pathlib import PurePath

    from poetry_fti.importers.source import Files

_LONGEST: Final = 4096
_URL: Final = re.compile(r"(?:(?:git|hg|svn|bzr)\+[a-z+]+|https?|ftp|file):", re.IGNORECASE)
# Where conda builds packages: `pip freeze` lists these paths, which exist nowhere else.
_CONDA_BUILD: Final = re.compile(
    r"@\s*file:.*/(?:feedstock_root|croot|conda-bld|bld|ci|ci_\w+|abs_\w+|tmp/build)/"
)
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_EXTRAS: Final = re.compile(r"(?P<rest>.+?)\s*(?:\[(?P<extras>[\w\s.,-]*)\])?", re.DOTALL)
_NAME: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)


def read_requirement(
    text: str, folder: PurePath, files: Files, where: str, *, editable: bool = False
) -> ImportedRequirement | None:
    """Return a requirement, None for the project itself that is imported into.

    `folder` is the one to which relative paths refer, `where` the place that messages name. Raises
    FtiError if the text is not a requirement, its package has no name, or it has a variable.
    """
    if len(text) > _LONGEST:
        raise FtiError(f"{where}: the requirement is longer than {_LONGEST} characters.")
    found = _standard(text, editable=editable)
    if found is not None and is_built_by_conda(text):
        found = replace(found, url="", specifier=_file_specifier(found.url))
    elif found is None:
        if _is_project(text, folder, files):
            return None
        found = _of_place(text, folder, files, where, editable=editable)
    elif found.url.lower().startswith("file:"):
        found = _local(found, found.url, folder, where)
    if variable := _VARIABLE.search(f"{found.url}{found.path or ''}"):
        raise FtiError(
            f"{where}: the value of the variable {variable[0]} is not known. Replace it by its"
            " value."
        )
    if found.path and files.is_project(found.path):
        return None
    return found


def _is_project(text: str, folder: PurePath, files: Files) -> bool:
    match = _EXTRAS.fullmatch(text.partition(";")[0].strip())
    path = match["rest"] if match else text
    return path.startswith(".") and files.is_project(path_in(folder, path))


def repository_name(url: str) -> str | None:
    """Return the name of the repository in a URL that does not name the package, else None.

    It is the name of most packages; Poetry verifies it when it locks them.
    """
    plain, _, fragment = url.partition(";")[0].strip().partition("#")
    if not plain.lower().startswith("git+") or "egg" in parse_qs(fragment):
        return None
    path = unquote(urlsplit(plain).path).partition("@")[0].rstrip("/")
    name = path.rpartition("/")[2].removesuffix(".git")
    return name if _NAME.fullmatch(name) else None


def extras_of(text: str) -> tuple[str, ...]:
    """Return the extras in a requirement on the project itself, such as `.[train]`."""
    found = _standard(text, editable=False)
    match = _EXTRAS.fullmatch(text.partition(";")[0].strip())
    return found.extras if found else _names(match["extras"] if match else None)


def is_built_by_conda(text: str) -> bool:
    """Return whether a requirement refers to the folder in which conda has built the package."""
    return _CONDA_BUILD.search(text) is not None


def _file_specifier(url: str) -> str:
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    try:
        return f"=={parse_wheel_filename(name)[1]}"
    except InvalidWheelFilename:
        return ""


def from_standard(requirement: Requirement) -> ImportedRequirement:
    """Return a parsed PEP 508 requirement without credentials in its URL."""
    return ImportedRequirement(
        name=requirement.name,
        extras=tuple(sorted(requirement.extras)),
        specifier=str(requirement.specifier),
        marker=str(requirement.marker or ""),
        url=plain_file_url(requirement.url or ""),
    )


def _standard(text: str, *, editable: bool) -> ImportedRequirement | None:
    try:
        found = Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None
    return None if editable and not found.url else from_standard(found)


def _of_place(
    text: str, folder: PurePath, files: Files, where: str, *, editable: bool
) -> ImportedRequirement:
    place, marker = _split_marker(text, where)
    match = _EXTRAS.fullmatch(place)
    rest = match["rest"] if match else place
    chosen = _names(match["extras"] if match else None)
    if _URL.match(rest):
        found = _of_url(rest, folder, files, where)
    elif editable or _looks_local(rest):
        found = _of_path(path_in(folder, rest), files, where)
    else:
        raise FtiError(f"{where}: {quoted(text)} is not a requirement (PEP 508).")
    return ImportedRequirement(
        name=found.name,
        extras=chosen or found.extras,
        marker=marker,
        url=found.url,
        path=found.path,
        editable=editable and found.path is not None,
    )


def _names(extras: str | None) -> tuple[str, ...]:
    return tuple(sorted(filter(None, map(str.strip, (extras or "").split(",")))))


def _split_marker(text: str, where: str) -> tuple[str, str]:
    place, _, marker = text.partition("; " if _URL.match(text) else ";")
    try:
        return place.strip(), str(Marker(marker)) if marker.strip() else ""
    except (InvalidMarker, RecursionError) as error:
        raise FtiError(f"{where}: {quoted(marker.strip())} is not a marker.") from error


def _looks_local(text: str) -> bool:
    return text.startswith(".") or "/" in text or "\\" in text or _file_name(text) is not None


def _of_url(url: str, folder: PurePath, files: Files, where: str) -> ImportedRequirement:
    plain, _, fragment = url.partition("#")
    values = parse_qs(fragment)
    match = _EXTRAS.fullmatch(values.get("egg", [""])[0])
    name = match["rest"] if match else ""
    if plain.lower().startswith("file:"):
        local = _local(ImportedRequirement(name=name), plain, folder, where)
        return local if name else _of_path(local.path or folder, files, where)
    name = name or _file_name(unquote(urlsplit(plain).path)) or repository_name(plain) or ""
    if not _NAME.fullmatch(name):
        shown = quoted(public_url(url))
        raise FtiError(f"{where}: the package of {shown} has no name. Write `NAME @ URL`.")
    subdirectory = values.get("subdirectory", [""])[0]
    kept = f"{plain}#subdirectory={subdirectory}" if subdirectory else plain
    chosen = _names(match["extras"] if match else None)
    return ImportedRequirement(name=name, extras=chosen, url=plain_file_url(kept))


def _local(
    found: ImportedRequirement, url: str, folder: PurePath, where: str
) -> ImportedRequirement:
    """Return a requirement with the path of a `file:` URL, which may be relative as in pip."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise FtiError(f"{where}: {quoted(public_url(url))} is a file on another host.")
    path = path_in(folder, url2pathname(parts.path))
    return ImportedRequirement(name=found.name, extras=found.extras, marker=found.marker, path=path)


def _of_path(path: PurePath, files: Files, where: str) -> ImportedRequirement:
    name = _file_name(path.name) or project_name(path, files)
    if name is None:
        raise FtiError(
            f"{where}: {files.shown(path)} is neither a package file nor a folder whose"
            " pyproject.toml or setup.cfg has a name that can be read."
        )
    return ImportedRequirement(name=name, path=path)


def _file_name(path: str) -> str | None:
    """Return the name of the package in the name of a wheel or a source distribution."""
    name = path.rpartition("/")[2]
    try:
        if name.endswith(".whl"):
            return parse_wheel_filename(name)[0]
        if name.endswith((".tar.gz", ".zip")):
            return parse_sdist_filename(name)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        pass
    return None
