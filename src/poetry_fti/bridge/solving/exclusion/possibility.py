"""Whether a stage can have a version of a package, and which restrictions exclude the version.

Each answer is that of Poetry's solver: restrictions are lifted, and the stage is solved again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.version import Version
from poetry.core.packages.dependency import Dependency

from poetry_fti.agreement.restrictions import Restriction, UndeterminedError, fewest_changes
from poetry_fti.agreement.versions import group_versions
from poetry_fti.bridge.solving.exclusion.statements import ProofReader, Statement, Statements
from poetry_fti.bridge.solving.obstacles import proof_of, unavailable
from poetry_fti.bridge.solving.solution import Solution
from poetry_fti.bridge.solving.variants.variant import Preferences
from poetry_fti.errors import FtiError, UnsolvableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.agreement.restrictions import Restrictions
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.variants.variant import StageTask, Variant


@dataclass(frozen=True, slots=True)
class VersionChange:
    """The versions of a package before and after a change; an empty tuple for none."""

    name: NormalizedName
    before: tuple[Version, ...]
    after: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """Restrictions that all have to change for a stage to be able to have a version of a package.

    Each has the sentences in which the solver's proofs state it. `changes` are those of the lock
    without the restrictions, the package itself included.
    """

    restrictions: tuple[tuple[Restriction, tuple[str, ...]], ...]
    changes: tuple[VersionChange, ...]


@dataclass(frozen=True, slots=True)
class Possibility:
    """Whether a stage can have a version of a package, or do without the package.

    If it can, `changes` are those of its lock, which show which of the two. If not, any one of the
    `remedies` makes it possible; if there is none, `text` is the reason, or empty if it is unknown.
    """

    is_possible: bool
    changes: tuple[VersionChange, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """The newest release of a package that a stage's sources offer; None if they offer none.

    `prerelease` is one that is newer, and that no requirement of pyproject.toml allows. It is None
    if the stage has a pre-release itself.
    """

    newest: Version | None
    prerelease: Version | None = None


def offered(
    task: StageTask, variants: Callable[[StageTask], Sequence[Variant]], name: NormalizedName
) -> Offered:
    """Return the newest releases of a package, whatever excludes them from a stage.

    Yanked releases are left out.
    """
    unlimited = task.lifting(frozenset([Restriction("constraint", name)]))
    resolver = variants(unlimited)[0].resolver
    own = [each for each in resolver.root().all_requires if each.name == name]
    source = next((each.source_name for each in own if each.source_name), None)
    wanted = Dependency(name, "*", allows_prereleases=True)
    wanted.source_name = source
    found = {Version(each.version.text) for each in resolver.pool().find_packages(wanted)}
    is_allowed = any(each.allows_prereleases() for each in own)
    stable = {v for v in found if is_allowed or not v.is_prerelease}
    newest, last = max(stable or found, default=None), max(found, default=None)
    has_prerelease = any(pin.name == name and pin.version.is_unstable() for pin in task.pins)
    return Offered(newest, last if last != newest and not has_prerelease else None)


def possibility(
    task: StageTask,
    variants: Callable[[StageTask], Sequence[Variant]],
    name: NormalizedName,
    version: Version,
) -> Possibility:
    """Return whether a stage can have a version of a package that is in its lock.

    `task` has the pins of the lock, which are kept where possible; `variants` returns the variants
    of a task. Raises FtiError if the stage cannot be solved.
    """
    search = _Search(task, variants, name, version)
    try:
        return _possibility(search, name)
    except UndeterminedError as error:
        return Possibility(is_possible=False, text=str(error))


def _possibility(search: _Search, name: NormalizedName) -> Possibility:
    if search.excluding(frozenset()) is None:
        return Possibility(is_possible=True, changes=search.changes(frozenset()))
    remedies = tuple(
        Remedy(
            tuple((each, search.statements.of(each)) for each in sorted(lifted)),
            search.changes(lifted),
        )
        for lifted in fewest_changes(name, search.excluding)
    )
    return Possibility(is_possible=False, remedies=remedies, text=search.unavailable())


class _Search:
    """Solves the variants of a stage that have a package for one version of it.

    The answers for the same restrictions are cached.
    """

    def __init__(
        self,
        task: StageTask,
        variants: Callable[[StageTask], Sequence[Variant]],
        name: NormalizedName,
        version: Version,
    ) -> None:
        self._task = task
        self._make_variants = variants
        self._name = name
        self._preferences = Preferences(limits=frozenset([(name, (version,))]))
        self._version = version
        self._before = [
            (variant, variant.solve_alone()) for variant in variants(task.lifting(frozenset()))
        ]
        self._excluding: dict[frozenset[Restriction], Restrictions | None] = {}
        self._after: dict[frozenset[Restriction], list[tuple[Variant, Solution]]] = {}
        self.statements = Statements()

    def excluding(self, lifted: frozenset[Restriction]) -> Restrictions | None:
        """Return what excludes the version without some restrictions; None if it is possible."""
        if lifted not in self._excluding:
            self._excluding[lifted] = self._solve(lifted)
        return self._excluding[lifted]

    def changes(self, lifted: frozenset[Restriction]) -> tuple[VersionChange, ...]:
        """Return the changes of the lock in a solution that `excluding` has found."""
        before: Versions = group_versions(
            (pin.name, Version(pin.version.text)) for pin in self._task.pins
        )
        after = group_versions(
            (package.name, Version(package.version.text))
            for variant, solution in self._after[lifted]
            for package in variant.resolver.restored(solution)
        )
        return tuple(_changes(before, after))

    def unavailable(self) -> str:
        """Return why no solver could choose the version, if that is known."""
        return unavailable(self._before[0][0], self._name, self._version)

    def _solve(self, lifted: frozenset[Restriction]) -> Restrictions | None:
        task = self._task.lifting(lifted)
        found: list[tuple[Variant, Solution]] = []
        for index, variant in enumerate(self._make_variants(task)):
            own, before = self._before[index]
            if self._name not in before.versions():
                found.append((own, before))
                continue
            solved = self._possible(variant)
            if not isinstance(solved, Solution):
                return solved
            if self._name not in solved.versions():
                solved = self._with_package(task, index) or solved
            if lacking := self._lacking(variant, solved):
                return self.statements.add([lacking])
            found.append((variant, solved))
        self._after[lifted] = found
        return None

    def _possible(self, variant: Variant) -> Solution | Restrictions:
        """Return a solution with the version, or the restrictions of the proof that excludes it."""
        try:
            return variant.solve(self._preferences)
        except FtiError as error:
            proof = proof_of(error)
            if proof is None and isinstance(error, UnsolvableError):
                text = "with this version of Poetry, the solver's proof cannot be read"
                raise UndeterminedError(text) from error
            if proof is None:
                raise
            overridden = [name for name, _ in self._task.overrides]
            bounds = variant.resolver.view.bounds
            reader = ProofReader(self._name, self._version, bounds, overridden)
            return self.statements.add(reader.statements(proof))

    def _with_package(self, task: StageTask, index: int) -> Solution | None:
        """Return a solution of a variant that contains the package, if one is found."""
        solution = self._possible(self._make_variants(self._requiring(task))[index])
        if not isinstance(solution, Solution):
            return None
        is_required = self._name in _reached(task.root(), solution.packages)
        return solution if is_required else None

    def _requiring(self, task: StageTask) -> StageTask:
        """Return a task whose project requires the package itself, in any version."""

        def root() -> ProjectPackage:
            package = task.root()
            own = [each for each in package.all_requires if each.name == self._name]
            dependency = Dependency(self._name, "*")
            dependency.source_name = next((each.source_name for each in own), None)
            package.add_dependency(dependency)
            return package

        return replace(task, root=root)

    def _lacking(self, variant: Variant, solution: Solution) -> Statement | None:
        """Return that the version has no file for some of the targets that need one."""
        files = variant.resolver.view.files
        if files is None or not variant.resolver.view.needs_files(self._name):
            return None
        for package in solution.entries(self._name):
            markers = solution.packages[package].markers.values()
            if fault := files.fault_where(package, markers):
                restriction = Restriction("files", self._name)
                return Statement(restriction, fault, package.name, str(package.version))
        return None


def _reached(root: ProjectPackage, packages: Iterable[Package]) -> set[NormalizedName]:
    """Return the names of the packages that a project requires, directly or not."""
    requires = {each.name: [d.name for d in each.requires] for each in packages}
    waiting, found = [each.name for each in root.all_requires], set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += requires.get(name, ())
    return found


def _changes(before: Versions, after: Versions) -> Iterator[VersionChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ()), after.get(name, ())
        if old != new:
            yield VersionChange(name, old, new)
