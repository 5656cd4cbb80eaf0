"""The licenses that a package declares in its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from poetry_fti.exporters.sbom.classifiers import SPDX
from poetry_fti.model.licenses import License
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model.licenses import LicenseMetadata

# Longer texts are neither an expression nor a name.
_LONGEST: Final = 200  # characters
_ELLIPSIS: Final = "…"
# What setuptools wrote for a missing field.
_MISSING: Final = "UNKNOWN"
# Classifiers that name no license.
_GENERIC: Final = ("License :: OSI Approved", "License :: DFSG approved")
_SEPARATOR: Final = " :: "


def declared_licenses(metadata: LicenseMetadata) -> tuple[License, ...]:
    """Return the licenses in a package's metadata; an empty tuple if it names none.

    They are those of `License-Expression`, else of `License`, else of the classifiers. How several
    classifiers relate to each other is not known. The first line stands for a text of several
    lines, unless it is a copyright notice and there are classifiers.
    """
    expression = metadata.expression.strip()
    if expression:
        return (_license(expression),)
    classified = tuple(dict.fromkeys(_classified(metadata.classifiers)))
    lines = [each.strip(" \t|") for each in metadata.text.splitlines()]
    lines = [line for line in lines if any(map(str.isalnum, line))]  # others underline titles
    if not lines or lines == [_MISSING]:
        return classified
    if len(lines) > 1 and classified and not _is_title(lines[0]):
        return classified
    return (_titled(lines[0], metadata.classifiers) or _license(lines[0]),)


def _license(text: str) -> License:
    if len(text) <= _LONGEST:
        try:
            return License(canonicalize_license_expression(text), is_spdx=True)
        except InvalidLicenseExpression:
            pass
    return _named(text)


def _named(text: str) -> License:
    name = in_one_line(text)
    short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + _ELLIPSIS
    return License(short, is_spdx=False)


def _is_title(line: str) -> bool:
    return len(line) <= _LONGEST and not line.lower().startswith("copyright")


def _titled(line: str, classifiers: Iterable[str]) -> License | None:
    """Return the license of the classifier that a line repeats, such as `ISC License`.

    The abbreviation in parentheses that follows in some classifiers may be missing.
    """
    for title in map(_title, classifiers):
        names = (title.casefold(), title.casefold().partition(" (")[0])
        if title in SPDX and line.casefold() in names:
            return License(SPDX[title], is_spdx=True)
    return None


def _classified(classifiers: Iterable[str]) -> Iterator[License]:
    for each in classifiers:
        if each.strip() not in _GENERIC:
            title = _title(each)
            spdx = SPDX.get(title)
            if spdx:
                yield License(spdx, is_spdx=True)
            elif title:
                yield _named(title)


def _title(classifier: str) -> str:
    return classifier.rpartition(_SEPARATOR)[2].strip()
