"""What an index's pages tell of releases, read without the links that Poetry makes of files."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from cachecontrol import CacheControlAdapter
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version
from poetry.core.version.exceptions import InvalidVersionError
from poetry.repositories.link_sources.json import SimpleJsonPage
from poetry.repositories.pypi_repository import PyPiRepository
from requests import PreparedRequest, Request, codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName
    from poetry.repositories.http_repository import HTTPRepository

_WHEEL: Final = re.compile(r"([^-]+)-(\d[^-]*)(?:-\d[^-]*)?(?:-[^-]+){3}\.whl")
_SDIST: Final = re.compile(r"(.+)-(\d[^-]*)(?<!\.sdist)\.(?:tar\.gz|zip)")

# The same in the JSON of a page. Nothing but a key is followed by a colon outside of a string,
# and no quotation mark stands unescaped within one. (They begin with what is looked for: a test
# in front of it would take ten times as long.)
_FILE: Final = re.compile(
    rb'"filename"(?<!\\"filename")\s*:\s*"'
    rb'(?:([^"\\-]+-\d[^"\\-]*)(?:-\d[^"\\-]*)?(?:-[^"\\-]+){3}\.whl"|((?:[^"\\]|\\.)*)")'
)
_YANKED: Final = re.compile(rb'"yanked"(?<!\\"yanked")\s*:\s*[^\sf]')
_ANY_TAGS: Final = "-py3-none-any.whl"


class CachedPages:
    """Pages of Poetry's default index that its cache holds and need not be asked for.

    They are read many times faster than through requests. Relies on the URL and the header that
    `PyPiRepository` asks with, on its session, and on `CacheController.cached_request`, which
    says what CacheControl itself would answer without asking.
    """

    def __init__(self, index: HTTPRepository) -> None:
        self._index = index
        self._headers: Any = None

    def files(self, name: NormalizedName) -> list[dict[str, Any]] | None:
        """Return the files of a project, but only one wheel of each version if none is yanked.

        None where Poetry is to be asked.
        """
        index = self._index
        if not isinstance(index, PyPiRepository):
            return None
        try:
            page = self._page(f"{index.url.rstrip('/')}/{name}/")
            return None if page is None else files_in(page)
        except Exception:  # noqa: BLE001 - Poetry says what is wrong with it
            return None

    def _page(self, url: str) -> bytes | None:
        session = self._index.session.get_session(url)
        adapter = session.get_adapter(url)
        if not isinstance(adapter, CacheControlAdapter):
            return None
        if self._headers is None:
            accepted = {"Accept": "application/vnd.pypi.simple.v1+json"}
            self._headers = session.prepare_request(Request("GET", url, accepted)).headers
        request = PreparedRequest()
        request.url, request.headers = url, self._headers
        answer = adapter.controller.cached_request(request)
        if not answer:
            return None
        with answer:
            whole = answer.status == codes.ok
            return answer.read(decode_content=True) if whole else None


def files_in(page: bytes) -> list[dict[str, Any]]:
    """Return the files that a page in JSON names, but only one wheel of each version.

    They say nothing but their names, unless one is yanked.
    """
    if _YANKED.search(page):
        found: list[dict[str, Any]] = json.loads(page)["files"]
        return found
    return [
        {"filename": wheel.decode() + _ANY_TAGS if wheel else _text(other)}
        for wheel, other in dict.fromkeys(_FILE.findall(page))
    ]


def _text(written: bytes) -> str:
    return str(json.loads(b'"%b"' % written)) if b"\\" in written else written.decode()


def releases_of(
    files: Iterable[Mapping[str, Any]], name: NormalizedName
) -> dict[Version, str | bool]:
    """Return each version in the order of the files, and why it is yanked (see PEP 592)."""
    reasons: dict[str, list[object]] = {}
    for file in files:
        text = _version_text(file["filename"], name)
        reasons.setdefault(text, []).append(file.get("yanked", False))
    found: dict[Version, list[object]] = {}
    for text, given in reasons.items():
        with suppress(InvalidVersionError):  # such a file Poetry passes over
            found.setdefault(Version.parse(text), []).extend(given)
    return {version: _yanked(given) for version, given in found.items()}


def offers_metadata(
    files: Iterable[Mapping[str, Any]], name: NormalizedName, version: Version
) -> bool:
    """Tell whether a wheel of a release has its metadata in a file of its own (PEP 658, 714)."""
    texts = {
        _version_text(file["filename"], name)
        for file in files
        if file["filename"].endswith(".whl")
        and file.get("core-metadata", file.get("dist-info-metadata"))
    }
    return any(_is(version, text) for text in texts)


def _is(version: Version, text: str) -> bool:
    try:
        return Version.parse(text) == version
    except InvalidVersionError:
        return False


def _yanked(reasons: Iterable[object]) -> str | bool:
    """Return the reasons of files for being yanked as Poetry does: false if one is not yanked."""
    # A text is the reason, even if it is empty.
    if not all(isinstance(reason, str) or reason for reason in reasons):
        return False
    return "\n".join(sorted({each for each in reasons if isinstance(each, str) and each})) or True


def _version_text(filename: str, name: NormalizedName) -> str:
    """Return the version in a file's name; empty where it belongs to none of the project."""
    found = (_WHEEL if filename.endswith(".whl") else _SDIST).fullmatch(filename)
    return found[2] if found and _same(found[1], name) else _doubtful_version(filename, name)


def _doubtful_version(filename: str, name: NormalizedName) -> str:
    # Poetry's own reading takes ten times as long, and is asked for such names alone.
    file = {"filename": filename, "url": f"https://localhost/{quote(filename)}"}
    versions = SimpleJsonPage("", {"files": [file]}).versions(name)
    return next((version.text for version in versions), "")


def _same(written: str, name: NormalizedName) -> bool:
    return written.lower().replace("_", "-") == name or canonicalize_name(written) == name
