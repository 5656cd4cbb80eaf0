"""Releases read from the pages of an index, without the Link objects that Poetry makes."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from cachecontrol import CacheControlAdapter
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version
from poetry.core.version.exceptions import InvalidVersionError
from poetry.repositories.link_sources.json import SimpleJsonPage
from poetry.repositories.pypi_repository import PyPiRepository
from requests import PreparedRequest, Request, codes

from poetry_fti.bridge.internals.index import keep_value, kept_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.packages.utils.link import Link
    from poetry.repositories.http_repository import HTTPRepository
    from urllib3 import HTTPResponse

_WHEEL: Final = re.compile(r"([^-]+)-(\d[^-]*)(?:-\d[^-]*)?(?:-[^-]+){3}\.whl")
# The tags of a wheel, and a wheel without a build number.
_TAGS: Final = re.compile(r"[^-]+-[^-]+-[^-]+\.whl")
_USUAL_WHEEL: Final = re.compile(rf"([^-]+-[^-]+-){_TAGS.pattern}")
_SDIST: Final = re.compile(r"(.+)-(\d[^-]*)(?<!\.sdist)\.(?:tar\.gz|zip)")

# What the values of Poetry's cache that hold the releases of a page are called; the number is that
# of their format.
_KEPT: Final = "releases-1"

# As a header of a request: responses of any age are taken from the cache, since a limit in the
# request replaces that of the response.
ANY_AGE: Final = {"Cache-Control": "max-age=3200000000"}


class CachedPages:
    """Pages of Poetry's default index that are in its cache and still fresh, or of any age.

    They are read many times faster than through requests. Relies on the URL and the header that
    `PyPiRepository` asks with, on its session, and on `CacheController.cached_request`, which
    returns the response that CacheControl would use without a request.
    """

    def __init__(self, index: HTTPRepository, *, any_age: bool = False) -> None:
        self._index = index
        self._age = ANY_AGE if any_age else {}
        self._headers: Any = None

    def releases(self, name: NormalizedName) -> dict[Version, str | bool] | None:
        """Return what `releases_of` finds on a project's page, or None if Poetry has to request it.

        It is kept in Poetry's cache with the page's ETag, since it is read in a third of the time.
        Pages that cannot be read give None, too: Poetry reports what is wrong with them.
        """
        try:
            with self._response(name) as response:
                return None if response is None else self._releases(name, response)
        except Exception:  # noqa: BLE001 - Poetry reports what is wrong with it
            return None

    def page(self, name: NormalizedName) -> bytes | None:
        """Return a project's page, which may not be valid, or None if Poetry has to request it."""
        try:
            with self._response(name) as response:
                return None if response is None else response.read(decode_content=True)
        except Exception:  # noqa: BLE001 - Poetry reports what is wrong with it
            return None

    def _releases(self, name: NormalizedName, response: HTTPResponse) -> dict[Version, str | bool]:
        key, etag = f"{name}:{_KEPT}", response.headers.get("ETag")
        kept = kept_value(self._index, key) if etag else None
        if kept is not None and kept["etag"] == etag:
            return {Version.parse(text): yanked for text, yanked in kept["releases"]}
        files = json.loads(response.read(decode_content=True))["files"]
        found = releases_of(files_by_release(files, name))
        if etag:
            releases = [(version.text, yanked) for version, yanked in found.items()]
            keep_value(self._index, key, {"etag": etag, "releases": releases})
        return found

    @contextmanager
    def _response(self, name: NormalizedName) -> Iterator[HTTPResponse | None]:
        if not isinstance(self._index, PyPiRepository):
            yield None
            return
        url = f"{self._index.url.rstrip('/')}/{name}/"
        session = self._index.session.get_session(url)
        adapter = session.get_adapter(url)
        if not isinstance(adapter, CacheControlAdapter):
            yield None
            return
        if self._headers is None:
            accepted = {"Accept": "application/vnd.pypi.simple.v1+json", **self._age}
            self._headers = session.prepare_request(Request("GET", url, accepted)).headers
        request = PreparedRequest()
        request.url, request.headers = url, self._headers
        response = adapter.controller.cached_request(request)
        if not response:
            yield None
            return
        with response:
            yield response if response.status == codes.ok else None


def files_by_release(
    files: Iterable[Mapping[str, Any]], name: NormalizedName
) -> dict[Version, list[Mapping[str, Any]]]:
    """Return the files of each version, in the order of the files."""
    found: dict[Version, list[Mapping[str, Any]]] = {}
    by_text: dict[str, list[Mapping[str, Any]]] = {}
    # What the names of wheels of one version begin with, at first that of none, and its files.
    wheels = "/"
    same: list[Mapping[str, Any]] = []
    for file in files:
        filename = file["filename"]
        if filename.startswith(wheels) and _TAGS.fullmatch(filename, len(wheels)):
            same.append(file)
            continue
        text = _version_text(filename, name)
        if text not in by_text:
            by_text[text] = []
            with suppress(InvalidVersionError):  # Poetry skips such a file
                by_text[text] = found.setdefault(Version.parse(text), [])
        by_text[text].append(file)
        if wheel := _USUAL_WHEEL.fullmatch(filename):
            wheels, same = wheel[1], by_text[text]
    return found


def releases_of(
    files: Mapping[Version, Iterable[Mapping[str, Any]]],
) -> dict[Version, str | bool]:
    """Return the versions, each with the state of its files by PEP 592.

    That is false if a version is not yanked, else the reason, or true without a reason.
    """
    return {
        version: _yanked([file.get("yanked", False) for file in each])
        for version, each in files.items()
    }


def offers_metadata(files: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether a wheel has its metadata in a file of its own (PEP 658, 714)."""
    return any(
        file["filename"].endswith(".whl")
        and file.get("core-metadata", file.get("dist-info-metadata"))
        for file in files
    )


def read_links_by_release(
    page: SimpleJsonPage, files: Mapping[Version, Sequence[Mapping[str, Any]]]
) -> None:
    """Let a page make the links of one release from its `files`, instead of from all files.

    Poetry asks for them where a release's JSON does not say what it requires.
    """

    def links_for_version(name: NormalizedName, version: Version) -> Iterator[Link]:
        part = SimpleJsonPage(page.url, {"files": files.get(version, ())})
        return part.links_for_version(name, version)

    vars(page)["links_for_version"] = links_for_version


def _yanked(reasons: Iterable[object]) -> str | bool:
    """Return why all files of a release are yanked, as Poetry does; false if one is not yanked."""
    # An empty text means yanked, too.
    if not all(isinstance(reason, str) or reason for reason in reasons):
        return False
    return "\n".join(sorted({each for each in reasons if isinstance(each, str) and each})) or True


def _version_text(filename: str, name: NormalizedName) -> str:
    """Return the version in a file's name, or an empty text if it is no file of the project."""
    found = (_WHEEL if filename.endswith(".whl") else _SDIST).fullmatch(filename)
    return found[2] if found and _same(found[1], name) else _ambiguous_version(filename, name)


def _ambiguous_version(filename: str, name: NormalizedName) -> str:
    # Poetry's own parser takes ten times as long, and is used for ambiguous names only.
    file = {"filename": filename, "url": f"https://localhost/{quote(filename)}"}
    versions = SimpleJsonPage("", {"files": [file]}).versions(name)
    return next((version.text for version in versions), "")


def _same(written: str, name: NormalizedName) -> bool:
    return written.lower().replace("_", "-") == name or canonicalize_name(written) == name
