"""Rendering the text of a lock exactly as Poetry does, but without a tomlkit document."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import tomlkit
from poetry.packages.locker import GENERATED_COMMENT
from tomlkit.items import InlineTable

from poetry_fti.bridge.internals.listing import plain_path_notice
from poetry_fti.bridge.internals.locker import lock_version
from poetry_fti.bridge.lock.text.common_tables import Rendered, rendered_tables
from poetry_fti.bridge.lock.written_lock import written_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.packages.transitive_package_info import TransitivePackageInfo

    from poetry_fti.bridge.lock.locker import StageLocker

# The tables of a package in their order.
_TABLES: Final = ("dependencies", "extras", "source")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def lock_text(
    locker: StageLocker,
    root: ProjectPackage,
    packages: dict[Package, TransitivePackageInfo],
) -> str:
    r"""Return the text that `Locker.set_lock_data` would write, to the byte, with `\n` line ends.

    The conditions of the lock, unless empty, follow as the table `[metadata.fti]`. If
    `plain_path_notice` gives a reason for it, Poetry's locker writes the text, which may raise
    OSError.
    """
    if plain_path_notice() is None:
        text = _text(locker, root, packages)
    else:
        text = written_text(locker.lock, locker.pyproject_data, root, packages)
    conditions = _sorted(locker.conditions)
    return text + "".join(_table("[metadata.fti]", conditions.items()) if conditions else ())


def _text(
    locker: StageLocker, root: ProjectPackage, packages: dict[Package, TransitivePackageInfo]
) -> str:
    tables = list(rendered_tables(locker, packages, _rendered))
    metadata = {
        "lock-version": lock_version(),
        "python-versions": root.python_versions,
        "content-hash": locker.content_hash,
    }
    extras = {
        extra: sorted(dependency.pretty_name for dependency in dependencies)
        for extra, dependencies in sorted(root.extras.items())
    }
    parts = [f"# {GENERATED_COMMENT}\n"]
    for table in tables:
        parts += _package(table)
    if not tables:
        parts.append("package = []\n")
    if extras:
        parts += _table("[extras]", extras.items())
    parts += _table("[metadata]", metadata.items())
    return "".join(parts)


def _rendered(key: str, value: Any) -> Rendered:  # noqa: ANN401 - any TOML value
    if key == "files":
        return Rendered(_value([dict(sorted(file.items())) for file in value]))
    if key == "dependencies":  # several requirements on a package are an array
        lines = {
            name: Rendered(_lines(each)) if isinstance(each, list) else each
            for name, each in value.items()
        }
        return Rendered("".join(_table(f"[package.{key}]", lines.items())))
    return Rendered("".join(_table(f"[package.{key}]", value.items())))


def _package(package: dict[str, Any]) -> Iterator[str]:
    # tomlkit writes tables after other values, and counts inline ones as tables.
    values = [item for item in package.items() if item[0] not in _TABLES]
    simple = [item for item in values if not isinstance(item[1], InlineTable)]
    inline = [item for item in values if isinstance(item[1], InlineTable)]
    yield from _table("[[package]]", simple + inline)
    for key in _TABLES:
        if key in package:
            value = package[key]
            yield value if isinstance(value, Rendered) else _rendered(key, value)


def _table(header: str, items: Iterable[tuple[str, Any]]) -> Iterator[str]:
    yield f"\n{header}\n"
    for key, value in items:
        yield f"{_key(key)} = {_value(value)}\n"


def _sorted(value: Any) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def _value(value: Any) -> str:  # noqa: ANN401 - any TOML value
    if isinstance(value, str):
        return value if isinstance(value, Rendered) else _string(value)
    if isinstance(value, dict):
        return _inline_table(value)
    if isinstance(value, list):
        return _array(value)
    return str(tomlkit.item(value).as_string())


def _inline_table(table: dict[str, Any]) -> str:
    return "{" + ", ".join([f"{_key(key)} = {_value(table[key])}" for key in table]) + "}"


def _array(values: list[Any]) -> str:
    if any(isinstance(each, dict) for each in values):
        return _lines(values)
    return f"[{', '.join(map(_value, values))}]"


def _lines(values: list[Any]) -> str:
    return "[\n" + "".join([f"    {_value(each)},\n" for each in values]) + "]"


def _string(text: str) -> str:
    if not text.isprintable():
        return tomlkit.item(text).as_string()
    # Most strings have neither character, and `in` costs less than `replace`.
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


@cache
def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else tomlkit.key(key).as_string()
