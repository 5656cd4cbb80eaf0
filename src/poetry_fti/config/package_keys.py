"""The keys of `[tool.fti]` that name packages: alignment rules and overrides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.model import LEVELS, Rule

if TYPE_CHECKING:
    from poetry_fti.config.table import Table

_PACKAGE: Final = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE | re.ASCII)
_PATTERN: Final = re.compile(
    r"[A-Z0-9*?]|[A-Z0-9*?][A-Z0-9._*?-]*[A-Z0-9*?]", re.IGNORECASE | re.ASCII
)


def read_align(table: Table) -> tuple[Rule, ...]:
    """Return the rules of `[[tool.fti.align]]`; a rule without stages applies to all of them."""
    return tuple(map(_rule, table.tables("align", keys=("stages", "packages", "level"))))


def _rule(table: Table) -> Rule:
    rule = Rule(
        stages=_stages(table),
        packages=_packages(table),
        level=table.choice("level", LEVELS) or "exact",
    )
    if len(rule.stages) == 1 and not rule.is_exemption:
        message = f'has no effect: "{rule.stages[0]}" is the only stage that it names'
        table.wrong("stages", message)
    return rule


def _stages(rule: Table) -> tuple[str, ...]:
    names = rule.whole_strings("stages")
    rule.not_empty("stages", "a rule that binds every stage")
    for index, name in enumerate(names):
        if name in names[:index]:
            rule.wrong("stages", f'"{name}" is listed twice', index=index)
    return names


def _packages(rule: Table) -> tuple[str, ...]:
    patterns = rule.whole_strings("packages")
    if "packages" not in rule:
        rule.wrong("packages", 'is missing: names of packages, such as "numpy" or "nvidia-*"')
    elif rule.is_empty("packages"):
        rule.wrong("packages", "is empty; a rule must name a package")
    normalized: list[str] = [canonicalize_name(pattern) for pattern in patterns]
    for index, pattern in enumerate(patterns):
        if not _PATTERN.fullmatch(pattern):
            message = f'"{pattern}" is not a package name such as "numpy" or "nvidia-*"'
            rule.wrong("packages", message, index=index)
        elif normalized[index] in normalized[:index]:
            rule.wrong("packages", f'"{pattern}" is listed twice', index=index)
    return tuple(sorted(set(normalized)))


def read_overrides(parent: Table) -> tuple[tuple[str, str], ...]:
    """Return the pairs of package name and constraint in `overrides`, each package once.

    Names and constraints are as the user has written them.
    """
    found: dict[str, tuple[str, str]] = {}
    pairs = parent.pairs("overrides")
    table = parent.child({}, "overrides", keys=())
    for name, constraint in pairs:
        other, _ = found.setdefault(canonicalize_name(name), (name, constraint))
        if not _PACKAGE.fullmatch(name):
            table.wrong(name, "is not a package name")
        elif canonicalize_name(name) == "python":
            table.wrong(name, "is not a package; set the stage's Python with its key `python`")
        elif other != name:
            table.wrong(name, f'is the same package as "{other}"')
    return tuple(found.values())
