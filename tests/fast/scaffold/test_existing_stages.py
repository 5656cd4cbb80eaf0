"""Renaming and removing stages in the text of a pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from packaging.utils import canonicalize_name

from poetry_fti.errors import ConfigError
from poetry_fti.model.stage import Stage
from poetry_fti.scaffold.existing_stages import remove, rename

if TYPE_CHECKING:
    from poetry_fti.model.stage import Kind

TEXT: Final = """\
[dependency-groups]
dev = ["pytest"]
# What we train with.
training = ["torch"]  # ours
tools = ["mlflow", { include-group = "training" }]

[tool.poetry.group.training.dependencies]
torch = { source = "cpu" }

[tool.fti]
isolated = true

# Trains.
[tool.fti.stages.training]  # big
groups = ["training", "dev"]

[tool.fti.stages.training.image]
user = 1

[tool.fti.stages.inference]
groups = ["dev"]

[tool.fti.stages.feature]
groups = ["dev"]

[[tool.fti.align]]
stages = ["training", "inference"]
packages = ["numpy"]

[[tool.fti.align]]
stages = ["feature", "training", "inference"]
packages = ["pandas"]
"""


def stage(name: str, *groups: str, kind: Kind = "training") -> Stage:
    names = tuple(map(canonicalize_name, groups))
    return Stage(name=name, kind=kind, groups=names, closure=names)


def test_a_stage_is_renamed_wherever_it_is_named() -> None:
    assert rename(TEXT, stage("training", "training", "dev"), "torch") == (
        TEXT.replace("training = [", "torch = [")
        .replace('include-group = "training"', 'include-group = "torch"')
        .replace("group.training.", "group.torch.")
        .replace("stages.training]", "stages.torch]")
        .replace("stages.training.", "stages.torch.")
        .replace('groups = ["training", "dev"]\n', 'groups = ["torch", "dev"]\nkind = "training"\n')
        .replace('stages = ["training", "inf', 'stages = ["torch", "inf')
        .replace('"feature", "training"', '"feature", "torch"')
    )


@pytest.mark.slow
def test_a_stage_is_renamed_and_removed_in_the_pipeline() -> None:
    order = '[tool.fti.pipeline]\norder = ["feature", "training"]  # ours\n'
    renamed = order.replace("training", "torch")
    assert rename(TEXT + order, stage("training", "training", "dev"), "torch").endswith(renamed)
    text = "[dependency-groups]\nfeature = []\ntraining = []\ninference = []\n"
    others = [stage("feature", "feature"), stage("inference", "inference")]
    after = remove(text + order, stage("training", "training"), others)
    assert after.endswith('[tool.fti.pipeline]\norder = ["feature"]  # ours\n')
    after = remove(after, stage("feature", "feature"), others[1:])
    assert after == "[dependency-groups]\ninference = []\n[tool.fti.pipeline]\n"


WAIVERS: Final = """\
[tool.fti.stages.training.check]
forbid = "warning"

[[tool.fti.check.waivers]]
check = "forbid"
stages = ["training"]  # ours
reason = "a"

[[tool.fti.check.waivers]]
check = "skew"
stages = ["training", "inference"]
reason = "b"

[[tool.fti.check.waivers]]
check = "skew"
reason = "c"
"""
GROUPS: Final = "[dependency-groups]\nfeature = []\ntraining = []\ninference = []\n"


@pytest.mark.slow
def test_a_stage_is_renamed_in_waivers() -> None:
    renamed = rename(GROUPS + WAIVERS, stage("training", "training"), "torch")
    expected = WAIVERS.replace('"training"', '"torch"').replace("stages.training", "stages.torch")
    assert renamed == GROUPS.replace("training", "torch") + expected.replace(
        "[[", '[tool.fti.stages.torch]\nkind = "training"\n\n[[', 1
    )


def test_a_removed_stage_is_removed_from_waivers() -> None:
    others = [stage("feature", "feature"), stage("inference", "inference")]
    after = remove(GROUPS + WAIVERS, stage("training", "training"), others)
    # A waiver without `stages` would be one for all stages.
    assert after == (
        "[dependency-groups]\nfeature = []\ninference = []\n\n"
        '[[tool.fti.check.waivers]]\ncheck = "skew"\nstages = ["inference"]\nreason = "b"\n\n'
        '[[tool.fti.check.waivers]]\ncheck = "skew"\nreason = "c"\n'
    )


def test_the_last_waiver_of_a_removed_stage_is_removed() -> None:
    text = (
        '[tool.fti.check]\nskew = "error"\nwaivers = [{ check = "skew", stages = ["training"] }]\n'
    )
    others = [stage("feature", "feature"), stage("inference", "inference")]
    after = remove(GROUPS + text, stage("training", "training"), others)
    assert after.endswith('inference = []\n[tool.fti.check]\nskew = "error"\n')


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    "only",
    [
        '[[tool.fti.check.waivers]]\ncheck = "skew"\nstages = ["training"]\nreason = "a"\n',
        '[[tool.fti.align]]\nstages = ["training", "feature"]\npackages = ["a"]\n',
    ],
)
@pytest.mark.parametrize("rest", ["", "\n[tool.fti.pipeline]\nrunner = 'docker'\n", "\n[tool.a]\n"])
def test_a_removed_stage_leaves_no_empty_table(only: str, rest: str) -> None:
    others = [stage("feature", "feature"), stage("inference", "inference")]
    for line_end in ("\n", "\r\n"):
        before = f"{GROUPS}\n{only}{rest}".replace("\n", line_end)
        after = remove(before, stage("training", "training"), others)
        expected = f"[dependency-groups]\nfeature = []\ninference = []\n{rest}"
        assert after.rstrip() == expected.replace("\n", line_end).rstrip()


@pytest.mark.parametrize("table", ["tool.fti.image", "tool.fti.stages.training.image"])
def test_a_file_that_an_image_copies_from_the_folder_of_a_renamed_stage(table: str) -> None:
    text = (
        f"[{table}]\n"
        'copy = { "a" = "b", "pipelines/inference/b" = "c", "pipelines/inference" = "d" }  # ours\n'
        "[tool.fti]\ndirectory = 'pipelines'\n"
    )
    renamed = rename(GROUPS + text, stage("inference", "inference", kind="inference"), "serving")
    for line in text.replace("pipelines/inference", "pipelines/serving").splitlines():
        assert line in renamed


def test_a_stage_without_a_table_is_renamed() -> None:
    text = "[dependency-groups]\nfeature = []\ntraining = []\n"
    assert rename(text, stage("training", "training"), "second") == (
        "[dependency-groups]\nfeature = []\nsecond = []\n\n"
        '[tool.fti.stages.second]\nkind = "training"\n'
    )


@pytest.mark.parametrize(
    ("table", "renamed"),
    [
        ('[tool.fti.stages]\na = { kind = "feature", groups = [] }\n', "b = {"),
        ('[tool.fti.stages]\na.kind = "feature"\na.groups = []\n', "b.groups"),
        ('[tool.fti.stages."a"]\nkind = "feature"\ngroups = []\n', "stages.b]"),
    ],
)
def test_a_table_in_any_form_is_renamed_and_removed(table: str, renamed: str) -> None:
    text = f"{table}[tool.fti.stages.c]\ngroups = []\n"
    assert renamed in rename(text, stage("a", kind="feature"), "b")
    assert remove(text, stage("a", kind="feature"), [stage("c")]).endswith(
        "[tool.fti.stages.c]\ngroups = []\n"
    )


def test_a_kind_that_follows_from_the_name_is_added_to_a_table_in_any_form() -> None:
    text = "[tool.fti.stages]\nfeature.groups = []\ntraining = { groups = [] }\n"
    assert rename(text, stage("feature", kind="feature"), "features") == (
        "[tool.fti.stages]\nfeatures.groups = []\ntraining = { groups = [] }\n"
        'features.kind = "feature"\n'
    )
    with pytest.raises(ConfigError) as error:
        rename(text, stage("training", kind="training"), "fit")
    assert str(error.value) == (
        "pyproject.toml cannot be edited automatically. Add this yourself:\n\n"
        '[tool.fti.stages.training]\nkind = "training"'
    )


def test_what_cannot_be_renamed() -> None:
    text = 'tool.fti.stages.a = { kind = "feature", groups = [] }\n'
    with pytest.raises(ConfigError) as error:
        rename(text, stage("a", kind="feature"), "b")
    assert str(error.value) == (
        "pyproject.toml cannot be edited automatically."
        " Rename tool.fti.stages.a to tool.fti.stages.b yourself."
    )
    with pytest.raises(ConfigError, match='already a stage "a"'):
        rename(text, stage("a"), "a")


def test_a_removed_stage_leaves_what_others_include() -> None:
    others = [stage("inference", "dev"), stage("feature", "dev")]
    after = remove(TEXT, stage("training", "training", "dev"), others)
    a = TEXT.index("# Trains.\n")
    b = TEXT.index("[tool.fti.stages.inference]")
    c = TEXT.index("[[tool.fti.align]]")
    assert after == (
        f"{TEXT[:a]}{TEXT[b:c]}[[tool.fti.align]]\n"
        'stages = ["feature", "inference"]\npackages = ["pandas"]\n'
    )


def test_a_removed_stage_takes_its_own_group_along() -> None:
    text = '[dependency-groups]\nfeature = ["a"]\ntraining = [\n    "b",\n]\n'
    expected = '[dependency-groups]\nfeature = ["a"]\n'
    assert remove(text, stage("training", "training"), [stage("feature", "feature")]) == expected
    both = f'{text}[tool.poetry.group.training.dependencies]\nb = {{ source = "c" }}\n'
    assert remove(both, stage("training", "training"), [stage("feature", "feature")]) == expected
