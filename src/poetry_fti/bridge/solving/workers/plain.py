"""A worker that solves stages through Poetry's public interface only, which is slower.

No metadata is prefetched, stages are solved one after the other, and each solve reads the metadata
from Poetry's caches again. See `PlainResolver` for what becomes of preferred versions.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from poetry_fti.agreement.alignment import align
from poetry_fti.agreement.rules import hold
from poetry_fti.bridge.index.monitoring.monitored import monitored
from poetry_fti.bridge.internals.versions import poetry_version, tested_versions
from poetry_fti.bridge.solving.attempts.solvable import participant
from poetry_fti.bridge.solving.plain_resolver import PlainResolver
from poetry_fti.bridge.solving.solver_output import solver_io
from poetry_fti.bridge.solving.stage_solver import StageSolver
from poetry_fti.bridge.solving.variants.variant import Preferences, Variant
from poetry_fti.bridge.solving.workers.local import InProcessWorker
from poetry_fti.bridge.solving.workers.views import root_on, view_for
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.alignment import Participant
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.solver_output import SolverOutput
    from poetry_fti.bridge.solving.variants.variant import StageTask
    from poetry_fti.bridge.solving.variants.variant_targets import VariantTargets
    from poetry_fti.model.rule import Rule


class PlainWorker(InProcessWorker):
    """Solves stages one after the other in this process with an untested version of Poetry."""

    def __init__(
        self,
        tasks: Sequence[StageTask],
        pool: RepositoryPool,
        output: SolverOutput | None,
        *,
        aligned: bool,
    ) -> None:
        """Prepare the stages of `tasks`; if `aligned`, for agreement with each other."""
        self._pool = pool
        self._tasks = {task.name: task for task in tasks}
        self._io = solver_io(output)
        self._resources = ExitStack()
        self._monitor = self._resources.enter_context(monitored(pool))
        super().__init__(
            {task.name: StageSolver(task, self._variant, aligned=aligned) for task in tasks}
        )

    def preferences_for_rules(
        self, rules: Sequence[Rule], versions: Mapping[str, Mapping[str, Versions]], /
    ) -> Mapping[str, Mapping[str, Preferences]]:
        """Return preferences that satisfy the rules, by stage and variant.

        They are those of an alignment without the pins that rules bind, or without any pins: an
        alignment itself gives up no pin. Raises FtiError if the rules do not hold then, which does
        not prove that no versions satisfy them.
        """
        for is_given_up in (lambda name: any(r.binds(name) for r in rules), lambda _: True):
            aligned = self._aligned_without(versions, is_given_up)
            found = {stage: [each.versions for each in v.values()] for stage, v in aligned.items()}
            if hold(rules, found):
                return {
                    stage: {
                        variant: _preferences(stage, participant.versions, rules)
                        for variant, participant in participants.items()
                    }
                    for stage, participants in aligned.items()
                }
        raise FtiError(
            f"  With Poetry {poetry_version()} only versions are compared that a stage finds on its"
            f" own; poetry-fti is tested with Poetry {tested_versions()}."
        )

    def _aligned_without(
        self, stages: Iterable[str], is_given_up: Callable[[NormalizedName], bool]
    ) -> dict[str, dict[str, Participant]]:
        """Return the variants of stages, solved and aligned without some of their pins."""
        tasks = [_without_pins(self._tasks[name], is_given_up) for name in stages]
        with closing(PlainWorker(tasks, self._pool, None, aligned=True)) as worker:
            aligned = {task.name: worker.participants(task.name) for task in tasks}
            align([each for variants in aligned.values() for each in variants.values()])
        return aligned

    def participants(self, stage: str) -> dict[str, Participant]:
        """Return the variants of a stage, solved independently; raises FtiError."""
        return {
            variant: participant(self, stage, variant, found)
            for variant, found in self.stage(stage).solve_independently().items()
        }

    def close(self) -> None:
        """Stop monitoring the indexes."""
        self._resources.close()

    def _variant(self, task: StageTask, where: VariantTargets) -> Variant:
        root = partial(root_on, task, where)
        resolver = PlainResolver(root, self._pool, view_for(task, where), self._io)
        return Variant(resolver, task, self._monitor)


def _without_pins(task: StageTask, is_given_up: Callable[[NormalizedName], bool]) -> StageTask:
    pins, others = (
        [pin for pin in each if not is_given_up(pin.name)] for each in (task.pins, task.other_pins)
    )
    return replace(task, pins=pins, other_pins=others)


def _preferences(stage: str, versions: Versions, rules: Iterable[Rule]) -> Preferences:
    """Return preferences for all versions, which bind the packages that rules of a stage bind."""
    own = [rule for rule in rules if stage in rule.stages]
    binding = frozenset(name for name in versions if any(rule.binds(name) for rule in own))
    return Preferences(frozenset(versions.items()), binding)
