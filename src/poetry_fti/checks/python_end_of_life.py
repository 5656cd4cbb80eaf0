"""Check `python-end-of-life`: the Python of a stage still gets security fixes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.images import has_image, image_python, oldest_python
from poetry_fti.targets import version_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.targets import Minor

# The last day of the month in which support ends, by https://devguide.python.org/versions/ and the
# release schedules that it names (PEP 569, 596, 619, 664, 693, 719, 745 and 790).
_ENDS: Final[Mapping[Minor, date]] = {
    (3, 8): date(2024, 10, 31),
    (3, 9): date(2025, 10, 31),
    (3, 10): date(2026, 10, 31),
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
    (3, 15): date(2031, 10, 31),
}
_SOON: Final = timedelta(days=183)


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        python = image_python(stage) if has_image(stage) else oldest_python(stage)
        end = _ENDS.get(python) if python else None
        if python and end and end - project.today < _SOON:
            yield _finding(stage, python, end, is_past=end < project.today)


def _finding(stage: CheckedStage, python: Minor, end: date, *, is_past: bool) -> Finding:
    base, own = stage.stage.image.base, stage.stage.python
    verb, when = ("has had", "since") if is_past else ("gets", "after")
    if base and has_image(stage):
        because, path = f"the base image is {base}", stage.stage.image_key("base")
        fix = f"Choose a base image with a newer Python, and allow it in `python` of {stage.path}"
    elif own:
        because, path = f'{stage.path}.python is "{own}"', f"{stage.path}.python"
        fix = f"Raise the lower bound of {stage.path}.python"
    else:
        because, path = f'the project allows Python "{stage.python}"', stage.path
        fix = f"Raise the lower bound of `requires-python`, or set `python` of {stage.path}"
    return Finding(
        check="python-end-of-life",
        level="warning",
        stage=stage.name,
        message=(
            f"Python {version_text(python)}, the oldest that the stage runs on, {verb} no security"
            f" fixes {when} {end:%Y-%m}"
        ),
        because=because,
        fix=fix,
        path=path,
    )


CHECK: Final = Check(
    _find,
    "the Python of a stage gets security fixes for at least six more months",
    "Five years after its first release, a minor version of Python gets no more security fixes,"
    " and packages stop supporting it, mostly before that. The check looks at the Python in the"
    " name of the base image; if none is configured, at the oldest that the stage allows. If the"
    " name of the base image contains no version of Python, nothing is reported.\n\nRaise the"
    " lower bound of `python` or of `requires-python`, lock again, and test.",
)
