"""What excludes a version from a stage over small indexes, compared with all solutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version
from poetry.core.packages.package import Package

from cases import examples
from poetry_fti.agreement.restrictions import Restriction
from poetry_fti.bridge.lock.locked import SolvedLock
from poetry_fti.bridge.solving.project_solver import project_solver
from poetry_fti.bridge.solving.solver_output import SolverOutput
from poetry_fti.bridge.solving.variants.variant import StageTask
from poetry_fti.bridge.solving.workers.assignment import SolverOptions
from poetry_fti.model.constraint import Constraint
from poetry_fti.model.platforms import Platform, Targets
from worlds import NAMES, VERSIONS, World, without, worlds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.restrictions import RestrictionKind
    from poetry_fti.bridge.solving.exclusion.possibility import Possibility
    from worlds import Chosen, Required

pytestmark = pytest.mark.slow

LINUX: Final = Targets(platforms=(Platform("linux", "amd64"),))
ANY: Final = frozenset(VERSIONS)


def possibility(limits: Limits, locked: Chosen, name: str, version: int) -> Possibility:
    task = StageTask(
        name="training",
        root=limits.world.root,
        make_lock=lambda _: SolvedLock("", ()),
        targets=LINUX,
        pins=[Package(each, str(number)) for each, number in locked.items()],
        overrides=[(canonicalize_name(each), RANGES[found]) for each, found in limits.overrides],
        constraints=[
            Constraint("constraints", canonicalize_name(each), RANGES[found])
            for each, found in limits.constraints
        ],
    )
    output = SolverOutput(lambda _: None)  # so that the stage is solved in this process
    with project_solver(
        [task], [], limits.pool(), SolverOptions(aligned=False, output=output)
    ) as solver:
        solver.solve({})
        return solver.possibility("training", canonicalize_name(name), Version(str(version)))


RANGES: Final = {frozenset({1}): "<2", frozenset({2}): "==2", frozenset({1, 2}): "<3"}
_LIMITED: Final = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(RANGES)), max_size=2)


@dataclass(frozen=True)
class Limits:
    """A world with settings of the stage, and with releases that its Python does not support."""

    world: World
    constraints: tuple[tuple[str, frozenset[int]], ...] = ()
    overrides: tuple[tuple[str, frozenset[int]], ...] = ()
    unsupported: frozenset[tuple[str, int]] = frozenset()

    def pool(self) -> RepositoryPool:
        """Return the index."""
        pool = self.world.pool()
        for package in pool.repositories[0].packages:
            if (package.name, package.version.major) in self.unsupported:
                package.python_versions = ">=3.13"
        return pool

    def candidates(self) -> set[Restriction]:
        """Return all restrictions."""
        overridden = {name for name, _ in self.overrides}
        found = {e for e in edges(self.world) if not (e.by and e.package in overridden)}
        names: tuple[tuple[RestrictionKind, set[str]], ...] = (
            ("constraint", {name for name, _ in self.constraints}),
            ("override", overridden),
            ("python", {name for name, _ in self.unsupported}),
        )
        return found | {
            Restriction(kind, canonicalize_name(each)) for kind, every in names for each in every
        }

    def solutions(self, lifted: Collection[Restriction] = ()) -> Iterator[Chosen]:
        """Yield all solutions without some restrictions."""
        gone = {(each.kind, str(each.package)) for each in lifted}
        overrides = {n: ANY if ("override", n) in gone else each for n, each in self.overrides}
        world = without(self.world, [each for each in lifted if each.kind == "requirement"])
        releases = {
            release: {name: overrides.get(name, each) for name, each in required.items()}
            for release, required in world.releases.items()
        }
        for chosen in World(world.project, releases).solutions():
            is_allowed = all(
                chosen[name] in allowed
                for name, allowed in self.constraints
                if name in chosen and ("constraint", name) not in gone
            )
            unsupported = {each for each in self.unsupported if ("python", each[0]) not in gone}
            if is_allowed and unsupported.isdisjoint(chosen.items()):
                yield chosen

    def can_have(self, name: str, version: int, lifted: Collection[Restriction] = ()) -> bool:
        """Return whether there is a solution with the version, or without the package."""
        return any(each.get(name, version) == version for each in self.solutions(lifted))


def limits() -> st.SearchStrategy[Limits]:
    """Return a strategy for limits that leave a solution."""
    release = st.tuples(st.sampled_from(NAMES), st.sampled_from(VERSIONS))
    settled = st.builds(
        Limits,
        worlds(1).map(lambda made: made[0]),
        _LIMITED.map(lambda found: tuple(found.items())),
        _LIMITED.map(lambda found: tuple(found.items())),
        st.frozensets(release, max_size=3),
    )
    only_requirements = st.builds(Limits, worlds(1).map(lambda made: made[0]))
    return (only_requirements | settled).filter(lambda made: any(made.solutions()))


def edges(world: World) -> set[Restriction]:
    """Return all requirements that exclude any version."""
    found = {Restriction("requirement", canonicalize_name(n)) for n in limited(world.project)}
    for (by, _), required in world.releases.items():
        names = map(canonicalize_name, limited(required))
        found |= {Restriction("requirement", name, by) for name in names}
    return found


def limited(required: Required) -> list[str]:
    return [name for name, allowed in required.items() if allowed != ANY]


def parts(lifted: Iterable[Restriction]) -> list[set[Restriction]]:
    every = set(lifted)
    return [every - {each} for each in every]


@settings(max_examples=examples(75), derandomize=True, deadline=None, database=None)
@given(made=limits(), data=st.data())
def test_a_version_is_possible_once_what_is_named_changes_and_not_before(
    made: Limits, data: st.DataObject
) -> None:
    locked = data.draw(st.sampled_from(list(made.solutions())))
    name = data.draw(st.sampled_from(sorted(locked)))
    version = data.draw(st.sampled_from([each for each in VERSIONS if each != locked[name]]))
    found = possibility(made, locked, name, version)
    assert found.is_possible == made.can_have(name, version)
    if found.is_possible:
        assert not found.remedies
        (after,) = (each.after for each in found.changes if each.name == name)
        assert after in ((), (Version(str(version)),))
        return
    named = [{each for each, _ in remedy.restrictions} for remedy in found.remedies]
    assert all(texts for remedy in found.remedies for _, texts in remedy.restrictions)
    for lifted in named:
        assert made.can_have(name, version, lifted)
        assert not any(made.can_have(name, version, part) for part in parts(lifted))
    every = made.candidates()
    single = [{each} for each in every if made.can_have(name, version, {each})]
    if single:
        assert sorted(map(sorted, named)) == sorted(map(sorted, single))
    else:
        assert len(named) == made.can_have(name, version, every)


@settings(max_examples=examples(30), derandomize=True, deadline=None, database=None)
@given(made=worlds(1), data=st.data())
def test_what_comes_along_is_the_difference_of_a_solution(
    made: list[World], data: st.DataObject
) -> None:
    (world,) = made
    locked = data.draw(st.sampled_from(list(world.solutions())))
    name = data.draw(st.sampled_from(sorted(locked)))
    version = data.draw(st.sampled_from([each for each in VERSIONS if each != locked[name]]))
    found = possibility(Limits(world), locked, name, version)
    assume(found.is_possible or found.remedies)
    outcomes = [
        (set[Restriction](), found.changes),
        *(({each for each, _ in r.restrictions}, r.changes) for r in found.remedies),
    ]
    for lifted, changes in outcomes[not found.is_possible :]:
        after = dict(locked)
        for change in changes:
            before = tuple(each.major for each in change.before)
            assert before == ((locked[change.name],) if change.name in locked else ())
            after.pop(change.name, None)
            after.update({str(change.name): each.major for each in change.after})
        assert after in list(without(world, lifted).solutions())
