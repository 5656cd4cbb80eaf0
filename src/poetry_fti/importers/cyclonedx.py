"""SBOMs in CycloneDX's JSON: the Python packages among their components."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.importers.shared.documents import string, strings, table, tables
from poetry_fti.importers.shared.indexes import index_of, named_apart, with_indexes
from poetry_fti.importers.shared.requirements import is_version, merged
from poetry_fti.model.imported import ImportedRequirement, ImportedStage
from poetry_fti.urls import is_pypi, plain_file_url, public_url
from poetry_fti.wording import abbreviated, in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.importers.source import Source

_PURL: Final = "pkg:pypi/"
_MARKER: Final = "poetry-fti:marker"
_PYTHON: Final = "poetry-fti:requires-python"
_NAME: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)
# Kinds of components that may be packages; an SBOM may have one for each file, too.
_KINDS: Final = ("application", "framework", "library")
_MOST_NAMES: Final = 5
_DEEPEST: Final = 20


@dataclass(frozen=True, slots=True)
class _Component:
    """A Python package of an SBOM; its version is empty if the SBOM has none that is valid."""

    reference: str
    name: str
    version: str
    qualifiers: Mapping[str, str]
    marker: str

    def requirement(self) -> ImportedRequirement:
        vcs, download = (self.qualifiers.get(key, "") for key in ("vcs_url", "download_url"))
        url = public_url(vcs) if vcs else plain_file_url(download)
        return ImportedRequirement(
            name=self.name,
            specifier=f"=={self.version}" if self.version and not url else "",
            marker=self.marker,
            url=url,
        )


def is_sbom(data: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is an SBOM of CycloneDX."""
    return data.get("bomFormat") == "CycloneDX"


def sbom_stage(data: Mapping[str, Any], source: Source) -> ImportedStage:
    """Return the environment of an SBOM; what the described component depends on is direct.

    If the SBOM has no such dependencies, the packages that no other one requires are direct.
    """
    every = list(_nested(data.get("components"), 0))
    found = [package for each in every for package in _python_package(each)]
    direct = _direct(data, found)
    requirements = merged(each.requirement() for each in found if each.reference in direct)
    others = merged(each.requirement() for each in found if each.reference not in direct)
    urls = dict.fromkeys(each.qualifiers.get("repository_url", "") for each in found)
    indexes = named_apart(index_of(url, "supplemental") for url in urls if url and not is_pypi(url))
    properties = table(data, "metadata", "component").get("properties")
    python = _property(properties, _PYTHON)
    return ImportedStage(
        requirements=tuple(with_indexes(requirements, indexes)),
        versions=tuple(
            (canonicalize_name(each.name), each.version) for each in found if each.version
        ),
        indirect=tuple(with_indexes(others, indexes)),
        indexes=tuple(indexes),
        python=python if _are_specifiers(python) else "",
        notes=(*_notes(every, source.name), *_version_notes(found, source.name)),
    )


def _nested(components: object, depth: int) -> Iterator[Mapping[str, Any]]:
    for each in tables(components):
        yield each
        if depth < _DEEPEST:
            yield from _nested(each.get("components"), depth + 1)


def _python_package(component: Mapping[str, Any]) -> Iterator[_Component]:
    purl = string(component.get("purl"))
    if not purl.startswith(_PURL):
        return
    path, _, query = purl.partition("#")[0].partition("?")
    name, _, version = path.removeprefix(_PURL).partition("@")
    version = unquote(version) or string(component.get("version"))
    marker = _property(component.get("properties"), _MARKER)
    if _NAME.fullmatch(unquote(name)):
        yield _Component(
            reference=string(component.get("bom-ref")) or purl,
            name=unquote(name),
            version=version if is_version(version) else "",
            qualifiers={key: values[0] for key, values in parse_qs(query).items()},
            marker=marker if _is_marker(marker) else "",
        )


def _direct(data: Mapping[str, Any], found: Sequence[_Component]) -> set[str]:
    """Return the references of what the described component depends on, or else of the roots."""
    depends = {
        string(each.get("ref")): list(strings(each.get("dependsOn")))
        for each in tables(data.get("dependencies"))
    }
    root = string(table(data, "metadata", "component").get("bom-ref"))
    known = {each.reference for each in found}
    if direct := known.intersection(depends.get(root, ())):
        return direct
    required = {other for each in known for other in depends.get(each, ()) if other != each}
    # Packages that require each other have no root.
    return known - required or known


def _property(properties: object, name: str) -> str:
    values = (each.get("value") for each in tables(properties) if each.get("name") == name)
    return string(next(values, ""))


def _is_marker(text: str) -> bool:
    try:
        Marker(text)
    except (InvalidMarker, RecursionError):
        return False
    return True


def _are_specifiers(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _notes(components: Sequence[Mapping[str, Any]], where: str) -> Iterator[str]:
    others = [
        in_one_line(string(each.get("name")))
        for each in components
        if not string(each.get("purl")).startswith(_PURL) and each.get("type") in _KINDS
    ]
    if others:
        verb = "was" if len(others) == 1 else "were"
        listed = abbreviated(others, _MOST_NAMES)
        yield f"{where}: {listed} {verb} left out, since PyPI has Python packages only."


def _version_notes(packages: Sequence[_Component], where: str) -> Iterator[str]:
    names = [each.name for each in packages if not each.version]
    if names:
        listed = abbreviated(names, _MOST_NAMES)
        yield f"{where}: no valid version is known of {listed}; any version is allowed."
