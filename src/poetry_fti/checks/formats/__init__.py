"""Forms of a list of findings that other tools read: a module for each, imported when used.

A format's module has the name of the format in `REPORT_FORMATS` and a function `render`, which
returns the text of a `Report`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from poetry_fti.checks import Finding
    from poetry_fti.checks.settings import Waived

REPORT_FORMATS: Final = ("json",)
_PACKAGE: Final = __name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is rendered.

    Attributes:
        findings: the findings, in the order in which they are shown.
        waived: those that are accepted.
        checks: the checks that ran.
        pyproject: the text of pyproject.toml, in which paths are looked up.
    """

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    checks: tuple[str, ...]
    pyproject: str


def load_format(name: str) -> Callable[[Report], str]:
    """Return the function that renders a report in a format of `REPORT_FORMATS`."""
    render: Callable[[Report], str] = resolve_name(f"{_PACKAGE}.{name}:render")
    return render
