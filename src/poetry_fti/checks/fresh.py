"""Check `fresh`: the locks match pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks.shared.facts import CheckedProject


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        if stage.problem:
            message, _, fix = stage.problem.partition(". ")
            yield Finding(
                check="fresh",
                level="error",
                stage=stage.name,
                message=message,
                fix=fix.removesuffix("."),
                path=stage.path,
            )


CHECK: Final = Check(
    _find,
    "each stage's lock matches pyproject.toml",
    "A lock that does not match pyproject.toml installs what was required before, and `export`"
    " refuses it. All other checks look at the lock as it is, so their findings may be outdated,"
    " too.\n\nRun `poetry fti lock` and commit the locks.",
)
