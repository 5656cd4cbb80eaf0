"""pylock.toml files (PEP 751): writing and reading their text."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import tomlkit
from packaging.pylock import Pylock, PylockValidationError
from packaging.version import Version
from tomlkit.exceptions import TOMLKitError

from poetry_fti.errors import FtiError

if sys.version_info >= (3, 11):
    # tomlkit takes seconds to parse the thousands of files that a lock lists.
    from tomllib import loads as _loads
else:

    def _loads(text: str) -> dict[str, Any]:
        return tomlkit.parse(text).unwrap()


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.markers import Marker
    from packaging.pylock import Package
    from packaging.specifiers import SpecifierSet

CREATED_BY: Final = "poetry-fti"
# Line breaks for Python and many editors, though not for TOML, which does not need to escape them.
_BREAKS: Final = re.compile("[\x80-\x9f\u2028\u2029]")


def pylock_text(
    header: str,
    packages: Sequence[Package],
    *,
    environments: Sequence[Marker],
    requires_python: SpecifierSet,
    dependency_groups: Sequence[str] | None = None,
) -> str:
    """Return the text of a lock file; raises FtiError for content that PEP 751 does not allow."""
    lock = Pylock(
        lock_version=Version("1.0"),
        environments=environments or None,
        requires_python=requires_python if len(requires_python) else None,
        dependency_groups=dependency_groups,
        created_by=CREATED_BY,
        packages=packages,
    )
    try:
        lock.validate()
    except PylockValidationError as error:
        raise FtiError(
            f"The lock cannot be written as a pylock file (PEP 751): {error}."
        ) from error
    return "\n".join([header, *_lines(lock.to_dict())]) + "\n"


def parse_pylock(text: str) -> Pylock | None:
    """Return the lock file with this text, or None if the text is not a valid lock file."""
    try:
        return Pylock.from_dict(_loads(text))
    except (ValueError, RecursionError, TOMLKitError, PylockValidationError):
        return None


def _lines(lock: Mapping[str, Any]) -> Iterable[str]:
    for key, value in lock.items():
        if key != "packages" or not value:
            yield f"{key} = {_toml(value)}"
    for package in lock["packages"]:
        yield "\n[[packages]]"
        yield from (f"{key} = {_toml(value)}" for key, value in package.items())


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        items = (f"{tomlkit.key(key).as_string()} = {_toml(item)}" for key, item in value.items())
        return f"{{ {', '.join(items)} }}"
    if isinstance(value, list | tuple):
        return "\n".join(["[", *(f"    {_toml(item)}," for item in value), "]"]) if value else "[]"
    if isinstance(value, str):
        # Literal strings keep markers, which contain quotes, readable.
        literal = '"' in value and "'" not in value and value.isprintable()
        text = tomlkit.string(value, literal=literal).as_string()
        return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return tomlkit.item(value).as_string()
