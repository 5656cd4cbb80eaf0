"""Alignment of participants, with a model of a resolver that is simple enough to be obvious."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.agreement.alignment import Participant, align

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import Versions

Asked: TypeAlias = "Mapping[str, Collection[int]]"
Index: TypeAlias = "Mapping[tuple[str, int], Asked]"
Chosen: TypeAlias = "Mapping[str, int]"


def resolved(asked: Asked, index: Index, wanted: Chosen) -> Chosen | None:
    """Return the first choice for which all are content: packages by name, newest version first.

    `asked` are the versions that each package may have, `index` says the same for what a release
    requires; `wanted` leaves one.
    """
    return _complete({}, (asked, {name: [version] for name, version in wanted.items()}), index)


def _complete(chosen: Chosen, demands: Sequence[Asked], index: Index) -> Chosen | None:
    said = [*demands, *(index.get(pin, {}) for pin in chosen.items())]
    required = {name for each in (said[0], *said[2:]) for name in each}
    if any(chosen[name] not in each[name] for each in said for name in each if name in chosen):
        return None
    missing = sorted(required - chosen.keys())
    if not missing:
        return chosen
    name = missing[0]
    possible = sorted(set.intersection(*(set(each[name]) for each in said if name in each)))
    attempts = (_complete({**chosen, name: v}, demands, index) for v in reversed(possible))
    return next((found for found in attempts if found is not None), None)


def as_versions(chosen: Chosen) -> Versions:
    return {canonicalize_name(name): (Version(str(v)),) for name, v in chosen.items()}


@dataclass
class Model:
    """A stage of the model; `held` packages keep the versions that they have."""

    asked: Asked
    index: Index = field(default_factory=dict)
    held: Collection[str] = ()
    preferences: list[set[tuple[str, int]]] = field(default_factory=list)

    def solve(self, wanted: Mapping[NormalizedName, Version]) -> Versions | None:
        chosen = resolved(self.asked, self.index, {n: v.major for n, v in wanted.items()})
        return None if chosen is None else as_versions(chosen)

    def attempt(
        self,
        current: Versions,
        name: NormalizedName,
        version: Version,
        agreed: Collection[NormalizedName],
    ) -> Callable[[], Versions | None]:
        found = self.with_versions(name, {**agreements(current, agreed), name: version})
        return lambda: found

    def with_versions(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        self.preferences.append({(n, v.major) for n, v in wanted.items() if n != name})
        found = self.solve(wanted)
        if found is None or name not in found or self.ages(found, wanted):
            return None
        return found if self.keeps(found) else None

    def ages(self, versions: Versions, wanted: Collection[NormalizedName]) -> bool:
        """Tell whether what the stage itself asks for gets older for the sake of another."""
        before = self.solve({}) or {}
        return any(
            versions[name] < before[name] for name in before.keys() & (self.asked.keys() - wanted)
        )

    def keeps(self, versions: Versions) -> bool:
        """Tell whether each held package has its version, or is not needed any more."""
        before = self.solve({}) or {}
        names = before.keys() & versions.keys() & set(self.held)
        return all(versions[name] == before[name] for name in names)


def agreements(
    versions: Versions, agreed: Collection[NormalizedName]
) -> dict[NormalizedName, Version]:
    return {name: versions[name][0] for name in agreed if name in versions}


def participants(models: Sequence[Model]) -> list[Participant]:
    return [Participant("stage", model, model.solve({}) or {}) for model in models]


def outcome(models: Sequence[Model]) -> list[str]:
    """Return the versions of each participant after the alignment: `a1 b2`."""
    made = participants(models)
    align(made)
    return [shown(participant.versions) for participant in made]


def shown(versions: Versions) -> str:
    texts = (f"{name}{'/'.join(map(str, found))}" for name, found in sorted(versions.items()))
    return " ".join(texts)


def test_the_highest_version_that_all_can_have() -> None:
    assert outcome([Model({"a": {1, 2, 3}}), Model({"a": {1, 2}})]) == ["a2", "a2"]


def test_what_only_one_unit_has_is_its_own_business() -> None:
    assert outcome([Model({"a": {1, 2}, "b": {1, 2}}), Model({"a": {1}})]) == ["a1 b2", "a1"]


def test_those_that_cannot_agree_keep_what_they_have_on_their_own() -> None:
    assert outcome([Model({"a": {1}}), Model({"a": {2, 3}})]) == ["a1", "a3"]


def test_most_units_win_and_the_others_agree_among_themselves() -> None:
    allowed = ({1, 2}, {1, 2, 3}, {1, 2, 3}, {4}, {4, 5})
    assert outcome([Model({"a": each}) for each in allowed]) == ["a2", "a2", "a2", "a4", "a4"]


def test_of_two_versions_for_as_many_units_the_higher_one_wins() -> None:
    assert outcome([Model({"a": each}) for each in ({1}, {1, 2}, {2})]) == ["a1", "a2", "a2"]


def test_a_version_of_a_package_that_takes_another_version_of_a_second_one_along() -> None:
    index: Index = {("a", 2): {"b": {2}}, ("a", 1): {"b": {1, 2}}}
    models = [Model({"a": {1, 2}}, index), Model({"a": {1, 2}, "b": {1}}, index)]
    assert outcome(models) == ["a1 b1", "a1 b1"]


def test_an_agreement_that_makes_another_one_possible() -> None:
    """They can agree on `a` only after the first has accepted the older `z` of the second."""
    index: Index = {("z", 2): {"a": {2}}, ("z", 1): {"a": {1, 2}}}
    models = [Model({"z": {1, 2}}, index), Model({"a": {1}, "z": {1}}, index)]
    assert outcome(models) == ["a1 z1", "a1 z1"]


def test_an_agreement_stays_although_a_later_one_would_need_another() -> None:
    index: Index = {("a", 2): {"b": {2}}, ("a", 1): {"b": {1}}}
    first = Model({"a": {1, 2}}, index)
    second, third = Model({"a": {2}, "b": {2}}, index), Model({"b": {1}})
    assert outcome([first, second, third]) == ["a2 b2", "a2 b2", "b1"]


def test_several_versions_in_one_unit_become_the_one_of_another() -> None:
    split = Participant(
        "split", Model({"a": {1, 2}}), {canonicalize_name("a"): (Version("1"), Version("2"))}
    )
    single = Participant("single", Model({"a": {1}}), as_versions({"a": 1}))
    align([split, single])
    assert [shown(split.versions), shown(single.versions)] == ["a1", "a1"]


def test_builds_of_one_version_agree() -> None:
    name = canonicalize_name("a")
    local = Participant("cpu", None, {name: (Version("1+cpu"),)})
    public = Participant("gpu", Model({"a": {1}}), {name: (Version("1"),)})
    align([local, public])
    assert (public.versions, public.moves) == ({name: (Version("1"),)}, 0)


@pytest.mark.parametrize("kept", [{}, {"b": 1}])
def test_a_fixed_unit_stays_and_others_come_to_it(kept: Chosen) -> None:
    fixed = Participant("fixed", None, as_versions({"a": 1, **kept}))
    free = participants([Model({"a": {1, 2}})])[0]
    align([fixed, free])
    assert [participant.versions for participant in (fixed, free)] == [
        as_versions({"a": 1, **kept}),
        as_versions({"a": 1}),
    ]


def test_a_unit_that_holds_its_version_stays_and_others_come_to_it() -> None:
    held = Model({"a": {1, 2}}, held={"a"})
    assert outcome([held, Model({"a": {1, 2, 3}}), Model({"a": {1}})]) == ["a2", "a2", "a1"]


def test_it_is_known_what_a_unit_has_agreed_to_and_whether_it_moved() -> None:
    moved, unmoved = made = participants(
        [Model({"a": {1, 2}, "b": {1}}), Model({"a": {1}, "b": {1}})]
    )
    align(made)
    assert (moved.agreed, moved.moves) == ({"a"}, 1)
    assert (unmoved.agreed, unmoved.moves) == ({"a"}, 0)


NAMES = ("a", "b", "c")
ALLOWED = st.sets(st.integers(1, 3), min_size=1)
ASKED = st.dictionaries(st.sampled_from(NAMES), ALLOWED)
INDEXES = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.integers(1, 3)),
    st.dictionaries(st.sampled_from(NAMES), ALLOWED, max_size=2),
    max_size=4,
)


@st.composite
def models(draw: st.DrawFn) -> list[Model]:
    """Two to four stages over one index, each of which can be solved on its own."""
    index = draw(INDEXES)
    made = st.builds(Model, ASKED, st.just(index), st.sets(st.sampled_from(NAMES), max_size=1))
    return draw(st.lists(made.filter(lambda each: each.solve({}) is not None), max_size=4))


@settings(derandomize=True, deadline=None, database=None)
@given(made=models())
def test_the_order_of_the_units_does_not_matter(made: list[Model]) -> None:
    expected = outcome(made)
    for order in permutations(range(len(made))):
        found = outcome([made[number] for number in order])
        assert found == [expected[number] for number in order]


@settings(derandomize=True, deadline=None, database=None)
@given(made=models())
def test_what_a_unit_has_agreed_to_it_has_and_what_is_held_never_changes(
    made: list[Model],
) -> None:
    aligned = participants(made)
    align(aligned)
    for model, participant in zip(made, aligned, strict=True):
        wanted = agreements(participant.versions, participant.agreed)
        assert participant.versions == model.solve(wanted if participant.moves else {})
        for earlier, later in zip(model.preferences, model.preferences[1:], strict=False):
            assert earlier <= later
        assert model.keeps(participant.versions)


@settings(derandomize=True, deadline=None, database=None)
@given(made=models())
def test_there_is_nothing_left_to_agree_on(made: list[Model]) -> None:
    aligned = participants(made)
    align(aligned)
    before = [dict(participant.versions) for participant in aligned]
    align(aligned)
    assert [participant.versions for participant in aligned] == before


@settings(derandomize=True, deadline=None, database=None)
@given(made=models(), fixed=st.lists(ASKED, min_size=1, max_size=2))
def test_a_fixed_unit_never_changes(made: list[Model], fixed: list[Asked]) -> None:
    kept = [as_versions({name: min(allowed) for name, allowed in each.items()}) for each in fixed]
    still = [Participant("fixed", None, versions) for versions in kept]
    align([*participants(made), *still])
    assert [participant.versions for participant in still] == kept


@settings(derandomize=True, deadline=None, database=None)
@given(several=st.lists(ASKED, min_size=1, max_size=4))
def test_independent_packages_get_the_highest_version_found_that_all_can_have(
    several: list[Asked],
) -> None:
    aligned = participants([Model(asked) for asked in several])
    align(aligned)
    for name in NAMES:
        allowed = [set(asked[name]) for asked in several if name in asked]
        found = {max(each) for each in allowed}
        common = set.intersection(*allowed, found) if allowed else set()
        if common:
            had = {
                participant.versions[canonicalize_name(name)]
                for participant in aligned
                if name in participant.versions
            }
            assert had == {(Version(str(max(common))),)}
