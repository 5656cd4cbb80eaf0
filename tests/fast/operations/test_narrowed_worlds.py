"""Generated stages with platforms, compared with the lock for everywhere of the same stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from cases import seeds
from narrowed_worlds import PROJECT_PYTHON, world
from poetry_fti.model.platforms import Platform, Targets
from poetry_fti.targets import fits
from small_index import catalogue, pyproject
from truth import Truth, environments, installed, locked_packages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from memory_index import MemoryProject
    from narrowed_worlds import World
    from truth import Environment, Installed

    Packages = Sequence[Mapping[str, Any]]

pytestmark = pytest.mark.slow


def locked(demo: MemoryProject, stage: str) -> Packages | None:
    path = demo.root / "fti" / stage / "poetry.lock"
    return locked_packages(path.read_text(encoding="utf-8")) if path.exists() else None


@pytest.mark.sampled
@pytest.mark.parametrize("seed", seeds(30))
def test_a_narrowed_stage_locks_what_it_can_and_as_new_as_everywhere(
    seed: int, demo: MemoryProject
) -> None:
    made = world(seed)
    python = f"python = {made.python!r}\n" if made.python else ""
    settings = f"[tool.fti.stages.training]\nplatforms = {made.platforms}\n{python}"
    demo.index.offer(made.releases)
    groups = {"training": made.requires, "feature": made.requires}
    everywhere = f"[tool.fti.stages.feature]\n{python}"
    demo.write(pyproject(groups, settings + everywhere, python=PROJECT_PYTHON))
    results = demo.lock(aligned=False)
    project = demo.load()  # reads what each package in a lock requires
    assert all(map(project.is_fresh, (each for each in project.stages if each.path.exists())))
    narrowed, universal = locked(demo, "training"), locked(demo, "feature")
    if narrowed is None:
        assert universal is None or " has no file for " in str(results["training"].error)
        return
    truth = Truth(catalogue(made.releases), made.requires)
    targets = environments(made.platforms, made.allowed_python)
    for target in targets:
        truth.check(narrowed, target)
        # A stage without an upper bound for Python is served on the oldest one.
        is_open = "3.99" in SpecifierSet(made.python or PROJECT_PYTHON)
        if not is_open or target["python_version"] == targets[0]["python_version"]:
            assert has_files(made, narrowed, target)
    one_system = len({each.partition("/")[0] for each in made.platforms}) == 1
    if universal is not None and one_system:
        there = [installed(universal, target) for target in targets]
        have_files = all(has_files(made, universal, target) for target in targets)
        if all(each == there[0] for each in there) and have_files:
            assert all(not is_older(installed(narrowed, target), there[0]) for target in targets)


def has_files(made: World, packages: Packages, environment: Environment) -> bool:
    """Return whether each package that a lock installs on a target has a file that fits it."""
    (platform,) = (
        each for each in made.platforms if environment in environments([each], made.allowed_python)
    )
    targets = Targets(platforms=(Platform(*platform.split("/")),))  # type: ignore[arg-type]
    python = SpecifierSet(f"=={environment['python_version']}.*")
    there = installed(packages, environment)
    return all(
        any(fits(file["file"], targets, python) for file in package["files"])
        for package in packages
        if there.get(package["name"]) == package["version"]
    )


def is_older(narrowed: Installed, everywhere: Installed) -> bool:
    """Return whether something is older although nothing is newer, which would require it."""
    common = narrowed.keys() & everywhere.keys()
    pairs = [(Version(narrowed[name]), Version(everywhere[name])) for name in common]
    return any(one < other for one, other in pairs) and not any(one > other for one, other in pairs)
