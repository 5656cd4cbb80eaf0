"""Rules of agreement: what they bind of a version, which stages they tie, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.agreement.rules import broken, hold, of_several_origins, tied
from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.origins import GitOrigin, IndexOrigin
from poetry_fti.model.rule import LEVELS, Rule

if TYPE_CHECKING:
    from random import Random

    from poetry_fti.agreement.versions import LockedVersions, Versions
    from poetry_fti.model.rule import Level

STAGES = tuple("abcdef")

DEMANDING = [level for level in LEVELS if level != "none"]


def rule(*stages: str, level: Level = "exact", packages: tuple[str, ...] = ("lib",)) -> Rule:
    return Rule(stages, packages, level)


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("version", "exact", "minor", "major"),
    [
        ("2.9.1", "2.9.1", "2.9", "2"),
        ("2.9.0+cpu", "2.9.0", "2.9", "2"),
        ("2.9.0+cu128.local", "2.9.0", "2.9", "2"),
        ("2", "2", "2.0", "2"),
        ("1!2.3.4", "1!2.3.4", "1!2.3", "1!2"),
        ("1!2.3.4+cpu", "1!2.3.4", "1!2.3", "1!2"),
        ("2.0rc1", "2.0rc1", "2.0", "2"),
        ("2.0.dev3", "2.0.dev3", "2.0", "2"),
        ("2.0.post1", "2.0.post1", "2.0", "2"),
        ("2026.11.5.1", "2026.11.5.1", "2026.11", "2026"),
        ("0.24", "0.24", "0.24", "0"),
    ],
)
def test_what_each_level_binds_of_a_version(
    version: str, exact: str, minor: str, major: str
) -> None:
    parts = {level: rule(level=level).part(Version(version)) for level in DEMANDING}
    assert parts == {"exact": exact, "minor": minor, "major": major}


NUMBERS = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(lambda n: ".".join(map(str, n)))
VERSIONS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "1!"]),
    NUMBERS,
    st.sampled_from(["", "rc1", ".dev2", ".post3"]),
    st.sampled_from(["", "+cpu", "+cu128"]),
).map(Version)


@given(VERSIONS, VERSIONS)
def test_what_agrees_at_a_level_agrees_at_all_that_bind_less(one: Version, other: Version) -> None:
    same = [rule(level=level).part(one) == rule(level=level).part(other) for level in DEMANDING]
    assert same == sorted(same)


@pytest.mark.parametrize(
    ("patterns", "name", "bound"),
    [
        (("numpy",), "numpy", True),
        (("numpy",), "numpy-stl", False),
        (("nvidia-*",), "nvidia-nccl-cu12", True),
        (("nvidia-*",), "nvidia", False),
        (("py?",), "pyx", True),
        (("py?",), "py", False),
        (("pandas", "*"), "anything", True),
    ],
)
def test_which_packages_a_rule_is_about(
    patterns: tuple[str, ...], name: str, *, bound: bool
) -> None:
    assert rule("a", "b", packages=patterns).binds(canonicalize_name(name)) is bound


@pytest.mark.parametrize(
    ("rules", "groups"),
    [
        ([], ["a", "b", "c", "d", "e", "f"]),
        ([rule("a", "c")], ["ac", "b", "d", "e", "f"]),
        ([rule("a", "b"), rule("b", "c")], ["abc", "d", "e", "f"]),
        ([rule("a", "b"), rule("c", "d"), rule("d", "a")], ["abcd", "e", "f"]),
        ([rule("a", "f"), rule("b", "e")], ["af", "be", "c", "d"]),
        ([rule(*STAGES)], ["abcdef"]),
        ([rule("a", "elsewhere")], ["a", "b", "c", "d", "e", "f"]),
    ],
)
def test_stages_are_tied_by_rules_also_through_others(rules: list[Rule], groups: list[str]) -> None:
    assert sorted("".join(group) for group in tied(STAGES, rules)) == groups


RULES = st.lists(st.sets(st.sampled_from(STAGES), min_size=2).map(lambda names: rule(*names)))


@given(RULES, st.randoms(use_true_random=False))
def test_tied_stages_are_the_connected_components(rules: list[Rule], random: Random) -> None:
    reached = {stage: {stage} for stage in STAGES}
    for _ in STAGES:
        for each in rules:
            together = set().union(*(reached[stage] for stage in each.stages))
            reached |= dict.fromkeys(together, together)
    groups = tied(STAGES, rules)
    assert {frozenset(group) for group in groups} == set(map(frozenset, reached.values()))
    assert all(group == sorted(group) for group in groups), "in the order of the stages"
    random.shuffle(rules)
    assert sorted(tied(STAGES, rules)) == sorted(groups)


def variants(text: str) -> list[Versions]:
    """Return the versions of each variant of a stage out of `"lib 1.0, app 2.0 / lib 1.0"`."""
    found: list[Versions] = []
    for variant in text.split("/"):
        pins = [pin.split() for pin in variant.split(",") if pin.strip()]
        found.append({canonicalize_name(name): tuple(map(Version, each)) for name, *each in pins})
    return found


@pytest.mark.slow_after(7)
@pytest.mark.parametrize(
    ("level", "a", "b", "expected"),
    [
        ("exact", "lib 1.0", "lib 1.0", True),
        ("exact", "lib 1.0", "lib 1.0.0", True),
        ("exact", "lib 1.0", "lib 1.0.1", False),
        ("exact", "lib 2.9.0+cpu", "lib 2.9.0+cu128", True),
        ("exact", "lib 2.9.0+cpu", "lib 2.9.0", True),
        ("exact", "lib 1.0rc1", "lib 1.0", False),
        ("exact", "lib 1!1.0", "lib 1.0", False),
        ("minor", "lib 1.0.1", "lib 1.0.2", True),
        ("minor", "lib 1", "lib 1.0.2", True),
        ("minor", "lib 1.0", "lib 1.1", False),
        ("major", "lib 1.0", "lib 1.1", True),
        ("major", "lib 1.0", "lib 2.0", False),
        ("major", "lib 1!1.0", "lib 1.0", False),
        ("exact", "lib 1.0", "", True),
        ("exact", "lib 1.0, app 1", "lib 1.0, app 2", True),
        ("exact", "lib 1.0 / lib 1.0", "lib 1.0", True),
        ("exact", "lib 1.0 / lib 2.0", "lib 1.0", False),
        ("exact", "lib 1.0 / lib 2.0", "", False),
        ("exact", "lib 1.0 2.0", "lib 1.0 2.0", False),
    ],
)
def test_a_rule_holds_if_all_that_it_binds_is_the_same(
    level: Level, a: str, b: str, *, expected: bool
) -> None:
    rules = [rule("a", "b", level=level)]
    assert hold(rules, {"a": variants(a), "b": variants(b)}) is expected
    assert hold(rules, {"a": variants(b), "b": variants(a)}) is expected


def test_each_package_of_a_rule_and_each_rule_counts_alone() -> None:
    stages = {
        "a": variants("lib 1.0, app 2.0"),
        "b": variants("lib 1.0, app 1.0"),
        "c": variants("lib 3.0"),
    }
    assert hold([rule("a", "b")], stages)
    assert not hold([rule("a", "b", packages=("lib", "app"))], stages)
    assert not hold([rule("a", "b", packages=("*",))], stages)
    assert not hold([rule("a", "b"), rule("b", "c")], stages)
    assert hold([], stages)


def test_what_breaks_a_rule_is_named() -> None:
    stages = {
        "a": variants("lib 1.0, app 2.0, mid 1.0"),
        "b": variants("lib 1.0, app 1.0, mid 2.0"),
    }
    assert broken([rule("a", "b", packages=("lib", "app"))], stages) == {"app"}
    assert broken([rule("a", "b", packages=("*",))], stages) == {"app", "mid"}
    assert broken([rule("a", "c", packages=("*",))], stages) == set()


def test_a_stage_that_is_not_solved_breaks_no_rule() -> None:
    assert hold([rule("a", "b")], {"a": variants("lib 1.0")})


def origins(text: str, name: str = "lib") -> LockedVersions:
    """Return locked versions of a package out of `"1.0@5e3181f 1.0=a,b"`: commits and digests."""
    found = []
    for each in text.split():
        version, is_git, commit = each.partition("@")
        version, _, digests = version.partition("=")
        origin = GitOrigin("https://git/lib.git", commit) if is_git else IndexOrigin()
        known = frozenset(filter(None, digests.split(",")))
        found.append(LockedVersion(Version(version), origin, known))
    return {canonicalize_name(name): tuple(found)} if found else {}


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("1.0@5e3181f", "1.0@5e3181f", True),
        ("1.0@5e3181f", "1.0@bf2931f", False),
        ("1.0@5e3181f", "1.0=a", False),
        ("1.0@5e3181f", "", True),
        ("1.0=a,b", "1.0=b,c", True),
        ("1.0=a", "1.0=b", False),
        ("2.9.0=a", "2.9.0+cpu=b", True),
        ("1.0=linux 1.0=macos", "1.0=linux 1.0=macos", True),
        ("1.0=linux 1.0=macos", "1.0=linux", True),
        ("1.0=linux 1.0=macos", "1.0=linux 1.0=windows", False),
        ("1.0@5e3181f 1.0@bf2931f", "", True),
    ],
)
def test_an_exact_rule_binds_the_origin(a: str, b: str, *, expected: bool) -> None:
    stages = {"a": origins(a), "b": origins(b), "c": origins("1.0@abcdef1")}
    found = {} if expected else {"lib": ("a", "b")}
    assert of_several_origins([rule("a", "b")], stages) == found
    assert of_several_origins([rule("a", "b")], {**stages, "a": stages["b"], "b": stages["a"]}) == (
        found
    )
    for level in ("minor", "major"):
        assert of_several_origins([rule("a", "b", level=level)], stages) == {}
    assert of_several_origins([rule("a", "b", packages=("app",))], stages) == {}
    assert of_several_origins([rule("a", "elsewhere")], stages) == {}


def test_packages_of_several_origins_come_with_the_stages_of_their_rule() -> None:
    one = {**origins("1.0@5e3181f"), **origins("1.0=a", "app"), **origins("1.0=a", "mid")}
    other = {**origins("1.0@bf2931f"), **origins("1.0=b", "app"), **origins("1.0=a", "mid")}
    rules = [rule("a", "b"), rule("a", "b", "c", packages=("*",))]
    assert of_several_origins(rules, {"a": one, "b": other, "c": one}) == {
        "app": ("a", "b", "c"),
        "lib": ("a", "b"),
    }
