"""Generated projects: reasons for differences are what keeps stages apart, and advice works."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from cases import examples
from poetry_fti.operations.comparison import compare_project
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from memory_index import MemoryProject
    from poetry_fti.operations.comparison import Divergence
    from poetry_fti.operations.locking.lock import LockResult

pytestmark = pytest.mark.slow

NAMES: Final = ("app", "lib", "mid", "zoo")
VERSIONS: Final = (1, 2, 3)
STAGES: Final = {
    "feature": "",
    "training": 'platforms = ["linux/amd64"]\n',
    "inference": 'platforms = ["linux/amd64", "windows/amd64"]\npython = ">=3.12"\n',
}
SAID: Final = re.compile(r"(?P<by>\S+)(?: (?P<versions>.+))? requires (?P<name>\S+)(?: .+)?")


@dataclass
class Required:
    """A requirement, maybe of the extra `x`, which a requirement that `wants_extra` selects."""

    range: str
    marker: str = ""
    wants_extra: bool = False

    def text(self, name: str) -> str:
        """Return the requirement as metadata has it."""
        if name == "Python":
            return f"python{self.range or '>=3'}"
        marker = f"; {self.marker}" if self.marker else ""
        return f"{name}{'[x]' if self.wants_extra else ''}{self.range}{marker}"


Asked: TypeAlias = "dict[str, Required]"


@dataclass
class World:
    """What stages and releases require, by their names: `app 1.0`."""

    stages: dict[str, Asked]
    releases: dict[str, Asked]

    def show(self, demo: MemoryProject, newest: int = VERSIONS[-1]) -> None:
        """Offer the releases up to a version, and write the pyproject.toml."""
        demo.index.offer(
            {
                release: [each.text(name) for name, each in asked.items()]
                for release, asked in self.releases.items()
                if Version(release.split()[1]).major <= newest
            }
        )
        tables = [f"[tool.fti.stages.{stage}]\n{STAGES[stage]}" for stage in self.stages]
        groups = {
            stage: [each.text(name) for name, each in asked.items()]
            for stage, asked in self.stages.items()
        }
        demo.write(pyproject(groups, "".join(tables)))
        shutil.rmtree(demo.cache, ignore_errors=True)

    def named(self, stage: str, reason: str) -> list[Required]:
        """Return the requirements that a reason names."""
        found = []
        for part in re.split(r", (?:and )?", reason):
            said = SAID.fullmatch(part)
            assert said or part.endswith(" more requirements"), reason
            if said is None:
                continue
            owners = [self.stages[stage]]
            if versions := said["versions"]:
                numbers = ("1.0", "2.0", "3.0") if versions[0] == "(" else versions.split(" and ")
                owners = [self.releases[f"{said['by']} {number}"] for number in numbers]
            found += [each[said["name"]] for each in owners if said["name"] in each]
        return found


def requirements(
    names: Sequence[str], ranges: Sequence[str], markers: Sequence[str], least: int
) -> st.SearchStrategy[Asked]:
    """Return a strategy for what a stage or a release requires."""
    required = st.builds(Required, st.sampled_from(ranges), st.sampled_from(markers), st.booleans())
    least, most = min(least, len(names)), min(least + 1, len(names))
    return st.dictionaries(st.sampled_from(names), required, min_size=least, max_size=most)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw stages that often conflict, over packages that require those after them."""
    own = ("", "", "sys_platform == 'win32'", "python_version < '3.12'")
    below, above = ("", "<2", "<3"), ("", ">=2", ">=3")
    releases: dict[str, Asked] = {}
    for number, name in enumerate(NAMES):
        for version, ranges in zip(VERSIONS, (below, below + above, above), strict=True):
            later = NAMES[number + 1 :]
            strategy = requirements(later, ranges, (*own, "extra == 'x'"), 1)
            releases[f"{name} {version}.0"] = draw(strategy) if later else {}
    stages = draw(st.lists(st.sampled_from(tuple(STAGES)), min_size=2, unique=True))
    asked = {stage: draw(requirements(NAMES, below + above, own, 2)) for stage in stages}
    for release in draw(st.sets(st.sampled_from(tuple(releases)), max_size=2)):
        releases[release]["Python"] = Required(">=3.12")
    return World(asked, releases)


GENERATED: Final = settings(
    max_examples=examples(10),
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def start_anew(demo: MemoryProject) -> None:
    shutil.rmtree(demo.root / "fti", ignore_errors=True)


def differences(
    demo: MemoryProject, results: Mapping[str, LockResult]
) -> tuple[Divergence, ...] | None:
    """Return where stages differ; None if one cannot be locked."""
    if any(result.error for result in results.values()):
        return None
    explanations = [each for result in results.values() for each in result.explanations]
    comparison = compare_project(demo.load(), explanations)
    return comparison.divergences if comparison else ()


def require_that_advice_works(demo: MemoryProject, found: Iterable[Divergence]) -> None:
    """Require that each update that is advised removes its difference."""
    locks = demo.root / "fti"
    for divergence in found:
        if divergence.closable:
            with TemporaryDirectory() as kept:
                shutil.copytree(locks, kept, dirs_exist_ok=True)
                demo.update(divergence.name)
                newest = divergence.versions[0][1]
                versions = [
                    stage.versions[divergence.name]
                    for stage in demo.load().select([*newest, *divergence.closable])
                ]
                assert len(set(versions)) == 1, divergence
                shutil.copytree(kept, locks, dirs_exist_ok=True)


@GENERATED
@given(world=worlds())
def test_without_what_is_named_in_the_end_all_agree(demo: MemoryProject, world: World) -> None:
    """Differences have reasons, or advice that works; without the reasons they are gone.

    Or there are others, which go next.
    """
    world.show(demo)
    start_anew(demo)
    while found := differences(demo, demo.lock()):
        require_that_advice_works(demo, found)
        assert not any(divergence.unexplained for divergence in found)
        named = []
        for reason in (reason for divergence in found for reason in divergence.reasons):
            own = world.named(reason.stage, reason.text)
            assert any(each.range for each in own), reason
            named += own
        if not named:
            return
        for each in named:
            each.range = ""
        world.show(demo)
        start_anew(demo)


@GENERATED
@given(before=worlds(), after=worlds(), newest=st.sampled_from(VERSIONS[:-1]))
def test_advice_works_after_locks_of_another_time(
    demo: MemoryProject, before: World, after: World, newest: int
) -> None:
    """What the stages required before, and the versions that there were, no longer matter."""
    earlier = {name: before.stages.get(name, asked) for name, asked in after.stages.items()}
    World(earlier, after.releases).show(demo, newest)
    start_anew(demo)
    demo.lock(aligned=False)
    after.show(demo)
    require_that_advice_works(demo, differences(demo, demo.lock()) or ())
