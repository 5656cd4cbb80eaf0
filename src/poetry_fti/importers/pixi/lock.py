"""pixi.lock: the versions that the packages of an environment are locked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from poetry_fti.importers.conda.names import distribution
from poetry_fti.importers.shared.requirements import is_version
from poetry_fti.importers.yaml_file import yaml_document
from poetry_fti.models.environments.yaml_documents import mapping, sequence, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.importers.source import Source
    from poetry_fti.models.environments.yaml_documents import Yaml

_LOCK: Final = "pixi.lock"
_ENDINGS: Final = (".conda", ".tar.bz2")


def locked_in(source: Source, environment: str) -> tuple[tuple[NormalizedName, str], ...]:
    """Return the versions in the pixi.lock in the folder of a source, none if there is no lock.

    Packages of conda have their names on PyPI. Raises FtiError if the lock is not valid.
    """
    path = source.path.with_name(_LOCK)
    if not source.files.has(path):
        return ()
    data = yaml_document(type(source)(path, source.files))
    described = {
        url: each
        for each in map(mapping, sequence(data.get("packages")))
        if (url := string(each.get("pypi")) or string(each.get("url")))  # formats before 6
    }
    packages = mapping(mapping(mapping(data.get("environments")).get(environment)).get("packages"))
    found = dict.fromkeys(
        pair
        for on_platform in packages.values()
        for each in map(mapping, sequence(on_platform))
        for pair in _version(each, described)
    )
    return tuple(found)


def _version(
    entry: dict[str, Yaml], described: dict[str, dict[str, Yaml]]
) -> Iterator[tuple[NormalizedName, str]]:
    if url := string(entry.get("pypi")):
        package = described.get(url, {})
        name, version = string(package.get("name")) or "", string(package.get("version")) or ""
        known = canonicalize_name(name) if name else None
    else:
        name, version = _in_file_name(string(entry.get("conda")) or "")
        known = distribution(name) if name else None
    if known is not None and is_version(version):
        yield known, version


def _in_file_name(url: str) -> tuple[str, str]:
    """Return the name and the version in the URL of a conda package, empty ones if it has none."""
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    ending = next(filter(name.endswith, _ENDINGS), None)
    parts = name.removesuffix(ending).rsplit("-", 2) if ending else []
    return (parts[0], parts[1]) if len(parts) == 3 else ("", "")  # noqa: PLR2004 - and the build
