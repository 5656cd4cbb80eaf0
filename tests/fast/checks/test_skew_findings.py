"""What the check `skew` reports of stages, and where it is silent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from packaging.markers import Marker

from checked import found, locked, project, requirement, stage
from poetry_fti.checks import Transfer, load_check
from poetry_fti.checks.shared.facts import AlignRule
from poetry_fti.model.platforms import Platform, Targets
from poetry_fti.model.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.model.rule import Level
    from poetry_fti.model.stage import Kind

FINDS: Final = (
    "run `poetry fti lock`, which finds a version that both can have, or names the requirements"
    " that prevent it"
)

KINDS: Final[Mapping[Kind, str]] = {"training": "ab", "inference": "cd"}


def alone(kind: Kind, pins: Mapping[str, str], python: str = "", name: str = "") -> CheckedStage:
    """Return a stage that requires none of its packages directly."""
    return replace(stage(kind, pins, name=name, direct=()), python=python)


def training(python: str = "", **pins: str) -> CheckedStage:
    return alone("training", named(pins), python)


def inference(python: str = "", **pins: str) -> CheckedStage:
    return alone("inference", named(pins), python)


def feature(**pins: str) -> CheckedStage:
    return alone("feature", named(pins))


def named(pins: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): version for name, version in pins.items()}


def transfers(checked: CheckedProject) -> list[Transfer | None]:
    return [each.transfer for each in load_check("skew").find(checked)]


def test_a_silent_difference_is_reported_with_the_requirement_behind_it() -> None:
    serving = replace(inference(xgboost="3.0.5"), requirements=(requirement("xgboost", "<3.1"),))
    (text,) = found("skew", training(xgboost="3.1.0"), serving)
    assert text == (
        "inference: error: What training saves with xgboost 3.1.0, inference loads with xgboost"
        " 3.0.5: models of xgboost 3.1 and later load without an error, and predict wrongly"
        " (silent)\n"
        "in inference, pyproject.toml requires xgboost <3.1\n"
        'Add a rule to [[tool.fti.align]] with packages = ["xgboost"] and stages = ["training",'
        f' "inference"], and {FINDS}'
    )
    # An older xgboost's model works in a newer one, up to 3.0.
    assert found("skew", training(xgboost="2.0.3"), inference(xgboost="2.1.4")) == []


@pytest.mark.parametrize(
    ("saving", "serving", "is_possible"),
    [
        ("<2", ">=2", False),
        ("<1.26", ">1.26", False),
        ("<2.0,>=1.26", ">=2.1", False),
        ("<3", ">=2", True),
        ("<2,!=1.26.4", ">=1.26.4", True),
        ("<2", "<1", True),
        ("==1.*", "~=1.26", True),
    ],
)
def test_a_rule_alone_does_not_make_contradicting_requirements_agree(
    saving: str, serving: str, *, is_possible: bool
) -> None:
    sides = (
        replace(training(numpy="1.26.4"), requirements=(requirement("numpy", saving),)),
        replace(inference(numpy="2.0.2"), requirements=(requirement("numpy", serving),)),
    )
    (finding,) = load_check("skew").find(project(*sides))
    rule = 'dd a rule to [[tool.fti.align]] with packages = ["numpy"] and stages = ["training", "in'
    rule = f'{rule}ference"]'
    assert finding.fix == (
        f"A{rule}, and {FINDS}"
        if is_possible
        else f"No version meets both requirements: change one of them, a{rule}, and {FINDS}"
    )


def test_the_most_severe_changes_of_a_long_step_come_first() -> None:
    (text,) = found("skew", training(pandas="1.5.3"), inference(pandas="3.0.0"))
    message = text.splitlines()[0]
    assert message.startswith(
        "inference: error: What training saves with pandas 1.5.3, inference loads with pandas"
        " 3.0.0: pickles with the data type str of pandas 3 cannot be loaded; "
    )
    assert message.endswith("; and 2 more")


def test_stages_that_agree_are_silent() -> None:
    pins = {"scikit_learn": "1.5.2", "numpy": "2.0.2", "cloudpickle": "3.0.0", "onnx": "1.16.0"}
    assert found("skew", training(**pins), inference(**pins), feature(**pins)) == []
    # No training stage loads what another one saves, and no inference stage saves.
    others = alone("training", {"xgboost": "3.1.0"}, name="b"), training(xgboost="2.0.3")
    assert found("skew", *others) == []
    others = alone("inference", {"xgboost": "3.1.0"}, name="b"), inference(xgboost="2.0.3")
    assert found("skew", *others) == []


def test_a_version_that_is_not_measured_is_a_warning() -> None:
    assert found("skew", training(numpy="99.1.0"), inference(numpy="99.2.0"))[0].startswith(
        "inference: warning: What training saves with numpy 99.1.0, inference loads with numpy"
        " 99.2.0: 99.1.0 is outside of the measured versions, 1.24 to "
    )


def test_code_that_several_stages_run_is_compared() -> None:
    stages = (feature(numpy="1.26.4"), training(numpy="2.0.2"), inference(numpy="2.0.2"))
    texts = [text.splitlines()[0] for text in found("skew", *stages)]
    assert texts == [
        f"{name}: error: Code that both stages run has numpy 1.26.4 in feature and numpy 2.0.2 in"
        f" {name}: type promotion, the text of scalars and the shapes of some results differ"
        " (silent)"
        for name in ("training", "inference")
    ]


def test_a_feature_stage_saves_objects_if_the_project_says_so() -> None:
    stages = (feature(scikit_learn="1.4.2"), inference(scikit_learn="1.5.2"))
    assert transfers(project(*stages)) == []
    transformers = replace(project(*stages), feature_transformers=True)
    assert transfers(transformers) == [
        Transfer(
            producer="feature",
            consumer="inference",
            producer_version="1.4.2",
            consumer_version="1.5.2",
            silent=True,
        )
    ]


def test_each_pair_of_stages_is_a_finding() -> None:
    versions = {"a": "4.4.0", "b": "4.7.0", "c": "4.0.0", "d": "4.1.0"}
    trains, serves = (
        [alone(kind, {"lightgbm": versions[name]}, name=name) for name in names]
        for kind, names in KINDS.items()
    )
    pairs = [
        (each.producer, each.consumer) for each in transfers(project(*trains, *serves)) if each
    ]
    assert pairs == [("a", "c"), ("b", "c"), ("a", "d"), ("b", "d")]


def test_another_build_of_a_package_is_the_same_package() -> None:
    serving = inference(xgboost_cpu="3.0.5")
    assert found("skew", stage("training", {"xgboost": "3.1.0"}), serving)[0].endswith(
        "\nRequire the same version of xgboost and xgboost-cpu in training and inference"
    )
    assert found("skew", stage("training", {"xgboost": "3.0.5"}), serving) == []


@pytest.mark.parametrize(
    ("level", "fix"),
    [
        ("exact", f"tool.fti.align[1] demands the same version: {FINDS}"),
        (
            "minor",
            f'Change the level of tool.fti.align[1] from "minor" to "exact", and {FINDS}',
        ),
    ],
)
def test_a_rule_that_exists_is_named(level: Level, fix: str) -> None:
    rule = AlignRule(
        path="tool.fti.align[1]",
        rule=Rule(("training", "inference"), ("scikit-*",), level),
    )
    checked = project(training(scikit_learn="1.3.0"), inference(scikit_learn="1.3.2"))
    (finding,) = load_check("skew").find(replace(checked, align_rules=lambda: [rule]))
    assert finding.fix == fix


@pytest.mark.parametrize(
    ("packages", "begin"),
    [
        (("*",), 'Add a rule to [[tool.fti.align]] with packages = ["scikit-learn"] and stages = '),
        (("scikit-learn", "x"), "Add a rule to [[tool.fti.align]] with packages = "),
        (("scikit-learn",), 'Change the level of tool.fti.align[0] from "none" to "exact", and '),
    ],
)
def test_an_exemption_of_many_packages_is_kept(packages: tuple[str, ...], begin: str) -> None:
    rule = AlignRule(
        path="tool.fti.align[0]", rule=Rule(("training", "inference"), packages, "none")
    )
    checked = project(training(scikit_learn="1.3.0"), inference(scikit_learn="1.3.2"))
    (finding,) = load_check("skew").find(replace(checked, align_rules=lambda: [rule]))
    assert finding.fix.startswith(begin)


def test_versions_are_compared_on_the_targets_that_stages_share() -> None:
    old = replace(locked("numpy", "1.26.4"), marker=Marker('python_version < "3.12"'))
    new = replace(locked("numpy", "2.0.2"), marker=Marker('python_version >= "3.12"'))
    both = replace(training(">=3.11,<3.14"), packages=(old, new))
    assert found("skew", both, replace(both, stage=inference().stage)) == []
    only_new = inference(">=3.12,<3.14", numpy="2.0.2")
    assert found("skew", both, only_new) == []
    only_old = inference(">=3.11,<3.12", numpy="2.0.2")
    assert [each.split(": ")[1] for each in found("skew", both, only_old)] == ["error"]


def test_all_versions_are_compared_if_no_target_is_shared() -> None:
    old = replace(locked("xgboost", "2.0.3"), marker=Marker('sys_platform == "win32"'))
    new = replace(locked("xgboost", "3.1.0"), marker=Marker('sys_platform != "win32"'))
    linux, mac = (Targets(platforms=(Platform(os, "arm64"),)) for os in ("linux", "macos"))
    one = replace(training(">=3.11"), packages=(old, new))
    one = replace(one, stage=replace(one.stage, targets=linux))
    other = inference(">=3.11", xgboost="2.0.3")
    other = replace(other, stage=replace(other.stage, targets=mac))
    assert [each.producer_version for each in transfers(project(one, other)) if each] == ["3.1.0"]


def test_a_lock_that_cannot_be_read_is_not_compared() -> None:
    serving = replace(inference(), is_readable=False)
    assert found("skew", stage("training", {"xgboost": "3.1.0"}), serving) == []
