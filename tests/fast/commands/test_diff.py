"""`poetry fti diff`: all stages, as text, Markdown and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from fast.conftest import filled, project_in
from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

GROUPS: Final = {
    "feature": ["app"],
    "training": ["app", "lib<2", "tool"],
    "inference": ["app", "solo"],
}
TRAINING_IS_STALE: Final = (
    "Warning: fti/training/poetry.lock does not match pyproject.toml."
    " Run `poetry fti lock training`.\n"
)


@pytest.fixture(scope="module")
def _before(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("diff")) as project:
        project.index.offer(
            {
                "app 1.0": ["lib"],
                "lib 1.0": [],
                "lib 2.0": [],
                "part 1.0": [],
                "solo 3.0": ["part"],
                "tool 1.0": ["part", "deep"],
                "deep 1.0": [],
            }
        )
        project.write(pyproject(GROUPS))
        project.lock(aligned=False)
    return project


@pytest.fixture
def differing(_before: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """Three locked stages, of which `training` has an older version of `lib`."""
    return filled(demo, _before)


def test_all_stages_are_compared(differing: MemoryProject) -> None:
    assert run(differing, "diff") == Ended(
        0,
        """\
Packages in the stages
  Stage      Packages  Direct  Only in this stage
  feature    2         1       0
  training   5         3       2
  inference  4         2       1

3 packages are shared between stages, 1 at different versions:
  lib 2.0 in feature and inference, 1.0 in training
    training:  pyproject.toml requires lib <2
""",
    )


def test_all_stages_are_compared_in_markdown(differing: MemoryProject) -> None:
    assert run(differing, "diff", "--format", "markdown").output == (
        """\
### Dependencies of the stages

**Packages in the stages**

| Stage | Packages | Direct | Only in this stage |
| --- | --- | --- | --- |
| feature | 2 | 1 | 0 |
| training | 5 | 3 | 2 |
| inference | 4 | 2 | 1 |

3 packages are shared between stages, 1 at different versions.

**Different versions**

| Package | Versions | Reasons |
| --- | --- | --- |
| lib | 2.0 in feature and inference, 1.0 in training | \
training: pyproject.toml requires lib &#60;2 |
"""
    )


def test_all_stages_are_compared_as_json(differing: MemoryProject) -> None:
    assert json.loads(run(differing, "diff", "--format", "json").output) == {
        "stages": [
            {"stage": "feature", "packages": 2, "direct": 1, "alone": 0},
            {"stage": "training", "packages": 5, "direct": 3, "alone": 2},
            {"stage": "inference", "packages": 4, "direct": 2, "alone": 1},
        ],
        "comparison": {
            "shared": 3,
            "divergences": [
                {
                    "package": "lib",
                    "versions": [
                        {"versions": ["2.0"], "stages": ["feature", "inference"]},
                        {"versions": ["1.0"], "stages": ["training"]},
                    ],
                    "reasons": [{"stage": "training", "text": "pyproject.toml requires lib <2"}],
                }
            ],
        },
    }


def test_stale_locks_are_compared_as_they_are_and_missing_ones_left_out(
    differing: MemoryProject,
) -> None:
    differing.write(pyproject({**GROUPS, "training": ["app", "lib<2"]}))
    (differing.root / "fti/feature/poetry.lock").unlink()
    assert run(differing, "diff") == Ended(
        0,
        """\
Packages in the stages
  Stage      Packages  Direct  Only in this stage
  training   5         2       2
  inference  4         2       1

3 packages are shared between stages, 1 at different versions:
  lib 2.0 in inference, 1.0 in training
    training:  pyproject.toml requires lib <2
""",
        "Warning: fti/feature/poetry.lock is missing. Run `poetry fti lock feature`.\n"
        + TRAINING_IS_STALE,
    )


def test_a_project_without_locks_has_nothing_to_compare(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": ["app"]}))
    missing = "Warning: fti/training/poetry.lock is missing. Run `poetry fti lock training`.\n"
    assert run(demo, "diff") == Ended(0, "No stage has a lock that can be read.\n", missing)
    assert run(demo, "diff", "--format", "markdown").output == (
        "### Dependencies of the stages\n\nNo stage has a lock that can be read.\n"
    )


def test_an_unknown_format_is_an_error(differing: MemoryProject) -> None:
    message = 'Unknown report format "html" (known: text, json, markdown).\n'
    assert run(differing, "diff", "--format", "html") == Ended(2, "", message)
