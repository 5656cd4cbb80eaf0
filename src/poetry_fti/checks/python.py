"""Check `python`: base image, environment and project fit the Python of each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.base_images import base_python
from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.images import has_image, image_python, is_own_base, oldest_python
from poetry_fti.targets import python_minors, version_text
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.version import Version

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage

_UNUSABLE: Final = "other Python"


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        yield from _base_image(stage)
        yield from _requirement(stage, project.python)
        yield from _environment(stage, project)


def _base_image(stage: CheckedStage) -> Iterator[Finding]:
    image = stage.stage.image
    if not image.base or is_own_base(stage) or not has_image(stage):
        return
    release = base_python(image.base)
    if release is not None and not _fits(release, SpecifierSet(stage.python)):
        key = stage.stage.image_key("base")
        yield Finding(
            check="python",
            level="error",
            stage=stage.name,
            message=f"the base image has Python {release}, which the stage does not allow",
            because=f'{key} is {image.base}, and the stage is locked for Python "{stage.python}"',
            fix=f"Set {key} or {stage.path}.python so that they agree",
            path=key,
        )


def _fits(release: Version, python: SpecifierSet) -> bool:
    """Return whether specifiers allow a version of Python; a tag such as 3.12 has any patch."""
    if len(release.release) == len("xy"):
        return (release.major, release.minor) in python_minors(python)
    return release in python


def _requirement(stage: CheckedStage, project: str) -> Iterator[Finding]:
    """Yield a finding on a stage that runs on a Python for which the project is not made."""
    own, allowed = stage.stage.python, set(python_minors(SpecifierSet(project)))
    minors = python_minors(SpecifierSet(stage.python))
    named = image_python(stage) if has_image(stage) else None
    runs_on = named if named in minors else oldest_python(stage)
    if own is None or runs_on is None or not allowed or runs_on in allowed:
        return
    is_disjoint = allowed.isdisjoint(minors)
    yield Finding(
        check="python",
        level="error" if is_disjoint else "warning",
        stage=stage.name,
        message=f"the stage runs on Python {version_text(runs_on)}, which the project excludes",
        because=f'{stage.path}.python is "{own}", and the project requires Python "{project}"',
        fix=f"Set {stage.path}.python or the project's `requires-python` so that they agree",
        path=f"{stage.path}.python",
    )


def _environment(stage: CheckedStage, project: CheckedProject) -> Iterator[Finding]:
    found = [each for each in project.environments() if each.stage == stage.name]
    if found and all(each.state == _UNUSABLE for each in found):
        env = found[0]
        yield Finding(
            check="python",
            level="warning",
            stage=stage.name,
            message=(
                f"the environment {in_one_line(env.name)} has Python {env.python}, which the stage"
                " does not allow"
            ),
            because=f'the stage requires Python "{stage.python}"',
            fix=f"Recreate it with `poetry fti install {stage.name}`",
            path=stage.path,
        )


CHECK: Final = Check(
    _find,
    "base image, environment and project allow the Python of each stage",
    "A stage is locked for the versions of Python that its `python` or the project's"
    " `requires-python` allows. The check compares them with the Python in the name of the base"
    " image, with that of the stage's environment, and with what the project's own code requires:"
    " by default, the image has the oldest Python that the stage allows. If the name of the base"
    " image contains no version of Python, nothing is reported.\n\nChange `python`, the base image"
    " or `requires-python` so that they agree.",
)
