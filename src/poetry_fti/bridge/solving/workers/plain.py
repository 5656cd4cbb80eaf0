"""A worker that solves stages through Poetry's public interface only, which is slower.

No metadata is prefetched, stages are solved one after the other, and each solve reads the metadata
from Poetry's caches again. See `PlainResolver` for what becomes of preferred versions.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from poetry.core.constraints.version import parse_constraint

from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.index.monitor import monitored
from poetry_fti.bridge.internals.versions import poetry_version, tested_versions
from poetry_fti.bridge.markers import Narrowing
from poetry_fti.bridge.solving.plain_resolver import PlainResolver
from poetry_fti.bridge.solving.solver_output import solver_io
from poetry_fti.bridge.solving.stage_solver import StageSolver
from poetry_fti.bridge.solving.variant import Variant
from poetry_fti.bridge.solving.workers.local import InProcessWorker
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.solver_output import SolverOutput
    from poetry_fti.bridge.solving.variant import Preferences, StageTask
    from poetry_fti.model import Rule, Targets


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
        self._io = solver_io(output)
        self._resources = ExitStack()
        self._monitor = self._resources.enter_context(monitored(pool))
        super().__init__(
            {task.name: StageSolver(task, self._variant, aligned=aligned) for task in tasks}
        )

    def preferences_for_rules(
        self, _rules: Sequence[Rule], versions: Mapping[str, Mapping[str, Versions]], /
    ) -> Mapping[str, Mapping[str, Preferences]]:
        """Raise FtiError: rules that alignment does not satisfy need Poetry's internals."""
        commands = f"poetry fti lock {' '.join(versions)} --regenerate"
        raise FtiError(
            f"  With Poetry {poetry_version()} stages are only compared in versions that they have"
            f" on their own. Give up their locked versions with `{commands}`, or use a version of"
            f" Poetry that poetry-fti is tested with ({tested_versions()})."
        )

    def close(self) -> None:
        """Stop monitoring the indexes."""
        self._resources.close()

    def _variant(self, task: StageTask, targets: Targets) -> Variant:
        narrow = None
        if targets.platforms:
            narrow = Narrowing(targets, task.root().python_constraint)
        overrides = {name: parse_constraint(constraint) for name, constraint in task.overrides}
        view = MetadataView(narrow, overrides)
        return Variant(PlainResolver(task.root, self._pool, view, self._io), task, self._monitor)
