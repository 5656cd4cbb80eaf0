"""The settings of `poetry fti check` (`[tool.fti.check]`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from datetime import date

# Each name is that of a module in `poetry_fti.checks`, with `_` for `-`. They are listed here so
# that reading the configuration does not import the modules. Checks run in this order.
CHECKS: Final = (
    "fresh",
    "exported",
    "installed",
    "align",
    "skew",
    "forbid",
    "platforms",
    "size",
    "accelerator",
    "base-image",
    "python",
    "python-end-of-life",
    "source",
    "yanked",
    "unpinned-direct",
    "orphans",
    "unused-group",
)

Severity: TypeAlias = Literal["error", "warning", "off"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Findings that are accepted for a time.

    `path` is that of the waiver in pyproject.toml. An empty `package` or `stages` stands for all;
    `package` may contain the wildcards `*` and `?`. The waiver is valid to the end of `expires`,
    and forever if that is None.
    """

    path: str
    check: str
    reason: str
    package: str = ""
    stages: tuple[str, ...] = ()
    expires: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """The table `[tool.fti.check]`.

    Attributes:
        severities: pairs of a check and the severity of its findings, for checks that have one.
        waivers: the findings that are accepted.
        feature_transformers: whether feature stages save objects, such as fitted scalers, that
            training and inference stages load.
    """

    severities: tuple[tuple[str, Severity], ...] = ()
    waivers: tuple[Waiver, ...] = ()
    feature_transformers: bool = False
