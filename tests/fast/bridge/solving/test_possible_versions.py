"""What excludes a version from a stage over small indexes, compared with all solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
from poetry_fti.model import Platform, Targets
from worlds import VERSIONS, can_have, without, worlds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.bridge.solving.exclusion.possibility import Possibility
    from worlds import Chosen, Required, World

LINUX: Final = Targets(platforms=(Platform("linux", "amd64"),))
ANY: Final = frozenset(VERSIONS)


def possibility(world: World, locked: Chosen, name: str, version: int) -> Possibility:
    task = StageTask(
        name="training",
        root=world.root,
        make_lock=lambda _: SolvedLock("", ()),
        targets=LINUX,
        pins=[Package(each, str(number)) for each, number in locked.items()],
    )
    output = SolverOutput(lambda _: None)  # so that the stage is solved in this process
    with project_solver([task], [], world.pool(), output, aligned=False) as solver:
        solver.solve({})
        return solver.possibility("training", canonicalize_name(name), Version(str(version)))


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


@settings(max_examples=examples(2000), derandomize=True, deadline=None, database=None)
@given(made=worlds(1), data=st.data())
def test_a_version_is_possible_once_what_is_named_changes_and_not_before(
    made: list[World], data: st.DataObject
) -> None:
    (world,) = made
    locked = data.draw(st.sampled_from(list(world.solutions())))
    name = data.draw(st.sampled_from(sorted(locked)))
    version = data.draw(st.sampled_from([each for each in VERSIONS if each != locked[name]]))
    found = possibility(world, locked, name, version)
    assert found.is_possible == can_have(world, name, version)
    if found.is_possible:
        assert not found.remedies
        (after,) = (each.after for each in found.changes if each.name == name)
        assert after in ((), (Version(str(version)),))
        return
    named = [{each for each, _ in remedy.restrictions} for remedy in found.remedies]
    assert all(texts for remedy in found.remedies for _, texts in remedy.restrictions)
    for lifted in named:
        assert can_have(without(world, lifted), name, version)
        assert not any(can_have(without(world, part), name, version) for part in parts(lifted))
    single = [{each} for each in edges(world) if can_have(without(world, {each}), name, version)]
    if single:
        assert sorted(map(sorted, named)) == sorted(map(sorted, single))
    else:
        assert len(named) == can_have(without(world, edges(world)), name, version)


@settings(max_examples=examples(500), derandomize=True, deadline=None, database=None)
@given(made=worlds(1), data=st.data())
def test_what_comes_along_is_the_difference_of_a_solution(
    made: list[World], data: st.DataObject
) -> None:
    (world,) = made
    locked = data.draw(st.sampled_from(list(world.solutions())))
    name = data.draw(st.sampled_from(sorted(locked)))
    version = data.draw(st.sampled_from([each for each in VERSIONS if each != locked[name]]))
    found = possibility(world, locked, name, version)
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
