"""The keys of `poetry fti check`: severities, waivers and the limit of the download size."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.config.package_keys import pattern_problem
from poetry_fti.model.check import CHECKS, SEVERITIES, CheckSettings, Waiver
from poetry_fti.model.problem import Problem
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from poetry_fti.config.table import Table
    from poetry_fti.model.check import Severity

_SKEW_KEYS: Final = ("severity", "feature-transformers")
_WAIVER_KEYS: Final = ("check", "package", "stages", "reason", "expires")
_SIZE: Final = r"(?a)(\d{1,6}(?:\.\d{1,3})?) ?(kB|MB|GB|TB|KiB|MiB|GiB|TiB)"
_UNITS: Final = {
    **{unit: 1000**power for power, unit in enumerate(("kB", "MB", "GB", "TB"), start=1)},
    **{unit: 1024**power for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB"), start=1)},
}


def read_check(parent: Table) -> CheckSettings:
    """Return the settings of the table `[tool.fti.check]`."""
    table = parent.child(parent.table("check"), "check", keys=(*CHECKS, "waivers"))
    skew = None
    # The other settings of a check are in a table, which has its severity, too.
    if table.is_table("skew"):
        skew = table.child(table.table("skew"), "skew", keys=_SKEW_KEYS)
    return CheckSettings(
        severities=_severities(table, skew),
        waivers=tuple(map(_waiver, table.tables("waivers", _WAIVER_KEYS))),
        feature_transformers=skew is not None and skew.boolean("feature-transformers") is True,
    )


def waiver_problems(settings: CheckSettings, names: Collection[str]) -> Iterator[Problem]:
    """Yield a problem for each stage of a waiver that is none of the project's, by their names."""
    for waiver in settings.waivers:
        for position, name in enumerate(waiver.stages):
            if name not in names:
                message = f'there is no stage "{name}"{suggestion(name, names)}'
                yield Problem(f"{waiver.path}.stages[{position}]", message)


def read_severities(stage: Table) -> tuple[tuple[str, Severity], ...]:
    """Return the severities in the table `check` of a stage."""
    return _severities(stage.child(stage.table("check"), "check", keys=CHECKS))


def read_size(stage: Table, key: str) -> int | None:
    """Return a size in bytes that is written with a unit; None for a missing or invalid one."""
    message = 'is not a size such as "400 MB" or "1.5 GiB"'
    match = stage.match(key, _SIZE, message)
    size = int(Decimal(match[1]) * _UNITS[match[2]]) if match else None
    if match and not size:
        stage.wrong(key, f'"{match[0]}" {message}')
    return size or None


def _severities(table: Table, skew: Table | None = None) -> tuple[tuple[str, Severity], ...]:
    found = ((check, _severity(table, check, skew)) for check in CHECKS)
    return tuple((check, severity) for check, severity in found if severity is not None)


def _severity(table: Table, check: str, skew: Table | None) -> Severity | None:
    if check == "skew" and skew is not None:
        return skew.choice("severity", SEVERITIES)
    return table.choice(check, SEVERITIES)


def _waiver(table: Table) -> Waiver:
    check, reason = table.choice("check", CHECKS), table.string("reason")
    if "check" not in table:
        table.wrong("check", "is missing: the check whose findings are waived")
    if "reason" not in table:
        table.wrong("reason", "is missing: why the findings are accepted")
    elif reason is not None and not reason.strip():
        table.wrong("reason", "is empty; say why the findings are accepted")
    package = table.string("package")
    if package is not None and (problem := pattern_problem(package)):
        table.wrong("package", problem)
    return Waiver(
        path=table.path(None),
        check=check or "",
        reason=reason or "",
        package=canonicalize_name(package or ""),
        stages=table.whole_strings("stages"),
        expires=table.date("expires"),
    )
