"""Which groups `isolated` hides from Poetry, and what is left of a project without them."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
import tomlkit
from packaging.utils import canonicalize_name

from poetry_fti.config.hidden_groups import hidden_groups, without_groups
from poetry_fti.errors import ProblemsError

GROUPS = """
    [dependency-groups]
    feature = []
    training = [{ include-group = "tracking" }, { include-group = "Shared_Tools" }]
    inference = [{ include-group = "serving" }]
    tracking = [{ include-group = "deep" }]
    deep = []
    serving = []
    shared-tools = []
    dev = [{ include-group = "shared-tools" }, { include-group = "training" }]
    docs = []
    [tool.poetry]
    """


def data(text: str) -> dict[str, Any]:
    found: dict[str, Any] = tomlkit.parse(dedent(text)).unwrap()
    return found


def hidden(text: str) -> dict[str, tuple[str, ...]]:
    return {str(name): stages for name, stages in hidden_groups(data(text), ()).items()}


@pytest.mark.parametrize(
    "setting",
    ["", "[tool.fti]\nisolated = false", "[tool.fti.stages.feature]\nisolated = false"],
)
def test_nothing_is_hidden_unasked(setting: str) -> None:
    assert hidden(GROUPS + setting) == {}


def test_hidden_are_the_stages_and_what_only_they_include() -> None:
    assert hidden(GROUPS + "[tool.fti]\nisolated = true") == {
        "deep": ("training",),
        "feature": ("feature",),
        "inference": ("inference",),
        "serving": ("inference",),
        "tracking": ("training",),
        "training": ("training",),
    }


def test_a_stage_may_say_otherwise_and_keeps_all_its_groups_in_sight() -> None:
    stages = """
    [tool.fti]
    isolated = true
    [tool.fti.stages.feature]
    [tool.fti.stages.training]
    isolated = false
    [tool.fti.stages.trial]
    kind = "training"
    groups = ["tracking", "serving", "inference"]
    """
    assert hidden(GROUPS + stages) == {
        "feature": ("feature",),
        "inference": ("trial",),
        "serving": ("trial",),
    }


def test_a_stage_can_be_hidden_alone() -> None:
    stages = """
    [tool.fti.stages.training]
    [tool.fti.stages.inference]
    isolated = true
    """
    assert hidden(GROUPS + stages) == {"inference": ("inference",), "serving": ("inference",)}


def test_a_group_that_would_be_a_stage_is_hidden_before_it_exists() -> None:
    text = """
    [dependency-groups]
    training = []
    [tool.fti]
    isolated = true
    """
    assert hidden(text) == {"training": ("training",), "feature": (), "inference": ()}
    assert hidden("[tool.fti]\nisolated = true") == {"feature": (), "training": (), "inference": ()}
    declared = '[tool.fti.stages.batch]\nkind = "inference"\ngroups = ["training"]\nisolated = true'
    assert hidden(text + declared) == {"training": ("batch",), "feature": (), "inference": ()}
    alone = f"[dependency-groups]\ntraining = []\n{declared}"
    assert hidden(alone) == {"training": ("batch",)}


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ('isolated = "yes"', "tool.fti.isolated: must be true or false, not a string"),
        (
            "isolated = true\nisolatd = 1",
            'tool.fti.isolatd: unknown key; did you mean "isolated"?',
        ),
    ],
)
def test_what_is_wrong_is_told_if_something_is_to_be_hidden(setting: str, problem: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        hidden(f"{GROUPS}[tool.fti]\n{setting}")
    assert str(caught.value) == f"pyproject.toml has 1 problem:\n  {problem}"
    assert hidden(GROUPS + "[tool.fti]\nisolatd = true") == {}


def test_a_project_without_groups_is_what_it_would_be_if_nobody_had_written_them() -> None:
    before = data("""
        [project]
        name = "demo"
        [dependency-groups]
        Training = ["numpy<2"]
        dev = ["pytest", { include-group = "training" }, { include-group = "docs" }]
        docs = []
        [tool.poetry]
        package-mode = false
        [tool.poetry.group.training]
        optional = true
        [tool.poetry.group.dev]
        include-groups = ["training"]
        [tool.poetry.group.dev.dependencies]
        pytest = { source = "corp" }
        [tool.other]
        training = 1
        """)
    assert without_groups(before, {canonicalize_name("training")}) == data("""
        [project]
        name = "demo"
        [dependency-groups]
        dev = ["pytest", { include-group = "docs" }]
        docs = []
        [tool.poetry]
        package-mode = false
        [tool.poetry.group.dev.dependencies]
        pytest = { source = "corp" }
        [tool.other]
        training = 1
        """)


def test_a_classic_project_loses_its_last_group_and_its_dev_dependencies() -> None:
    before = data("""
        [tool.poetry.dependencies]
        python = "^3.11"
        [tool.poetry.dev-dependencies]
        pytest = "*"
        [tool.poetry.group.training.dependencies]
        numpy = "<2"
        """)
    groups = {canonicalize_name("training"), canonicalize_name("dev")}
    assert without_groups(before, groups) == {
        "tool": {"poetry": {"dependencies": {"python": "^3.11"}}}
    }
