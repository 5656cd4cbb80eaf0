"""`poetry fti why` with locks that each supported version of Poetry has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

HINT: Final = "\nRun poetry fti why {} --newest to find out what prevents newer versions.\n"


@pytest.mark.every_minor
def test_requirements_in_all_stages_and_through_extras(poetry: Poetry, locked_tiny: Path) -> None:
    assert (
        poetry.ok(locked_tiny, "fti", "why", "alpha")
        == """\
feature: alpha 1.5
  sparkish 3.5 requires alpha <2
    group feature -> sparkish

training: alpha 2.0
  boosting 1.0 requires alpha >=1.5
    group training -> boosting
  torchish 2.1 requires alpha >=2
    group training -> torchish

inference: alpha 2.0
  boosting 1.0 requires alpha >=1.5
    group inference -> boosting
"""
        + HINT.format("alpha")
    )
    assert (
        poetry.ok(locked_tiny, "fti", "why", "drawing", "training", "--all")
        == """\
training: drawing 0.3
  boosting[plot] 1.0 requires drawing ==0.3
    group training -> boosting[plot]
"""
        + HINT.format("drawing training")
    )
    assert (
        poetry.ok(locked_tiny, "fti", "why", "Dotted.Name_Pkg", "feature")
        == """\
feature: dotted-name-pkg 1.0
  pyproject.toml requires dotted-name-pkg (project dependencies)
"""
        + HINT.format("dotted-name-pkg feature")
    )


def test_packages_that_no_selected_stage_contains(poetry: Poetry, locked_tiny: Path) -> None:
    absent = poetry(locked_tiny, "fti", "why", "drawing", "inference")
    assert (absent.code, absent.output, absent.errors) == (
        1,
        """\
What could add it:
  inference: boosting 1.0 requires drawing ==0.3 with the extra "plot"
""",
        "inference does not contain drawing, but training does.\n",
    )
    misspelled = poetry(locked_tiny, "fti", "why", "alfa")
    assert (misspelled.code, misspelled.output, misspelled.errors) == (
        1,
        "",
        'No stage contains alfa; did you mean "alpha"?\n',
    )
    unknown = poetry(locked_tiny, "fti", "why", "alpha", "serving")
    assert unknown.code == 2
    assert 'There is no stage "serving"' in unknown.errors


@pytest.mark.every_minor
def test_what_prevents_newer_versions(poetry: Poetry, locked_tiny: Path) -> None:
    assert (
        poetry.ok(locked_tiny, "fti", "why", "alpha", "--newest")
        == """\
feature: alpha 1.5
  sparkish 3.5 requires alpha <2
    group feature -> sparkish
  2.0, the newest release, which training and inference have, is possible if this changes:
    sparkish 3.5 requires alpha <2

training: alpha 2.0
  boosting 1.0 requires alpha >=1.5
    group training -> boosting
  torchish 2.1 requires alpha >=2
    group training -> torchish
  2.0 is the newest release

inference: alpha 2.0
  boosting 1.0 requires alpha >=1.5
    group inference -> boosting
  2.0 is the newest release
"""
    )
