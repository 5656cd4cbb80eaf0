"""`poetry fti diff`: all stages and two of them, as text, Markdown and JSON."""

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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
        "warnings": [],
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
        "### Dependencies of the stages\n\nNo stage has a lock that can be read.\n\n"
        "- fti/training/poetry.lock is missing. Run &#96;poetry fti lock training&#96;.\n"
    )
    reported = json.loads(run(demo, "diff", "--format", "json").output)
    assert reported == {
        "stages": [],
        "comparison": {"shared": 0, "divergences": []},
        "warnings": ["fti/training/poetry.lock is missing. Run `poetry fti lock training`."],
    }


def test_an_unknown_format_is_an_error(differing: MemoryProject) -> None:
    message = 'Unknown report format "html" (known: text, json, markdown).\n'
    assert run(differing, "diff", "--format", "html") == Ended(2, "", message)


def test_two_stages_are_compared(differing: MemoryProject) -> None:
    assert run(differing, "diff", "training", "inference") == Ended(
        0,
        """\
training (5 packages, 5 kB) and inference (4 packages, 4 kB) share 3 packages, 1 of them at \
different versions.

Different versions
  Package  training  inference  Required            Reasons
  lib      1.0       2.0        direct in training  training: pyproject.toml requires lib <2

Only in training: 2 packages
  Package  Version  Required by     Download
  tool     1.0      pyproject.toml  1 kB
  deep     1.0      tool            1 kB

Only in inference: 1 package
  Package  Version  Required by     Download
  solo     3.0      pyproject.toml  1 kB
""",
    )


def test_two_stages_are_compared_in_markdown(differing: MemoryProject) -> None:
    assert run(differing, "diff", "inference", "feature", "--format", "markdown").output == (
        """\
### inference and feature

inference (4 packages, 4 kB) and feature (2 packages, 2 kB) share 2 packages, all at the same \
version.

**Only in inference: 2 packages**

| Package | Version | Required by | Download |
| --- | --- | --- | --- |
| solo | 3.0 | pyproject.toml | 1 kB |
| part | 1.0 | solo | 1 kB |
"""
    )


def test_two_stages_are_compared_as_json(differing: MemoryProject) -> None:
    assert json.loads(
        run(differing, "diff", "inference", "training", "--format", "json").output
    ) == {
        "first": {"stage": "inference", "packages": 4, "size": 4000},
        "second": {"stage": "training", "packages": 5, "size": 5000},
        "shared": 3,
        "different": [
            {
                "package": "lib",
                "first": {
                    "versions": ["2.0"],
                    "direct": False,
                    "required_by": ["app"],
                    "size": 1000,
                },
                "second": {"versions": ["1.0"], "direct": True, "required_by": [], "size": 1000},
                "reasons": [{"stage": "training", "text": "pyproject.toml requires lib <2"}],
            }
        ],
        "only_in_first": [
            {
                "package": "solo",
                "versions": ["3.0"],
                "direct": True,
                "required_by": [],
                "size": 1000,
            }
        ],
        "only_in_second": [
            {
                "package": "deep",
                "versions": ["1.0"],
                "direct": False,
                "required_by": ["tool"],
                "size": 1000,
            },
            {
                "package": "tool",
                "versions": ["1.0"],
                "direct": True,
                "required_by": [],
                "size": 1000,
            },
        ],
        "skew": [],
        "warnings": [],
    }


def test_unknown_sizes_are_left_out(differing: MemoryProject) -> None:
    differing.clear_cache()
    output = run(differing, "diff", "training", "inference").output
    first, *_, last = output.splitlines()
    assert first.startswith("training (5 packages) and inference (4 packages) share 3 packages,")
    assert last == "  solo     3.0      pyproject.toml"


@pytest.mark.slow
def test_skew_between_two_stages_is_reported(demo: MemoryProject) -> None:
    groups = {"training": ["xgboost==3.0"], "inference": ["xgboost<3"]}
    demo.index.offer({"xgboost 1.7": [], "xgboost 3.0": []})
    demo.write(pyproject(groups))
    demo.lock()
    assert run(demo, "diff", "training", "inference").output == (
        """\
training (1 package, 1 kB) and inference (1 package, 1 kB) share 1 package, at different versions.

Different versions
  Package  training  inference  Required  Reasons
  xgboost  3.0       1.7        direct    inference: pyproject.toml requires xgboost <3

Version skew
  Level  Package  What breaks
  error  xgboost  What training saves with xgboost 3.0, inference loads with xgboost 1.7: pickled \
scikit-learn wrappers of xgboost 2 and later cannot be used in 1.7 and older
"""
    )
    waiver = '[[tool.fti.check.waivers]]\ncheck = "skew"\nreason = "no pickles"\n'
    demo.write(pyproject(groups, waiver))
    assert "skew" not in run(demo, "diff", "training", "inference").output


@pytest.mark.slow
def test_two_stages_need_locks_that_can_be_read(differing: MemoryProject) -> None:
    lock = differing.root / "fti/feature/poetry.lock"
    lock.unlink()
    missing = "fti/feature/poetry.lock is missing. Run `poetry fti lock feature`.\n"
    assert run(differing, "diff", "feature", "training") == Ended(1, "", missing)
    lock.write_text("damaged", encoding="utf-8")
    ended = run(differing, "diff", "training", "feature")
    assert (ended.code, ended.output) == (1, "")
    assert ended.errors.startswith("fti/feature/poetry.lock cannot be read: it is not valid TOML")


@pytest.mark.slow
def test_two_stages_that_exist_have_to_be_named(differing: MemoryProject) -> None:
    wrong = (
        "Name two stages to compare them, or none to compare all stages. To compare stages with a"
        " git revision, add `--since REV`.\n"
    )
    assert run(differing, "diff", "training") == Ended(2, "", wrong)
    assert run(differing, "diff", "training", "inference", "feature") == Ended(2, "", wrong)
    twice = 'The stage "training" is named twice. Name two stages.\n'
    assert run(differing, "diff", "training", "training") == Ended(2, "", twice)
    unknown = 'There is no stage "trainig"; did you mean "training"? (stages:'
    ended = run(differing, "diff", "trainig", "feature")
    assert (ended.code, ended.errors.startswith(unknown)) == (2, True)
