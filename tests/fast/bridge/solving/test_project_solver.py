"""Stages solved over an index in memory: agreement, rules and errors, in one process or several."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.repositories import Repository, RepositoryPool

from poetry_fti.bridge.lock.locked import SolvedLock
from poetry_fti.bridge.solving.obstacles import Obstacle
from poetry_fti.bridge.solving.project_solver import project_solver
from poetry_fti.bridge.solving.solver_output import SolverOutput
from poetry_fti.bridge.solving.variants.variant import StageTask
from poetry_fti.bridge.solving.workers.assignment import SolverOptions, open_workers
from poetry_fti.bridge.solving.workers.messages import FindObstacle
from poetry_fti.errors import FtiError
from poetry_fti.model.platforms import Targets
from poetry_fti.model.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.bridge.solving.solution import SolvedPackages


def release(name: str, version: str, *requires: str) -> Package:
    package = Package(name, version)
    package.python_versions = ">=3.11"
    for each in requires:
        package.add_dependency(Dependency.create_from_pep_508(each))
    return package


INDEX = [
    *(release("app", f"{version}.0", f"lib<={version}") for version in (1, 2, 3)),
    *(release("lib", f"{version}.0") for version in (1, 2, 3)),
    release("tool", "1.0", "lib<2"),
    release("tool", "2.0", "lib>=2"),
]


def as_text(packages: SolvedPackages) -> SolvedLock:
    lines = sorted(f"{package.name} {package.version}" for package in packages)
    return SolvedLock(", ".join(lines), ())


def task(name: str, *requires: str, is_bound: bool = False) -> StageTask:
    def root() -> ProjectPackage:
        package = ProjectPackage(name, "0")
        package.python_versions = ">=3.11"
        for each in requires:
            package.add_dependency(Dependency.create_from_pep_508(each))
        return package

    return StageTask(name=name, root=root, make_lock=as_text, targets=Targets(), is_bound=is_bound)


@pytest.fixture(params=["silent", "with output"])
def output(request: pytest.FixtureRequest, two_cores: None) -> Iterator[SolverOutput | None]:  # noqa: ARG001
    """With an output all stages are solved in this process, without one in several."""
    lines: list[str] = []
    yield SolverOutput(lines.append) if request.param == "with output" else None
    assert set(lines) <= {"Resolving dependencies..."}
    assert bool(lines) == (request.param == "with output")


def solved(
    tasks: Sequence[StageTask],
    output: SolverOutput | None,
    *rules: Rule,
    aligned: bool = True,
) -> dict[str, str]:
    pool = RepositoryPool([Repository("index", INDEX)])
    with project_solver(
        tasks, rules, pool, SolverOptions(aligned=aligned, output=output)
    ) as solver:
        return {stage: shown(outcome) for stage, outcome in solver.solve({}).items()}


def shown(outcome: Outcome) -> str:
    if isinstance(outcome, FtiError):
        return str(outcome)
    assert outcome.seconds > 0
    return outcome.lock.text


@pytest.mark.slow
def test_stages_agree_where_they_can(output: SolverOutput | None) -> None:
    tasks = [task("feature", "lib>1"), task("training", "lib>1,<3"), task("inference", "lib<2")]
    assert solved(tasks, output) == {
        "feature": "lib 2.0",
        "training": "lib 2.0",
        "inference": "lib 1.0",
    }


@pytest.mark.slow
def test_stages_that_are_not_aligned_have_the_newest_versions(output: SolverOutput | None) -> None:
    tasks = [task("feature", "lib"), task("training", "lib<3")]
    assert solved(tasks, output, aligned=False) == {"feature": "lib 3.0", "training": "lib 2.0"}


@pytest.mark.slow
def test_the_error_of_a_stage_leaves_the_others(output: SolverOutput | None) -> None:
    found = solved([task("feature", "lib>3"), task("training", "lib")], output)
    assert found["training"] == "lib 3.0"
    assert "doesn't match any versions" in found["feature"]


@pytest.mark.slow
def test_a_rule_may_cost_what_alignment_may_not(output: SolverOutput | None) -> None:
    def tasks(*, is_bound: bool) -> list[StageTask]:
        return [
            task("feature", "tool", is_bound=is_bound),
            task("training", "lib<2", is_bound=is_bound),
        ]

    rule = Rule(("feature", "training"), ("lib",))
    assert solved(tasks(is_bound=False), output) == {
        "feature": "lib 3.0, tool 2.0",
        "training": "lib 1.0",
    }
    assert solved(tasks(is_bound=True), output, rule) == {
        "feature": "lib 1.0, tool 1.0",
        "training": "lib 1.0",
    }


@pytest.mark.slow
def test_a_rule_that_cannot_hold_names_the_requirements(output: SolverOutput | None) -> None:
    tasks = [
        task("feature", "app<2", is_bound=True),
        task("training", "lib>1", is_bound=True),
        task("inference", "lib"),
    ]
    found = solved(tasks, output, Rule(("feature", "training"), ("lib",)))
    assert found == {
        "feature": (
            "feature and training cannot agree as tool.fti.align demands:\n"
            "  feature: app 1.0 requires lib <=1\n"
            "  feature: pyproject.toml requires app <2\n"
            "  training: pyproject.toml requires lib >1"
        ),
        "training": "not locked: a rule in tool.fti.align ties it to feature, which failed",
        "inference": "lib 3.0",
    }


@pytest.mark.slow_after(1)
def test_obstacles_and_updates_of_locks_that_have_been_made(output: SolverOutput | None) -> None:
    tasks = [task("feature", "app<3"), task("training", "lib<2"), task("inference", "tool")]
    pool = RepositoryPool([Repository("index", INDEX)])
    with project_solver(tasks, (), pool, SolverOptions(aligned=False, output=output)) as solver:
        assert {shown(each) for each in solver.solve({}).values()} == {
            "app 2.0, lib 2.0",
            "lib 1.0",
            "lib 3.0, tool 2.0",
        }
        lib = canonicalize_name("lib")
        stages = ("feature", "training", "inference")
        assert solver.obstacles([FindObstacle(stage, lib, Version("2")) for stage in stages]) == [
            Obstacle("", is_possible=True),
            Obstacle("pyproject.toml requires lib <2", is_possible=False),
            Obstacle("", is_possible=True),
        ]
        assert solver.obstacles([FindObstacle("feature", lib, Version("3"))]) == [
            Obstacle("app 2.0 requires lib <=2", is_possible=False)
        ]
        updated = solver.update(lib, ["feature", "inference"])
        assert {stage: shown(each) for stage, each in updated.items()} == {
            "feature": "app 2.0, lib 2.0",
            "inference": "lib 2.0, tool 2.0",
        }


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize(("stages", "is_busy"), [(1, True), (1, False), (2, False)])
def test_a_single_stage_gets_a_process_only_if_this_one_is_busy(
    stages: int, *, is_busy: bool
) -> None:
    tasks = [task(f"stage-{number}", "app") for number in range(stages)]
    pool = RepositoryPool([Repository("index", INDEX)])
    options = SolverOptions(aligned=False, is_busy=is_busy)
    workers = open_workers(tasks, (), pool, options)
    can_fork = sys.platform not in ("darwin", "win32")
    assert {each.is_concurrent for each in workers.values()} == {
        can_fork and (is_busy or stages > 1)
    }
    for worker in workers.values():
        worker.close()
