"""The keys that name packages: alignment rules, overrides, exclusions and constraints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from poetry_fti.config.table import Table
    from poetry_fti.model.constraint import Constraint
    from poetry_fti.model.rule import Rule

_PACKAGE: Final = r"(?ai)[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]"
_EXTRA: Final = r"\bextras?\b"
_PATTERN: Final = r"(?ai)[A-Z0-9*?]|[A-Z0-9*?][A-Z0-9._*?-]*[A-Z0-9*?]"


def read_align(table: Table) -> tuple[Rule, ...]:
    """Return the rules of `[[tool.fti.align]]`; a rule without stages applies to all of them."""
    return tuple(map(_rule, table.tables("align", keys=("stages", "packages", "level"))))


def _rule(table: Table) -> Rule:
    from poetry_fti.model.rule import LEVELS, Rule  # noqa: PLC0415 - rarely needed

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
    if "packages" not in rule:
        rule.wrong("packages", 'is missing: names of packages, such as "numpy" or "nvidia-*"')
    elif rule.is_empty("packages"):
        rule.wrong("packages", "is empty; a rule must name a package")
    return tuple(sorted(set(_patterns(rule, "packages"))))


def read_forbid(stage: Table) -> tuple[str, ...]:
    """Return the patterns in `forbid`, normalized, in their order."""
    return tuple(_patterns(stage, "forbid"))


def pattern_problem(text: str) -> str:
    """Return why a text is no name of a package with wildcards; empty if it is one."""
    if re.fullmatch(_PATTERN, text):
        return ""
    return f'"{text}" is not a package name such as "numpy" or "nvidia-*"'


def _patterns(table: Table, key: str) -> list[str]:
    patterns = table.whole_strings(key)
    normalized: list[str] = [canonicalize_name(pattern) for pattern in patterns]
    for index, pattern in enumerate(patterns):
        if problem := pattern_problem(pattern):
            table.wrong(key, problem, index=index)
        elif normalized[index] in normalized[:index]:
            table.wrong(key, f'"{pattern}" is listed twice', index=index)
    return normalized


def read_overrides(parent: Table) -> tuple[tuple[str, str], ...]:
    """Return the pairs of package name and constraint in `overrides`, each package once.

    Names and constraints are as the user has written them.
    """
    found: dict[str, tuple[str, str]] = {}
    pairs = parent.pairs("overrides")
    table = parent.child({}, "overrides", keys=())
    for name, constraint in pairs:
        other, _ = found.setdefault(canonicalize_name(name), (name, constraint))
        if not re.fullmatch(_PACKAGE, name):
            table.wrong(name, "is not a package name")
        elif canonicalize_name(name) == "python":
            table.wrong(name, "is not a package; set the stage's Python with its key `python`")
        elif other != name:
            table.wrong(name, f'is the same package as "{other}"')
    return tuple(found.values())


def read_exclude(stage: Table) -> tuple[NormalizedName, ...]:
    """Return the names of the packages in `exclude`, in their order."""
    names = stage.distinct("exclude", canonicalize_name) or ()
    for index, name in enumerate(names if stage.whole_strings("exclude") else ()):
        if not re.fullmatch(_PACKAGE, name):
            stage.wrong("exclude", f'"{name}" is not a package name', index=index)
    return tuple(map(canonicalize_name, names))


def read_constraints(parent: Table) -> tuple[Constraint, ...]:
    """Return the bounds in the array `constraints` of `[tool.fti]` or of a stage."""
    found: list[Constraint] = []
    for index, text in enumerate(parent.whole_strings("constraints")):
        read = _constraint(text, parent.path("constraints", index=index))
        if isinstance(read, str):
            parent.wrong("constraints", f'"{text}" {read}', index=index)
        else:
            found.append(read)
    return tuple(found)


def _constraint(text: str, path: str) -> Constraint | str:
    """Return the bound that a text contains, or what is wrong with the text."""
    from poetry_fti.model.constraint import Constraint  # noqa: PLC0415 - rarely needed

    try:
        read = Requirement(text)
    except InvalidRequirement:
        return 'is not a requirement (PEP 508) such as "urllib3>=2.6.3"'
    name, marker = canonicalize_name(read.name), str(read.marker or "")
    if read.url:
        return "has a URL; a constraint only limits versions"
    if read.extras or re.search(_EXTRA, marker):
        return "has an extra; a constraint only limits versions"
    if not read.specifier:
        return 'allows every version; add a bound, such as ">=2"'
    if name == "python":
        return "is not a package; set a stage's Python with its key `python`"
    return Constraint(path, name, str(read.specifier), marker)
