"""Locks compared: what changed, and where and why stages differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

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
from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.model.lock import LockedPackage, LockedStage, Requirement
from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin, IndexOrigin
from poetry_fti.model.stage import KINDS, Stage

if TYPE_CHECKING:
    from poetry_fti.model.origins import Origin


def requirement(name: str, *ranges: str) -> Requirement:
    return Requirement(name=canonicalize_name(name), ranges=tuple(map(SpecifierSet, ranges)))


def package(
    name: str,
    version: str,
    *requires: Requirement,
    python: str | None = None,
    origin: Origin = IndexOrigin(),
    files: str = "",
) -> LockedPackage:
    return LockedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        origin=origin,
        requires=requires,
        requires_python=python,
        digests=frozenset(files.split()),
    )


def commit(commit: str, requested: str = "main", version: str = "0.3.0") -> LockedPackage:
    return package("feats", version, origin=GitOrigin("https://git/feats.git", commit, requested))


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
    one, two = LockedVersion(Version("1")), LockedVersion(Version("1.1"))
    assert changes(locked_by_name(before), locked_by_name(after)) == (
        Change(canonicalize_name("a"), (one,), ()),
        Change(canonicalize_name("b"), (one,), (two,)),
        Change(canonicalize_name("d"), (), (one,)),
    )


def moved(before: LockedPackage, after: LockedPackage) -> bool:
    (name,) = {before.name, after.name}
    found = changes(locked_by_name([before]), locked_by_name([after]))
    assert found in ((), (Change(name, (before.locked_version,), (after.locked_version,)),))
    return bool(found)


def test_a_version_of_another_origin_is_an_update() -> None:
    assert moved(commit("5e3181f"), commit("bf2931f"))
    assert moved(commit("5e3181f"), package("feats", "0.3.0", files="a"))
    assert moved(package("feats", "0.3.0", files="a"), package("feats", "0.3.0", files="b"))
    assert moved(package("torch", "2.9.0", files="a"), package("torch", "2.9.0+cpu", files="b"))


def test_the_same_content_is_no_update() -> None:
    assert not moved(commit("5e3181f", "v1"), commit("5e3181f", "main"))
    assert not moved(package("feats", "0.3.0", files="a"), package("feats", "0.3.0", files="a b"))
    tree = DirectoryOrigin(PurePosixPath("libs/feats"))
    editable = DirectoryOrigin(tree.path, editable=True)
    assert not moved(package("feats", "1", origin=tree), package("feats", "1.0", origin=editable))


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
                ((LockedVersion(Version("2.5.5")),), ("inference",)),
                ((LockedVersion(Version("2.4.0")),), ("training",)),
                ((LockedVersion(Version("1.26.4")),), ("feature",)),
            ),
            (
                Reason("feature", "pyproject.toml requires numpy <2 || >=9"),
                Reason("feature", "pyspark 3.5.9 requires numpy <2,>=1.22"),
                Reason("training", "numpy 2.5.5 requires Python >=3.11", is_certain=False),
            ),
        ),
    )


def test_an_override_is_a_reason_instead_of_the_requirements_that_it_replaces() -> None:
    lib = canonicalize_name("lib")
    bounded = stage(
        "feature",
        package("lib", "1"),
        package("app", "1", requirement("lib", "<2")),
        package("zoo", "1", requirement("lib", "<2")),
    )
    overriding = replace(bounded, stage=replace(bounded.stage, overrides=((lib, "<2"),)))
    sibling = stage("training", package("lib", "2"))
    assert reasons(overriding, sibling) == ["feature: an override of tool.fti requires lib <2"]


def test_stages_with_the_same_versions_do_not_differ() -> None:
    stages = (stage("feature", package("six", "1")), stage("training", package("six", "1")))
    assert divergences(stages) == ()
    assert agree(locked_by_name(stage.packages) for stage in stages)


def test_stages_agree_unless_a_package_has_other_versions_in_one_of_them() -> None:
    six, other = package("six", "1"), package("six", "2")
    assert agree([locked_by_name([six]), locked_by_name([package("numpy", "1")]), {}])
    assert not agree([locked_by_name([six]), locked_by_name([other])])
    assert not agree([locked_by_name([six]), locked_by_name([six, other])])


def test_where_a_stage_has_a_version_for_a_part_of_its_pythons_they_are_a_reason_only_there() -> (
    None
):
    newest, python = package("numpy", "2.5.5", python=">=3.12"), ">=3.11,<3.14"
    feature = stage("feature", package("numpy", "2.4.6"), newest, python=python)
    training = stage("training", package("numpy", "2.4.6"), python=python)
    inference = stage("inference", package("numpy", "2.4.5"), newest, python=python)
    own = Reason("feature", "numpy 2.5.5 requires Python >=3.12", is_certain=False)
    (divergence,) = divergences((feature, training))
    assert divergence.reasons == (own,)
    (divergence,) = divergences((feature, training, inference))
    assert divergence.reasons == (), "an update looks for versions that feature and inference share"


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


DIRECT: Final = Requirement(name=canonicalize_name("feats"), ranges=(), direct=True)


def test_stages_differ_in_the_origin_of_a_version() -> None:
    stages = (
        stage("feature", commit("5e3181f", "v0.3.0"), own=(DIRECT,)),
        stage("training", commit("bf2931f"), package("app", "1", DIRECT)),
        stage("inference", commit("5e3181f", "v0.3.0"), own=(DIRECT,)),
    )
    assert not agree(locked_by_name(stage.packages) for stage in stages)
    (found,) = divergences(stages)
    one, other = (stage.packages[0].locked_version for stage in stages[:2])
    assert found.versions == (((one,), ("feature", "inference")), ((other,), ("training",)))
    assert [f"{reason.stage}: {reason.text}" for reason in found.reasons] == [
        "feature: pyproject.toml requires feats (direct reference)",
        "training: app 1 requires feats (direct reference)",
        "inference: pyproject.toml requires feats (direct reference)",
    ]


def test_nothing_forces_stages_that_follow_a_branch_to_differ() -> None:
    stages = [
        stage("feature", commit("5e3181f"), own=(DIRECT,)),
        stage("training", commit("bf2931f"), own=(DIRECT,)),
    ]
    assert reasons(*stages, of="feats") == []
    older = stage("inference", commit("abcdef1", version="0.2.0"), own=(DIRECT,))
    assert reasons(*stages, older, of="feats") == [
        "inference: pyproject.toml requires feats (direct reference)"
    ]


def test_stages_differ_in_the_files_of_a_version() -> None:
    private = IndexOrigin("private", "https://private/simple")
    assert reasons(
        stage("feature", package("lib", "1", files="a")),
        stage("training", package("lib", "1", files="b", origin=private)),
    ) == ["training: lib comes from the source private"]
    replaced = (package("lib", "1", files=each, origin=private) for each in "ab")
    feature, training = (
        stage(name, each) for name, each in zip(("feature", "training"), replaced, strict=True)
    )
    assert reasons(feature, training) == []


CPU: Final = IndexOrigin("cpu", "https://cpu/simple")
TORCH: Final = package("torch", "2.9.0", files="a")
TORCH_CPU: Final = package("torch", "2.9.0+cpu", files="b", origin=CPU)


def test_builds_of_a_version_do_not_differ() -> None:
    stages = (stage("feature", TORCH), stage("training", TORCH_CPU))
    assert agree(locked_by_name(stage.packages) for stage in stages)
    assert divergences(stages) == ()
    assert divergences([stage("feature", TORCH, TORCH_CPU), stage("training", TORCH)]) == ()


def test_reasons_are_given_for_other_versions_than_the_newest_and_its_builds() -> None:
    older = requirement("torch", "<2.9")
    assert reasons(
        stage("feature", package("torch", "2.8.0"), own=(older,)),
        stage("training", TORCH, own=(requirement("torch", "!=2.9.0+cpu"),)),
        stage("inference", TORCH_CPU),
        of="torch",
    ) == ["feature: pyproject.toml requires torch <2.9"]
