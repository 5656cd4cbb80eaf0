"""Stages out of the configuration and the dependency groups."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import tomlkit
from packaging.utils import canonicalize_name

from poetry_fti.config.groups import read_groups
from poetry_fti.config.read import read_config
from poetry_fti.config.stages import read_rules, read_stages, unknown_stage
from poetry_fti.model.rule import Rule

if TYPE_CHECKING:
    from poetry_fti.model.problem import Problem
    from poetry_fti.model.stage import Stage

THREE = "[dependency-groups]\nfeature = []\ntraining = []\ninference = []\n"


def read(text: str) -> tuple[tuple[Stage, ...], list[str]]:
    problems: list[Problem] = []
    pyproject = tomlkit.parse(dedent(text)).unwrap()
    config = read_config(pyproject, (), problems)
    stages = read_stages(
        config, read_groups(pyproject, problems), (canonicalize_name("fast"),), problems
    )
    return stages, [str(problem) for problem in problems]


def rules(text: str) -> tuple[tuple[Rule, ...], list[str]]:
    problems: list[Problem] = []
    pyproject = tomlkit.parse(dedent(text)).unwrap()
    config = read_config(pyproject, (), problems)
    stages = read_stages(config, read_groups(pyproject, []), (), [])
    return read_rules(config, stages, problems), [str(problem) for problem in problems]


def test_a_stage_shares_layers_unless_it_or_the_project_says_otherwise() -> None:
    stages, problems = read("""
        [dependency-groups]
        feature = []
        training = []
        [tool.fti]
        share = false
        [tool.fti.stages.feature]
        [tool.fti.stages.training]
        share = true
        """)
    assert not problems
    assert [stage.share for stage in stages] == [False, True]
    stages, _ = read("[dependency-groups]\nfeature = []")
    assert [stage.share for stage in stages] == [True]
    _, problems = read("[dependency-groups]\nfeature = []\n[tool.fti]\nshare = 0")
    assert problems == ["tool.fti.share: must be true or false, not an integer"]


def test_groups_of_the_three_names_are_stages() -> None:
    stages, problems = read("""
        [dependency-groups]
        inference = []
        Training = [{ include-group = "gpu_tools" }]
        GPU-tools = [{ include-group = "deep" }]
        deep = []
        dev = []
        [tool.poetry.group.feature]
        include-groups = ["deep"]
        """)
    assert not problems
    assert [(stage.name, stage.kind, stage.closure) for stage in stages] == [
        ("feature", "feature", ("deep", "feature")),
        ("training", "training", ("deep", "gpu-tools", "training")),
        ("inference", "inference", ("inference",)),
    ]


def test_declared_stages_are_the_stages() -> None:
    stages, problems = read("""
        [dependency-groups]
        feature = []
        torch-training = []
        gpu = []
        [tool.fti.stages.torch-training]
        kind = "training"
        [tool.fti.stages.batch]
        kind = "inference"
        groups = ["gpu", "feature"]
        extras = ["Fast"]
        [tool.fti.stages.feature]
        groups = []
        overrides = { urllib3 = "*", Foo_Bar = ">=2" }
        [tool.fti.overrides]
        foo-bar = ">=1"
        numpy = ">=2"
        """)
    assert not problems
    assert [(stage.name, stage.groups, stage.extras) for stage in stages] == [
        ("feature", (), ()),
        ("torch-training", ("torch-training",), ()),
        ("batch", ("gpu", "feature"), ("fast",)),
    ]
    assert stages[0].overrides == (("foo-bar", ">=2"), ("numpy", ">=2"), ("urllib3", "*"))
    assert stages[1].overrides == (("foo-bar", ">=1"), ("numpy", ">=2"))


def test_a_table_of_one_stage_does_not_remove_the_others() -> None:
    stages, problems = read(
        THREE
        + """
        [tool.fti]
        share = false
        [tool.fti.image]
        user = 1000
        [tool.fti.stages.inference.image]
        base = "python:3.12-slim"
        """
    )
    assert not problems
    assert [(stage.name, stage.share, stage.image.user) for stage in stages] == [
        ("feature", False, "1000"),
        ("training", False, "1000"),
        ("inference", False, "1000"),
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('batch]\nkind = "inference"\ngroups = ["Training", "dev"]', ["feature", "batch"]),
        ('batch]\nkind = "inference"\ngroups = ["dev"]\ndev-groups = ["training"]', None),
        ('Training]\nkind = "training"', ["feature", "Training"]),
        ('training]\ngroups = ["dev"]', ["feature", "training"]),
        ('inference]\ngroups = ["training", "feature"]', ["inference"]),
    ],
)
def test_a_group_is_a_stage_unless_a_declared_stage_lists_it(
    table: str, expected: list[str] | None
) -> None:
    groups = "[dependency-groups]\nfeature = []\ntraining = []\ndev = []\n[tool.fti.stages."
    stages, problems = read(groups + table)
    assert not problems
    assert [stage.name for stage in stages] == (expected or ["feature", "training", "batch"])


def test_a_project_without_stages_is_told_how_to_have_some() -> None:
    _, problems = read("[dependency-groups]\ndev = []")
    assert problems == [
        (
            "tool.fti.stages: no stage: name a dependency group feature, training or inference,"
            " declare stages in [tool.fti.stages], or run `poetry fti init`"
        )
    ]


def test_an_unknown_kind_is_one_problem() -> None:
    _, problems = read('[dependency-groups]\nx = []\n[tool.fti.stages.x]\nkind = "batch"')
    assert problems == [
        'tool.fti.stages.x.kind: unknown "batch" (known: feature, training, inference)'
    ]


def test_problems_of_groups_and_stages() -> None:
    _, problems = read("""
        [dependency-groups]
        main = []
        training = [{ include-group = "gpus" }]
        gpu = [{ include-group = "loop" }]
        "bad name" = []
        text = "numpy"
        [tool.poetry.group.loop]
        include-groups = ["gpu"]
        [tool.fti.stages.training]
        extras = ["fst"]
        [tool.fti.stages.Training]
        kind = "training"
        [tool.fti.stages.serving]
        groups = ["training", "gup"]
        [tool.fti.stages.trainin]
        kind = "training"
        """)
    assert problems == [
        'dependency-groups.main: rename the group: Poetry reads "main" as the project\'s own',
        'dependency-groups."bad name": is not a valid name of a dependency group (PEP 735)',
        "dependency-groups.text: must be an array of requirements",
        (
            'dependency-groups.training: includes the group "gpus", which does not exist;'
            ' did you mean "gpu"?'
        ),
        "dependency-groups.gpu: includes itself: gpu -> loop -> gpu",
        'tool.fti.stages.Training: differs from the stage "training" only in case or punctuation',
        'tool.fti.stages.training.extras[0]: the project has no extra "fst"; did you mean "fast"?',
        (
            'tool.fti.stages.serving.groups[1]: there is no dependency group "gup";'
            ' did you mean "gpu"?'
        ),
        "tool.fti.stages.serving.kind: is missing: one of feature, training, inference",
        (
            'tool.fti.stages.trainin: there is no dependency group "trainin", and no key `groups`'
            '; did you mean "training"?'
        ),
    ]


def test_a_rule_binds_the_stages_that_it_names_or_all_of_them() -> None:
    found, problems = rules(
        THREE
        + """
        [[tool.fti.align]]
        packages = ["numpy"]
        [[tool.fti.align]]
        stages = ["inference", "training"]
        packages = ["xgboost"]
        level = "major"
        """
    )
    assert not problems
    assert found == (
        Rule(("feature", "training", "inference"), ("numpy",)),
        Rule(("training", "inference"), ("xgboost",), "major"),
    )


def test_rules_name_stages_that_exist() -> None:
    _, problems = rules(
        THREE
        + """
        [[tool.fti.align]]
        stages = ["training", "inferense", "Training"]
        packages = ["numpy"]
        """
    )
    assert problems == [
        'tool.fti.align[0].stages[1]: there is no stage "inferense"; did you mean "inference"?',
        'tool.fti.align[0].stages[2]: there is no stage "Training"; did you mean "training"?',
    ]


def test_a_rule_for_all_stages_needs_two() -> None:
    _, problems = rules(
        "[dependency-groups]\ntraining = []\n[[tool.fti.align]]\npackages = ['numpy']"
    )
    assert problems == ['tool.fti.align[0]: has no effect: "training" is the only stage']


@pytest.mark.parametrize(
    ("name", "bound"),
    [("foo-bar", True), ("foo", False), ("a1", True), ("a12", False), ("xfoo-bar", False)],
)
def test_a_rule_is_about_names_that_match(*, name: str, bound: bool) -> None:
    found, problems = rules(THREE + "[[tool.fti.align]]\npackages = ['Foo_*', 'A?']")
    assert not problems
    assert found[0].binds(canonicalize_name(name)) is bound


def test_an_unknown_stage_is_told_with_those_that_exist() -> None:
    stages, _ = read("[dependency-groups]\ntraining = []\ninference = []")
    assert unknown_stage("trainin", stages) == (
        'There is no stage "trainin"; did you mean "training"? (stages: training, inference)'
    )
