"""New stages in a pyproject.toml, and stages once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
from packaging.utils import canonicalize_name

from poetry_fti.errors import ConfigError
from poetry_fti.model.stage import Stage
from poetry_fti.scaffold.new_stages import NewStage, clone, free_kinds, scaffold
from poetry_fti.scaffold.presets import read_preset

if TYPE_CHECKING:
    from poetry_fti.model.stage import Kind

PROJECT = '[project]\nname = "demo"\nversion = "1"\n'
CPU = {"name": "cpu", "url": "https://example.org/cpu", "packages": ["torch"]}


def new(name: str, kind: Kind = "training", **more: Any) -> NewStage:  # noqa: ANN401 - any TOML
    preset = read_preset("ours", {"kind": kind, **more})
    return NewStage(name=name, preset=preset, packages=preset.packages)


def made(text: str, *stages: NewStage, python: str = ">=3.11") -> str:
    return scaffold(text, stages, python=python, version="1.2")


def refused(text: str, *stages: NewStage, python: str = ">=3.11") -> str:
    with pytest.raises(ConfigError) as error:
        made(text, *stages, python=python)
    return str(error.value)


def test_stages_are_made_with_all_that_belongs_to_them() -> None:
    serving = new(
        "serving",
        "inference",
        requirements=["torch>=2", "fastapi"],
        sources=[CPU],
        stage={"platforms": ["linux/amd64"], "image": {"command": ["serve"]}},
    )
    assert (
        made(PROJECT, new("training", requirements=["torch"]), serving)
        == """\
[project]
name = "demo"
version = "1"

[dependency-groups]
training = [
    "torch",
]
serving = [
    "fastapi",
    "torch>=2",
]

[tool.poetry.requires-plugins]
poetry-fti = ">=1.2"

[[tool.poetry.source]]
name = "cpu"
url = "https://example.org/cpu"
priority = "explicit"

[tool.poetry.group.serving.dependencies]
torch = { source = "cpu" }

[tool.fti]
isolated = true

[tool.fti.stages.training]

[tool.fti.stages.serving]
kind = "inference"
platforms = ["linux/amd64"]

[tool.fti.stages.serving.image]
command = ["serve"]
"""
    )


def test_what_the_project_says_already_stays() -> None:
    text = """\
[dependency-groups]
feature = ["pandas"]
inference = ["onnx"]

[tool.poetry.requires-plugins]
poetry-fti = "*"

[[tool.poetry.source]]
name = "CPU"
url = "https://example.org/cpu/"

[tool.fti]
isolated = false
"""
    assert (
        made(text, new("training", requirements=["torch"], sources=[CPU]))
        == """\
[dependency-groups]
feature = ["pandas"]
inference = ["onnx"]
training = [
    "torch",
]

[tool.poetry.requires-plugins]
poetry-fti = "*"

[[tool.poetry.source]]
name = "CPU"
url = "https://example.org/cpu/"

[tool.poetry.group.training.dependencies]
torch = { source = "cpu" }

[tool.fti]
isolated = false

[tool.fti.stages.training]
"""
    )


@pytest.mark.parametrize(
    ("project", "preset", "expected"),
    [
        (">=3.11", "<3.14", ">=3.11,<3.14"),
        ("", "<3.14", "<3.14"),
        (">=3.11,<3.13", "<3.14", None),
        (">=3.11,<4,!=3.12.1", "<3.14", "!=3.12.1,>=3.11,<3.14"),
    ],
)
def test_a_stage_has_the_pythons_of_the_project_that_the_preset_allows(
    project: str, preset: str, expected: str | None
) -> None:
    after = made(PROJECT, new("training", stage={"python": preset}), python=project)
    stage = tomlkit.parse(after).unwrap()["tool"]["fti"]["stages"]["training"]
    assert stage.get("python") == expected


def test_names_that_are_taken_are_refused() -> None:
    text = '[dependency-groups]\ndev = []\n[tool.fti.stages.Torch_Train]\ngroups = ["dev"]\n'
    message = refused(text, new("torch-train"), new("dev"), new("a"), new("A"))
    assert (
        message
        == """\
There is already a stage "torch-train". Choose another name for the new one.
There is already a dependency group "dev". Choose another name for the stage.
Two new stages are named "a". Choose another name for one of them."""
    )


def test_a_name_of_several_new_stages_is_refused_once() -> None:
    message = refused(PROJECT, *map(new, ("a", "b", "A", "b", "a", "a")))
    assert (
        message
        == """\
4 new stages are named "a". Choose other names for all but one of them.
Two new stages are named "b". Choose another name for one of them."""
    )


def test_a_source_with_another_url_is_refused() -> None:
    text = '[[tool.poetry.source]]\nname = "cpu"\nurl = "https://elsewhere"\n'
    assert refused(text, new("training", requirements=["torch"], sources=[CPU])) == (
        'The source "cpu" already exists with a URL other than https://example.org/cpu.'
        " Rename it or correct its URL."
    )


def test_a_preset_that_no_python_of_the_project_fits_is_refused() -> None:
    message = refused(PROJECT, new("training", stage={"python": "<3.14"}), python=">=3.14")
    assert message == "The preset ours needs Python <3.14, but the project needs >=3.14."


def test_what_is_no_table_is_refused() -> None:
    assert refused("tool = 1", new("training")) == "pyproject.toml: tool must be a table"


def test_kinds_are_free_that_neither_a_stage_nor_a_group_has() -> None:
    text = (
        '[dependency-groups]\ninference = []\n[tool.fti.stages.training]\ngroups = ["inference"]\n'
    )
    assert free_kinds(text) == ["feature"]


def stage(name: str, kind: Kind, *groups: str) -> Stage:
    names = tuple(map(canonicalize_name, groups))
    return Stage(name=name, kind=kind, groups=names, closure=names)


def test_a_clone_has_a_table_and_a_group_of_its_own_and_shares_the_others() -> None:
    text = """\
[dependency-groups]
Training = ["torch"]  # ours
gpu = ["triton"]

[tool.poetry.group.training.dependencies]
torch = { source = "cpu" }  # slim

[tool.fti.stages.training]
groups = ["training", "gpu"]  # both
"""
    assert (
        clone(text, stage("training", "training", "training", "gpu"), "second")
        == """\
[dependency-groups]
Training = ["torch"]  # ours
gpu = ["triton"]
second = ["torch"]  # ours

[tool.poetry.group.training.dependencies]
torch = { source = "cpu" }  # slim

[tool.poetry.group.second.dependencies]
torch = { source = "cpu" }  # slim

[tool.fti.stages.training]
groups = ["training", "gpu"]  # both

[tool.fti.stages.second]
groups = ["second", "gpu"]  # both
kind = "training"
"""
    )


def test_a_clone_of_a_stage_without_a_table_has_its_kind() -> None:
    text = "[dependency-groups]\nfeature = []\ntraining = []\n"
    assert (
        clone(text, stage("training", "training", "training"), "second")
        == """\
[dependency-groups]
feature = []
training = []
second = []

[tool.fti.stages.second]
kind = "training"
"""
    )


def test_a_clone_of_a_stage_with_the_groups_of_others_copies_none() -> None:
    text = '[dependency-groups]\na = []\n[tool.fti.stages.b]\nkind = "feature"\ngroups = ["a"]\n'
    assert clone(text, stage("b", "feature", "a"), "c") == (
        '[dependency-groups]\na = []\n[tool.fti.stages.b]\nkind = "feature"\ngroups = ["a"]\n\n'
        '[tool.fti.stages.c]\nkind = "feature"\ngroups = ["a"]\n'
    )


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("table", "copied"),
    [
        ('[tool.fti.stages.a.image]\nname = "x"  # ours\nuser = 1\n', "[{}.image]\nuser = 1\n"),
        (
            '[tool.fti.stages.a]\nimage = { name = "x", user = 1 }\n',
            "[{}]\nimage = {{ user = 1 }}\n",
        ),
        ('[tool.fti.stages.a]\nimage.name = "x"\nimage.user = 1\n', "[{}]\nimage.user = 1\n"),
        ('[tool.fti.stages.a.image]\nname = "x"\n', "[{}.image]\n"),
    ],
)
def test_a_clone_does_not_have_the_name_of_the_image(table: str, copied: str) -> None:
    text = f"[dependency-groups]\na = []\n\n{table}"
    cloned = clone(text, stage("a", "feature", "b"), "c")
    assert copied.format("tool.fti.stages.c") in cloned.replace("  ", " ")
    assert cloned.count('name = "x"') == 1
