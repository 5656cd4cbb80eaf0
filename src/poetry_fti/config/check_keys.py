"""The keys of `poetry fti check`: severities and waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.config.package_keys import pattern_problem
from poetry_fti.model import CHECKS, SEVERITIES, CheckSettings, Waiver

if TYPE_CHECKING:
    from poetry_fti.config.table import Table
    from poetry_fti.model import Severity

_SKEW_KEYS: Final = ("severity", "feature-transformers")
_WAIVER_KEYS: Final = ("check", "package", "stages", "reason", "expires")


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


def read_severities(stage: Table) -> tuple[tuple[str, Severity], ...]:
    """Return the severities in the table `check` of a stage."""
    return _severities(stage.child(stage.table("check"), "check", keys=CHECKS))


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
    package = table.string("package") or ""
    if package and (problem := pattern_problem(package)):
        table.wrong("package", problem)
    return Waiver(
        path=table.path(None),
        check=check or "",
        reason=reason or "",
        package=canonicalize_name(package),
        stages=table.whole_strings("stages"),
        expires=table.date("expires"),
    )
