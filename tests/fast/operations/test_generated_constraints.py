"""Generated constraints with markers: locks satisfy them wherever they apply, and stay fresh."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

import pytest
from packaging.requirements import Requirement

from cases import seeds
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import marker_environment
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memory_index import MemoryProject
    from poetry_fti.model.lock import LockedStage
    from small_index import Releases

pytestmark = pytest.mark.slow

RELEASES: Final[Releases] = {
    "app 1.0": ["lib", "mid<3; sys_platform != 'win32'"],
    "app 2.0": ["lib>=2", "mid; python_version >= '3.12'"],
    "lib 1.0": [],
    "lib 2.0": [],
    "lib 3.0": ["mid"],
    "mid 1.0": [],
    "mid 2.0": [],
    "mid 3.0": [],
    "tool 1.0": ["lib", "mid"],
    "tool 2.0": ["app<2"],
}
MARKERS: Final = [
    *("python_version < '3.12'", "python_version >= '3.13'", "python_full_version < '3.12.4'"),
    *("sys_platform == 'linux'", "sys_platform != 'win32'", "platform_system == 'Darwin'"),
    *("platform_machine == 'x86_64'", "os_name == 'posix'", "implementation_name == 'cpython'"),
]
BOUNDS: Final = ["<2", ">=2", "<3", "!=2.0", ">=1", "<=2", "==1.0"]
TARGETS: Final = ["linux/amd64", "macos/arm64", "windows/amd64", "linux/arm64"]


def constraint(random: Random) -> str:
    markers = random.sample(MARKERS, random.choice([0, 1, 1, 2]))
    marker = f"; {random.choice([' and ', ' or ']).join(markers)}" if markers else ""
    return f"{random.choice(['app', 'lib', 'mid', 'tool'])}{random.choice(BOUNDS)}{marker}"


def violations(locked: LockedStage, constraints: list[str]) -> Iterator[str]:
    for platform in locked.stage.targets.platforms or PLATFORMS:
        for python in ("3.11.9", "3.12.1", "3.12.6", "3.13.0"):
            environment = {
                **marker_environment(platform),
                "python_version": python.rpartition(".")[0],
                "python_full_version": python,
                "implementation_name": "cpython",
            }
            for package in locked.packages:
                if package.marker is not None and not package.marker.evaluate(environment):
                    continue
                for each in map(Requirement, constraints):
                    applies = each.marker is None or each.marker.evaluate(environment)
                    if (
                        each.name == package.name
                        and applies
                        and package.version not in each.specifier
                    ):
                        yield f"{package.name} {package.version} on {platform}, {python}: {each}"


@pytest.mark.sampled
@pytest.mark.parametrize("seed", seeds(30))
def test_a_lock_satisfies_constraints_and_is_fresh(demo: MemoryProject, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - any numbers will do
    constraints = [constraint(random) for _ in range(random.choice([1, 2, 3]))]
    platforms = random.sample(TARGETS, random.choice([0, 1, 2]))
    stage = "[tool.fti.stages.training]\n" + (f"platforms = {platforms}\n" if platforms else "")
    group = random.sample(["app", "lib", "tool", "mid"], random.choice([1, 2]))
    demo.index.offer(RELEASES)
    if random.choice([True, False]):
        demo.write(pyproject({"training": group}, stage))
        demo.lock()
    demo.write(pyproject({"training": group}, f"[tool.fti]\nconstraints = {constraints}\n{stage}"))
    (result,) = demo.lock().values()
    if result.error:
        assert "tool.fti.constraints[" in str(result.error)
        return
    project = demo.load()
    (training,) = project.stages
    assert project.is_fresh(training)
    assert list(violations(project.locked(training), constraints)) == []
