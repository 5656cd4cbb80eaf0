"""Locks compared: what changed, and where and why stages differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.agreement.comparison import (
    Change,
    Divergence,
    agree,
    changes,
    divergences,
    shared_names,
    versions_by_name,
)
from poetry_fti.agreement.reasons import Explanation, Reason
from poetry_fti.model import KINDS, LockedPackage, LockedStage, Requirement, Stage


def requirement(name: str, *ranges: str) -> Requirement:
    return Requirement(name=canonicalize_name(name), ranges=tuple(map(SpecifierSet, ranges)))


def package(
    name: str, version: str, *requires: Requirement, python: str | None = None
) -> LockedPackage:
    return LockedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        requires=requires,
        requires_python=python,
    )


def stage(
    name: str, *packages: LockedPackage, python: str = ">=3.11", own: tuple[Requirement, ...] = ()
) -> LockedStage:
    kind = next(kind for kind in KINDS if kind in name)
    return LockedStage(
        stage=Stage(name=name, kind=kind, groups=(), closure=()),
        folder=PurePosixPath("fti", name),
        requires_python=python,
        digest="",
        packages=packages,
        requirements=own,
    )


def test_what_was_added_removed_and_updated() -> None:
    before = [package("a", "1"), package("b", "1"), package("c", "1"), package("c", "2")]
    after = [package("b", "1.1"), package("c", "2"), package("c", "1"), package("d", "1")]
    one, two = Version("1"), Version("1.1")
    assert changes(versions_by_name(before), versions_by_name(after)) == (
        Change(canonicalize_name("a"), (one,), ()),
        Change(canonicalize_name("b"), (one,), (two,)),
        Change(canonicalize_name("d"), (), (one,)),
    )


def test_a_divergence_names_what_forces_it() -> None:
    numpy = canonicalize_name("numpy")
    stages = (
        stage(
            "feature",
            package("numpy", "1.26.4"),
            package("pyspark", "3.5.9", requirement("numpy", ">=1.22,<2")),
            own=(requirement("numpy", "<2", ">=9"),),
        ),
        stage("training", package("numpy", "2.4.0"), package("six", "1"), python=">=3.10,<4"),
        stage("inference", package("numpy", "2.5.5", python=">=3.11"), package("six", "1")),
    )
    assert shared_names(versions_by_name(stage.packages) for stage in stages) == {"numpy", "six"}
    assert divergences(stages) == (
        Divergence(
            numpy,
            (
                ((Version("2.5.5"),), ("inference",)),
                ((Version("2.4.0"),), ("training",)),
                ((Version("1.26.4"),), ("feature",)),
            ),
            (
                Reason("feature", "pyproject.toml requires numpy <2 || >=9"),
                Reason("feature", "pyspark 3.5.9 requires numpy <2,>=1.22"),
                Reason("training", "numpy 2.5.5 requires Python >=3.11", is_certain=False),
            ),
        ),
    )


def test_stages_with_the_same_versions_do_not_differ() -> None:
    stages = (stage("feature", package("six", "1")), stage("training", package("six", "1")))
    assert divergences(stages) == ()
    assert agree(versions_by_name(stage.packages) for stage in stages)


def test_stages_agree_unless_a_package_has_other_versions_in_one_of_them() -> None:
    six, other = package("six", "1"), package("six", "2")
    assert agree([versions_by_name([six]), versions_by_name([package("numpy", "1")]), {}])
    assert not agree([versions_by_name([six]), versions_by_name([other])])
    assert not agree([versions_by_name([six]), versions_by_name([six, other])])


def test_python_is_no_reason_where_a_sibling_has_the_version_for_a_part_of_it() -> None:
    newest = package("numpy", "2.5.5", python=">=3.12")
    stages = (
        stage("feature", package("numpy", "2.4.6"), newest, python=">=3.11,<3.14"),
        stage("training", package("numpy", "2.4.6"), python=">=3.11,<3.14"),
    )
    (divergence,) = divergences(stages)
    assert divergence.reasons == ()


def reasons(*stages: LockedStage, of: str = "lib") -> list[str]:
    """Return the reasons for the divergence in a package, as commands write them."""
    (found,) = (each for each in divergences(stages) if each.name == of)
    return [f"{reason.stage}: {reason.text}" for reason in found.reasons]


def sourced(name: str, source: str, version: str) -> LockedStage:
    own = replace(requirement("lib", ""), source=source)
    return stage(name, package("lib", version), own=(own,))


def test_that_pyproject_names_different_sources_is_a_reason() -> None:
    feature, training = sourced("feature", "gpu", "2"), sourced("training", "cpu", "1")
    assert reasons(feature, training) == [
        'training: pyproject.toml takes it from the source "cpu", and in feature from "gpu"'
    ]
    others = [replace(feature, stage=replace(feature.stage, name=f"feature-{n}")) for n in "abc"]
    assert reasons(feature, training, *others) == [
        'training: pyproject.toml takes it from the source "cpu", and in 4 stages from "gpu"'
    ]
    for other in (sourced("training", "gpu", "1"), stage("training", package("lib", "1"))):
        assert reasons(feature, other) == [], "the version may be there, too"


def test_that_only_one_stage_allows_pre_releases_is_a_reason() -> None:
    own = replace(requirement("lib", ""), prereleases=True)
    allowing = stage("feature", package("lib", "2rc1"), own=(own,))
    assert reasons(allowing, stage("training", package("lib", "1"), own=(own,))) == []
    assert reasons(allowing, stage("training", package("lib", "1"))) == [
        "training: only feature allows pre-releases of lib"
    ]
    assert reasons(allowing, stage("training", package("lib", "2b1"))) == []
    plain = stage("inference", package("lib", "2rc1"))
    assert reasons(plain, stage("training", package("lib", "1"))) == [
        "training: lib 2rc1 is a pre-release"
    ]


def test_what_solving_has_found_replaces_what_is_deduced() -> None:
    stages = (
        stage("feature", package("lib", "1")),
        stage("training", package("lib", "1"), own=(requirement("lib", "<2"),)),
        stage("inference", package("lib", "2", python=">=3.12"), python=">=3.12"),
        stage("feature-old", package("lib", "0")),
    )
    lib, newest = canonicalize_name("lib"), Version("2")
    (found,) = divergences(stages)
    assert [each.is_certain for each in found.reasons] == [False, True, False]
    assert found.uncertain == (("feature-old",),), "training explains feature"
    explained = [
        Explanation("feature", lib, newest),
        Explanation("training", lib, newest, "wrong"),
        Explanation("feature-old", lib, newest, is_closable=True),
        Explanation("inference", lib, Version("1"), "of another version"),
    ]
    (found,) = divergences(stages, explained)
    assert found.reasons == (Reason("training", "pyproject.toml requires lib <2"),)
    assert (found.closable, found.unexplained) == (("feature-old",), ())
    (found,) = divergences(stages, [Explanation("feature-old", lib, newest)])
    assert found.unexplained == ("feature-old",)


def test_python_is_a_reason_if_a_release_refuses_a_newer_one() -> None:
    newest = package("lib", "2", python=">=3.9,<3.13,!=3.10.2")
    feature = stage("feature", package("lib", "1"), python=">=3.11")
    training = stage("training", newest, python=">=3.11,<3.13")
    assert reasons(feature, training) == ["feature: lib 2 requires Python !=3.10.2,<3.13,>=3.9"]
    (found,) = divergences([stage("feature", package("lib", "1"), python="==3.12.*"), training])
    assert found.reasons == ()


def test_a_stage_with_several_versions_is_asked_for_the_newest_alone() -> None:
    both = (package("lib", "1"), package("lib", "2", python=">=3.12"))
    required = (requirement("lib", "<2"), requirement("lib", ">=2"))
    training = stage("training", both[1], python=">=3.12")
    assert reasons(stage("feature", *both, own=required, python=">=3.12"), training) == [
        "feature: pyproject.toml requires lib <2"
    ]
    assert reasons(stage("feature", *both), training) == ["feature: lib 2 requires Python >=3.12"]


OTHER = package("other", "0.5")
LIB = package("lib", "2", requirement("other", "<1"), requirement("small", ""))
TRAINING = stage("training", LIB, OTHER, package("small", "1"))


def test_a_reason_may_be_what_the_newest_version_requires_of_another_package() -> None:
    app = package("app", "1", requirement("other", ">=1"), requirement("other", ">=1"))
    old = package("lib", "1", requirement("other", ">=2"))  # would not be there with the newest
    feature = stage("feature", app, old, package("other", "2"))
    assert reasons(feature, TRAINING) == [
        "feature: lib 2 requires other <1, and app 1 requires other >=1"
    ]
    asked = stage(
        "feature", package("lib", "1"), package("other", "2"), own=(requirement("other", ">=2"),)
    )
    assert reasons(asked, TRAINING) == [
        "feature: lib 2 requires other <1, and pyproject.toml requires other >=2"
    ]


def test_such_a_reason_may_lie_farther_away() -> None:
    mid = package("mid", "1", requirement("other", "<1"), requirement("lib", ""))
    training = stage("training", package("lib", "2", requirement("mid", ">=1")), mid, OTHER)
    app = package("app", "1", requirement("other", ">=1"))
    assert reasons(stage("feature", app, package("lib", "1"), package("other", "2")), training) == [
        "feature: lib 2 requires mid >=1, mid 1 requires other <1, and app 1 requires other >=1"
    ]


def test_such_a_reason_may_be_a_python() -> None:
    native = package("native", "1", python=">=3.12")
    newest = package("lib", "2", requirement("native", ""))
    training = stage("training", newest, native, python=">=3.12")
    assert reasons(stage("feature", package("lib", "1")), training) == [
        "feature: lib 2 requires native, and native 1 requires Python >=3.12"
    ]


def test_where_all_that_a_version_takes_along_would_do_nothing_forces_the_divergence() -> None:
    free = stage("feature", package("lib", "1"), package("other", "2"))
    fitting = stage("feature", package("lib", "1"), package("other", "0.1"))
    assert reasons(free, TRAINING) == reasons(fitting, TRAINING) == []
