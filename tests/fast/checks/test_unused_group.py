"""Check `unused-group`: dependency groups that no stage uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

import checked
from memory_commands import Ended, run
from poetry_fti.checks import load_check
from poetry_fti.checks.shared.facts import UnusedGroup
from poetry_fti.operations.check.groups import unused_groups
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject


def findings(name: str, *, isolated: bool = False, optional: bool = False) -> list[str]:
    """Return the findings on an unused group of a project with the stage churn-scoring."""
    group = UnusedGroup(name=canonicalize_name(name), path="the path", is_optional=optional)
    stage = checked.stage("inference", {}, name="churn-scoring")
    project = replace(checked.project(stage), unused_groups=(group,), is_isolated=isolated)
    return [
        f"{each.stage} {each.path}: {each.level}: {each.message}. {each.because}. {each.fix}"
        for each in load_check("unused-group").find(project)
    ]


def finding(name: str, because: str) -> str:
    return (
        f"None the path: warning: no stage uses the dependency group {name}, so no stage's lock"
        f" contains its packages. {because}. Add it to `groups` of a stage or include it in a"
        " stage's group, or remove it"
    )


@pytest.mark.parametrize("name", ["dev", "lint", "training-tests", "dev-inference", "e2e", "docs"])
@pytest.mark.parametrize("isolated", [True, False])
def test_groups_for_development_are_no_findings(name: str, isolated: bool) -> None:  # noqa: FBT001
    assert findings(name, isolated=isolated) == []


def test_groups_that_poetry_installs_are_findings_only_if_stages_are_isolated() -> None:
    assert findings("plots") == []
    assert findings("plots", isolated=True, optional=True) == []
    because = "with `isolated`, groups are for stages or for development"
    assert findings("plots", isolated=True) == [finding("plots", because)]


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("training-gpu", 'its name contains "training"'),
        ("churn-scoring-extras", 'its name contains "churn-scoring"'),
        ("trainning", '"trainning" is similar to "training"'),
        ("my-features", '"features" is similar to "feature"'),
    ],
)
def test_groups_that_are_named_like_a_stage_are_findings(name: str, because: str) -> None:
    assert findings(name, optional=True) == [finding(name, because)]


def test_groups_that_a_stage_reaches_are_used(demo: MemoryProject) -> None:
    groups = """
gpu-training = ["app", { include-group = "training-base" }]
training-base = []
dev = [{ include-group = "inference-client" }]
inference-client = []
"Feature_Store" = []
[tool.poetry.group.feature-cache]
optional = true
"""
    tables = f"{groups}[tool.fti.stages.training]\ngroups = ['training', 'gpu-training']\n"
    demo.index.offer({"app 1.0": []})
    demo.write(pyproject({"training": ["app"]}, tables))
    demo.lock()
    assert run(demo, "check", "--only", "unused-group") == Ended(
        0,
        """\
project
  warning no stage uses the dependency group feature-cache, so no stage's lock contains its\
 packages [unused-group]
    its name contains "feature"
    Add it to `groups` of a stage or include it in a stage's group, or remove it.
  warning no stage uses the dependency group feature-store, so no stage's lock contains its\
 packages [unused-group]
    its name contains "feature"
    Add it to `groups` of a stage or include it in a stage's group, or remove it.

1 check run: 0 errors, 2 warnings.
""",
    )
    assert [each.path for each in unused_groups(demo.load())] == [
        "dependency-groups.dev",
        "tool.poetry.group.feature-cache",
        "dependency-groups.Feature_Store",
    ]
