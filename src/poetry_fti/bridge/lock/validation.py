"""What the standards allow in the table of a locked package, whoever has written it.

Locks are made from what package indexes answer, and other people write them, too. Exporters rely on
these checks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.urls import public_url
from poetry_fti.wording import CONTROL, in_one_line, in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poetry.core.packages.package import Package
    from poetry.packages.transitive_package_info import TransitivePackageInfo

# The length of the digests of hashlib's algorithms, the usual one first.
_DIGITS: Final[Mapping[str, int]] = {
    "sha256": 64,
    "md5": 32,
    "sha1": 40,
    "sha224": 56,
    "sha384": 96,
    "sha512": 128,
    "sha3_224": 56,
    "sha3_256": 64,
    "sha3_384": 96,
    "sha3_512": 128,
    "blake2b": 128,
    "blake2s": 64,
}
_DIGEST: Final = re.compile(
    "|".join(f"{name}:[0-9a-fA-F]{{{digits}}}" for name, digits in _DIGITS.items())
)
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION: Final = re.compile(r"[A-Za-z0-9.!+_-]+")
_PRINTABLE: Final = re.compile(r"[ -~]+")
# The strings of a marker (PEP 508) contain neither backslashes nor the quotes around them.
_MARKER: Final = re.compile(
    r"""[ !#-&(-\[\]-~]*(?:(?:"[ !#-\[\]-~]*"|'[ -&(-\[\]-~]*')[ !#-&(-\[\]-~]*)*"""
)
# Of sources, which few packages have: compiled on first use.
_TEXT: Final = rf"[^{CONTROL}]+"
_SOURCE: Final = "legacy|directory|file|url|git"
_COMMIT: Final = r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?"
_REFERENCE: Final = rf"[^{CONTROL}\s-][^{CONTROL}\s]*"
_SUBDIRECTORY: Final = rf"(?!/)(?!(?:.*[/\\])?\.\.(?:[/\\]|$))[^{CONTROL}]+"


def problem(table: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the table of a package in a lock; None if it is valid.

    Raises TypeError, KeyError or AttributeError for a table that is not one of a package.
    """
    return next(_problems(table), None)


def require_valid(packages: Mapping[Package, TransitivePackageInfo]) -> None:
    """Raise FtiError for a solved package with invalid data, naming where it comes from."""
    for package, info in packages.items():
        if found := problem(_table(package, info)):
            name = f"{package.pretty_name} {package.version.text}"
            raise FtiError(f"{in_one_line(name)} {_origin(package)} is refused: {found}.")


def _table(package: Package, info: TransitivePackageInfo) -> dict[str, Any]:
    """Return what a lock contains of a package and exporters write."""
    source = {
        "type": package.source_type,
        "url": package.source_url,
        "reference": package.source_reference,
        "resolved_reference": package.source_resolved_reference,
        "subdirectory": package.source_subdirectory,
    }
    return {
        "name": package.pretty_name,
        "version": package.pretty_version,
        "python-versions": package.python_versions,
        "markers": {group: str(marker) for group, marker in info.markers.items()},
        "files": package.files,
        "source": source,
    }


def _origin(package: Package) -> str:
    if package.is_direct_origin():
        return f"from {in_one_line(public_url(package.source_url or ''))}"
    return f'from the package index "{package.source_reference or "PyPI"}"'


def _problems(table: Mapping[str, Any]) -> Iterator[str]:
    if not _NAME.fullmatch(table["name"]):
        yield _invalid("the name", "is not a package name", table["name"])
    for what, text, allowed in _texts(table):
        if not allowed.fullmatch(text):
            yield _invalid(what, "contains invalid characters", text)
    for each in table.get("files") or ():
        if not _DIGEST.fullmatch(each["hash"]):
            yield _invalid(
                f"the digest of {in_quotes(each['file'])}", _expected(each), each["hash"]
            )
        if not _is_file_name(each["file"]):
            yield _invalid("the name of a file", "is no file name", each["file"])
    if source := table.get("source"):
        yield from _source_problems(source)


def _is_file_name(text: str) -> bool:
    # A pattern takes three times as long for the thousands of files of a lock.
    return text.isprintable() and text != "" and "/" not in text and "\\" not in text


def _texts(table: Mapping[str, Any]) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    yield "the version", table["version"], _VERSION
    yield "python-versions", table["python-versions"], _PRINTABLE
    for marker in _markers(table.get("markers")):
        yield "a marker", marker, _MARKER


def _markers(value: str | Mapping[str, str] | None) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value.values() if value else ()


def _source_problems(source: Mapping[str, Any]) -> Iterator[str]:
    is_git = source.get("type") == "git"
    rules = {
        "type": _SOURCE,
        "url": _TEXT,
        "reference": _REFERENCE if is_git else _TEXT,
        "resolved_reference": _COMMIT,
        "subdirectory": _SUBDIRECTORY,
    }
    for key, allowed in rules.items():
        if (text := source.get(key)) is not None and not re.fullmatch(allowed, text):
            wrong = "is no commit" if key == "resolved_reference" else "is not allowed"
            yield _invalid(f"the {key} of its source", wrong, text)


def _expected(file: Mapping[str, Any]) -> str:
    algorithm, _, _ = file["hash"].partition(":")
    digits = _DIGITS.get(algorithm)
    return f"is not {digits} hexadecimal digits" if digits else "has an unknown algorithm"


def _invalid(what: str, wrong: str, text: str) -> str:
    return f"{what} {wrong}: {in_quotes(text)}"
