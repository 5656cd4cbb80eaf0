"""The license fields of a release: from the index's API, a metadata file, or part of a wheel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from packaging.metadata import parse_email
from poetry.config.config import Config
from poetry.console.exceptions import PoetryRuntimeError
from poetry.core.constraints.version import Version
from poetry.inspection.lazy_wheel import LazyWheelUnsupportedError, metadata_from_wheel_url
from poetry.repositories.exceptions import PackageNotFoundError
from poetry.repositories.pypi_repository import PyPiRepository
from requests import codes

from poetry_fti.bridge.index.pages import ANY_AGE
from poetry_fti.errors import FtiError
from poetry_fti.model.licenses import LicenseMetadata

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from poetry.core.packages.utils.link import Link
    from poetry.repositories.http_repository import HTTPRepository

    from poetry_fti.model.lock import LockedPackage

# Core metadata as an index returns it; the values may have any type.
Fields: TypeAlias = Mapping[str, Any]

_EXPRESSION: Final = "license_expression"
_TEXT: Final = "license"
_CLASSIFIERS: Final = "classifiers"
# The names of the fields about licenses, in the API and in parsed metadata.
FIELDS: Final = (_EXPRESSION, _TEXT, _CLASSIFIERS)
_CLASSIFIER: Final = "License ::"
_HASHES: Final = ("sha256", "sha384", "sha512")


def license_metadata(fields: Fields) -> LicenseMetadata:
    """Return license fields; those of a wrong type count as missing."""
    expression, text, listed = fields.get(_EXPRESSION), fields.get(_TEXT), fields.get(_CLASSIFIERS)
    classifiers = listed if isinstance(listed, list) else ()
    return LicenseMetadata(
        expression=expression if isinstance(expression, str) else "",
        text=text if isinstance(text, str) else "",
        classifiers=tuple(
            each for each in classifiers if isinstance(each, str) and each.startswith(_CLASSIFIER)
        ),
    )


def license_fields(index: HTTPRepository, package: LockedPackage) -> Fields | None:
    """Return the core metadata of a release; None if that needs a download of the whole package.

    Responses of any age are taken from Poetry's cache, since metadata of a release does not change.
    """
    version = Version.parse(str(package.version))
    if isinstance(index, PyPiRepository):
        found = _json_api(index, package.name, version)
        if found is not None:
            return found
    try:
        page = index.get_page(package.name)
    except PackageNotFoundError:
        return None
    locked = [
        link for link in page.links_for_version(package.name, version) if _is_locked(link, package)
    ]
    locked.sort(key=_preference)
    described = [link for link in locked if link.has_metadata]
    wheels = [link for link in locked if link.is_wheel]
    found = _metadata_file(index, described[0]) if described else None
    return _in_wheel(index, wheels[0]) if found is None and wheels else found


def _json_api(index: PyPiRepository, name: NormalizedName, version: Version) -> Fields | None:
    """Return what is in the response that Poetry reads requirements from when it locks."""
    url = f"{index.url.removesuffix('simple/')}pypi/{name}/{version}/json"
    response = index.session.get(url, raise_for_status=False, headers=ANY_AGE)
    if response.status_code != codes.ok:
        return None
    fields: Fields = response.json()["info"]
    return fields


def _is_locked(link: Link, package: LockedPackage) -> bool:
    return any(f"{kind}:{value}" in package.digests for kind, value in link.hashes.items())


def _preference(link: Link) -> tuple[bool, bool, str]:
    # Poetry prefers wheels for every platform, too: their metadata is in its cache.
    return (not link.is_wheel, not link.filename.endswith("-none-any.whl"), link.filename)


def _metadata_file(index: HTTPRepository, link: Link) -> Fields | None:
    """Return the content of the metadata file beside a file (PEP 658).

    None if the index does not have it, or if its hash is another one.
    """
    response = index.session.get(link.metadata_url or "", raise_for_status=False, headers=ANY_AGE)
    content: bytes = response.content
    if response.status_code != codes.ok or not _matches(content, link.metadata_hashes):
        return None
    raw, _ = parse_email(content)
    return {**raw}


def _matches(content: bytes, hashes: Mapping[str, str]) -> bool:
    known = {name: value for name, value in hashes.items() if name in _HASHES}
    return all(hashlib.new(name, content).hexdigest() == value for name, value in known.items())


def _in_wheel(index: HTTPRepository, link: Link) -> Fields | None:
    """Return the metadata in a wheel, of which only this part is downloaded.

    None if the index does not support this, or if Poetry's settings exclude it.
    """
    if not Config.create().get("solver.lazy-wheel", True):
        return None
    try:
        return {**metadata_from_wheel_url(link.filename, link.url, index.session)}
    except LazyWheelUnsupportedError as error:
        if isinstance(error.__cause__, PoetryRuntimeError | FtiError):  # it is unreachable
            raise error.__cause__ from error
        return None
