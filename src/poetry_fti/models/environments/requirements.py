"""Requirements files: the versions that they pin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_REQUIREMENTS: Final = 20_000
_LONGEST: Final = 4096  # characters of a requirement without its hashes
_CONTINUED: Final = re.compile(r"\\\r?\n")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_OPTIONS: Final = re.compile(r"\s--(?:hash|global-option|config-settings?)\b.*", re.DOTALL)


def is_requirements(head: str) -> bool:
    """Return whether a text that begins with `head` is a requirements file."""
    whole_lines = head[: head.rfind("\n") + 1] or head
    lines = list(_lines(whole_lines))
    first = next((line for line in lines if not _is_skipped(line)), None)
    return bool(lines) and (first is None or _parsed(first) is not None)


def read_requirements(text: str) -> ModelRecord:
    """Return the pinned versions of a requirements file; other packages have no version.

    Options, URLs and paths are skipped. Raises MalformedError for what is no requirement.
    """
    return pins(_requirements(text))


def pins(requirements: Iterable[Requirement]) -> ModelRecord:
    """Return the versions that requirements pin with `==`; other packages have no version.

    A package that is pinned to several versions, for different environments, has none either.
    """
    found: dict[str, set[str | None]] = {}
    for each in requirements:
        found.setdefault(canonicalize_name(each.name), set()).add(_pin(each))
    versions = {name: pin for name, (pin, *more) in sorted(found.items()) if pin and not more}
    return ModelRecord(
        kind="requirements",
        versions=versions,
        packages=tuple(name for name in sorted(found) if name not in versions),
    )


def _requirements(text: str) -> Iterator[Requirement]:
    for count, line in enumerate(each for each in _lines(text) if not _is_skipped(each)):
        requirement = _parsed(line)
        if requirement is None:
            shown = line if len(line) < 100 else f"{line[:100]}…"  # noqa: PLR2004
            raise MalformedError(f"{shown!r} is not a requirement")
        if count >= _MOST_REQUIREMENTS:
            raise MalformedError(f"it has more than {_MOST_REQUIREMENTS:,} requirements")
        yield requirement


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that are not empty, without comments and options of requirements."""
    for line in _CONTINUED.sub(" ", text).splitlines():
        if stripped := _OPTIONS.sub("", _COMMENT.sub("", line)).strip():
            yield stripped


def _is_skipped(line: str) -> bool:
    """Return whether a line is an option, a URL or a path, as pip accepts them."""
    return line.startswith(("-", ".", "/")) or re.match(r"[a-z+]{2,20}://", line) is not None


def _parsed(line: str) -> Requirement | None:
    try:
        return Requirement(line) if len(line) <= _LONGEST else None
    except (InvalidRequirement, RecursionError):
        return None


def _pin(requirement: Requirement) -> str | None:
    if len(requirement.specifier) != 1:
        return None
    (specifier,) = requirement.specifier
    is_pin = specifier.operator in {"==", "==="} and not specifier.version.endswith(".*")
    return specifier.version if is_pin else None
