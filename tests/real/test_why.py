"""`poetry fti why` with locks that each supported version of Poetry has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.every_minor


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
    )
    assert (
        poetry.ok(locked_tiny, "fti", "why", "drawing", "training", "--all")
        == """\
training: drawing 0.3
  boosting[plot] 1.0 requires drawing ==0.3
    group training -> boosting[plot]
"""
    )
    assert (
        poetry.ok(locked_tiny, "fti", "why", "Dotted.Name_Pkg", "feature")
        == """\
feature: dotted-name-pkg 1.0
  pyproject.toml requires dotted-name-pkg (project dependencies)
"""
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
