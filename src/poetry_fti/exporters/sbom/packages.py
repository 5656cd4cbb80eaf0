"""Locked packages as components of an SBOM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.exception.model import UnknownHashTypeException
from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.component import Component, ComponentType
from packageurl import PackageURL

from poetry_fti.exporters.sbom.licenses import component_licenses
from poetry_fti.exporters.sbom.references import referenced
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from poetry_fti.urls import public_git_url, public_url, quoted_url
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cyclonedx.model import HashType

    from poetry_fti.model.lock import LockedFile, LockedPackage, LockedStage

_PURL: Final = "pypi"
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class PackageComponent:
    """A locked package, and its component."""

    package: LockedPackage
    component: Component


def package_components(locked: LockedStage) -> list[PackageComponent]:
    """Return the component of each package of a stage."""
    default = next((index.url for index in locked.indexes if index.name is None), None) or ""
    return [
        PackageComponent(package, _component(package, reference, default))
        for reference, package in referenced(locked.packages).items()
    ]


def _component(package: LockedPackage, reference: str, default: str) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        # The version of a source tree may change without the lock being updated.
        version=None if isinstance(package.origin, DirectoryOrigin) else str(package.version),
        bom_ref=reference,
        purl=_purl(package),
        hashes=_hashes(package.files[0]) if len(package.files) == 1 else (),
        licenses=component_licenses(package.licenses),
        external_references=_sources(package, default),
        properties=_properties(package),
    )


def _purl(package: LockedPackage) -> PackageURL | None:
    """Return the package URL; None for a local package, which no index identifies."""
    qualifiers: dict[str, str] = {}
    match package.origin:
        case DirectoryOrigin() | FileOrigin():
            return None
        case IndexOrigin(name, url):
            if name is not None and url:
                qualifiers["repository_url"] = public_url(url)
        case UrlOrigin(url):
            qualifiers["download_url"] = public_url(url)
        case GitOrigin(url, commit):
            qualifiers["vcs_url"] = f"git+{public_git_url(url)}@{commit}"
    return PackageURL(_PURL, None, package.name, str(package.version), qualifiers)


def _sources(package: LockedPackage, default: str) -> Iterator[ExternalReference]:
    """Yield where the package comes from: each file with its hash, or the repository."""
    match package.origin:
        case GitOrigin(url):
            repository = _uri(public_git_url(url))
            yield ExternalReference(type=ExternalReferenceType.VCS, url=repository)
        case FileOrigin(path):
            yield from (_distribution(file, quote(str(path))) for file in package.files)
        case UrlOrigin(url):
            yield from (_distribution(file, public_url(url)) for file in package.files)
        case IndexOrigin(_, url):
            index = public_url(url or default)
            page = f"{index.rstrip('/')}/{package.name}/#" if index else ""
            for file in package.files:
                yield _distribution(file, page + quote(file.name))


def _distribution(file: LockedFile, url: str) -> ExternalReference:
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION, url=_uri(url), hashes=_hashes(file)
    )


def _uri(url: str) -> XsUri:
    """Return a URL, with percent and number signs that no URL can have percent-encoded."""
    start, sign, fragment = _STRAY_PERCENT.sub("%25", quoted_url(url)).partition("#")
    return XsUri(start + sign + fragment.replace("#", "%23"))


def _hashes(file: LockedFile) -> list[HashType]:
    """Return the hash of a file; an empty list for an algorithm that CycloneDX does not know."""
    try:
        return [HashTypeFactory().from_composite_str(file.digest)]
    except UnknownHashTypeException:
        return []


def _properties(package: LockedPackage) -> Iterator[Property]:
    if package.marker is not None:
        yield Property(name="poetry-fti:marker", value=in_one_line(str(package.marker)))
    match package.origin:
        case DirectoryOrigin(path):
            yield Property(name="poetry-fti:path", value=in_one_line(str(path)))
        case GitOrigin(_, commit, requested, subdirectory):
            yield Property(name="cdx:python:package:source:vcs:commit_id", value=commit)
            if requested:
                name = "cdx:python:package:source:vcs:requested_revision"
                yield Property(name=name, value=in_one_line(requested))
            yield from _subdirectory(subdirectory)
        case FileOrigin(_, subdirectory) | UrlOrigin(_, subdirectory):
            yield from _subdirectory(subdirectory)


def _subdirectory(path: str | None) -> Iterator[Property]:
    if path:
        yield Property(name="cdx:python:package:source:subdirectory", value=in_one_line(path))
