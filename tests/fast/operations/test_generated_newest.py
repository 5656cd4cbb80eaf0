"""Generated projects: what prevents newer versions does, and the updates that are advised work."""

from __future__ import annotations

import shutil
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from cases import examples
from poetry_fti.operations.feedback import SILENT
from poetry_fti.operations.why.newest import find_newest
from small_index import pyproject
from worlds import NAMES, VERSIONS, can_have, without, worlds

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from memory_index import MemoryProject
    from poetry_fti.operations.why.report import Excluded, NewestIn, Update
    from worlds import Required, World

pytestmark = pytest.mark.slow

STAGES: Final = ("feature", "training")
RANGES: Final = {
    frozenset({1}): "<2",
    frozenset({2}): ">=2,<3",
    frozenset({3}): ">=3",
    frozenset({1, 2}): "<3",
    frozenset({2, 3}): ">=2",
    frozenset({1, 2, 3}): "",
}


def texts(required: Required) -> list[str]:
    return [f"{name}{RANGES[allowed]}" for name, allowed in required.items()]


def offer(demo: MemoryProject, made: list[World], newest: int) -> None:
    """Offer the releases up to a version."""
    releases = made[0].releases
    versions = [version for version in VERSIONS if version <= newest]
    demo.index.offer(
        {f"{n} {v}.0": texts(releases.get((n, v), {})) for n in NAMES for v in versions}
    )
    shutil.rmtree(demo.cache, ignore_errors=True)


@settings(
    max_examples=examples(12),
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=worlds(2), before=st.sampled_from(VERSIONS), data=st.data())
def test_advice_works_and_what_is_named_excludes_versions(
    demo: MemoryProject, made: list[World], before: int, data: st.DataObject
) -> None:
    by_stage = dict(zip(STAGES, made, strict=True))
    shutil.rmtree(demo.root / "fti", ignore_errors=True)
    offer(demo, made, before)
    demo.write(pyproject({stage: texts(world.project) for stage, world in by_stage.items()}))
    assume(not any(result.error for result in demo.lock().values()))
    offer(demo, made, VERSIONS[-1])
    project = demo.load()
    locked = sorted({name for stage in project.stages for name in stage.versions})
    name = canonicalize_name(data.draw(st.sampled_from(locked)))
    for stage, found in find_newest(project, name, project.stages, SILENT).items():
        require_that_it_is_true(found, name, by_stage[stage])
        for other, excluded in found.agreement.excluded.items() if found.agreement else ():
            require_that_it_is_excluded(excluded, name, by_stage[other])
        if found.update:
            require_that_it_works(demo, found.update, name, stage)


def require_that_it_is_true(found: NewestIn, name: NormalizedName, world: World) -> None:
    assert found.newest is not None
    assert found.newest.major == VERSIONS[-1]
    for excluded in found.excluded:
        require_that_it_is_excluded(excluded, name, world)
    reached = found.update.version if found.update else found.version
    if found.agreement:
        assert reached is not None
        assert found.agreement.version > reached
        assert can_have(world, name, found.agreement.version.major)
        reached = found.agreement.version
    if reached is not None and reached < found.newest:
        assert found.newest in [each.version for each in found.excluded]


def require_that_it_is_excluded(excluded: Excluded, name: NormalizedName, world: World) -> None:
    version = excluded.version.major
    assert not can_have(world, name, version)
    for remedy in excluded.remedies:
        lifted = {each for each, _ in remedy.restrictions}
        assert can_have(without(world, lifted), name, version)
        assert not any(can_have(without(world, lifted - {each}), name, version) for each in lifted)


def require_that_it_works(
    demo: MemoryProject, update: Update, name: NormalizedName, stage: str
) -> None:
    """Run an update, and require that it has the result that was announced."""
    locks = demo.root / "fti"
    with TemporaryDirectory() as kept:
        shutil.copytree(locks, kept, dirs_exist_ok=True)
        results = demo.update(*update.command.split()[3:])
        (changed,) = demo.load().select([stage])
        versions = changed.versions.get(name)
        assert (versions[0] if versions else None) == update.version
        assert [each.name for each in results[stage].changes] == [c.name for c in update.changes]
        shutil.copytree(kept, locks, dirs_exist_ok=True)
