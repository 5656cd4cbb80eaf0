"""What excludes a version of a package from a solved stage, by the proof of Poetry's solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry.core.constraints.version import Version as PoetryVersion
from poetry.mixology.incompatibility_cause import DependencyCauseError, PythonCauseError
from poetry.puzzle.exceptions import SolverProblemError
from poetry.repositories.exceptions import PackageNotFoundError

from poetry_fti.bridge.internals.solver import proof_premises
from poetry_fti.bridge.lock.dependencies.requirements import dependency_requirement
from poetry_fti.bridge.solving.summary import requirer_text
from poetry_fti.bridge.solving.unusable import UnusableRelease
from poetry_fti.bridge.solving.variants.variant import Preferences
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.dependency import Dependency
    from poetry.mixology.incompatibility import Incompatibility

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.variants.variant import Variant

# A text names up to this many requirements.
_LISTED: Final = 4
# Each step gives up locked versions, and is one solve.
_MOST_STEPS: Final = 10


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What excludes a version of a package from a stage.

    If `is_possible`, nothing does but the versions of other packages in the lock, which `text`
    names. It is empty if no requirement excludes the version: it is possible without any other
    change, or else the stage's package sources do not offer it.
    """

    text: str
    is_possible: bool


@dataclass(frozen=True, slots=True)
class _Premise:
    """A requirement that a proof starts from, of a package or, if `by` is None, pyproject.toml.

    `required` is a predicate, `requires Python >=3.12`, if it is no package.
    """

    by: NormalizedName | None
    version: str
    required: Dependency | str

    @property
    def name(self) -> NormalizedName | None:
        """The name of the required package; None if `required` is a predicate."""
        return None if isinstance(self.required, str) else self.required.name

    @property
    def is_any(self) -> bool:
        """Whether all versions of the required package meet the requirement."""
        return not isinstance(self.required, str) and self.required.constraint.is_any()

    @property
    def text(self) -> str:
        """What is required, as a predicate."""
        if isinstance(self.required, str):
            return self.required
        return f"requires {dependency_requirement(self.required)}"

    def allows_any(self, versions: Iterable[Version]) -> bool:
        """Return whether one of the versions of the required package meets the requirement."""
        return isinstance(self.required, str) or any(
            self.required.constraint.allows(PoetryVersion.parse(str(version)))
            for version in versions
        )


def obstacle(
    variant: Variant, preferences: Preferences, name: NormalizedName, version: Version
) -> Obstacle:
    """Return what excludes a version of a package while other packages have their locked versions.

    `preferences` are those that the lock was made with. A locked version that excludes nothing
    itself, but does not meet a requirement of what changes, is given up. So the search is limited
    to what the version entails. Raises FtiError if the answer is unknown.
    """
    locked = variant.solve(preferences)
    bound = {each: found for each, found in locked.versions().items() if each != name}
    preferred, limits = frozenset(bound.items()), frozenset([(name, (version,))])
    changing, text = {name}, ""
    for _ in range(_MOST_STEPS):
        premises = _premises(variant, Preferences(preferred, frozenset(bound), limits))
        if not premises:
            return Obstacle(text, is_possible=True)
        unmet = [p for p in premises if p.name in bound and not p.allows_any(bound[p.name])]
        if not unmet:
            telling = [premise for premise in premises if _tells(premise, name, version, bound)]
            telling.sort(key=lambda p: (not p.by or p.by in bound, p.by != name))
            text = _sentence(_texts(telling)) or unavailable(variant, name, version)
            return Obstacle(text, is_possible=False)
        given_up = sorted({premise.name for premise in unmet if premise.name is not None})
        text = text or _sentence([*_texts(unmet), *(_locked(n, bound[n]) for n in given_up)])
        # What they require would come to light one by one, each with another solve.
        changing.update(given_up)
        required = {each.name for p in locked.packages if p.name in changing for each in p.requires}
        bound = {n: found for n, found in bound.items() if n not in changing | required}
    raise FtiError(f"It is not known what excludes {name} {version}.")


def _premises(variant: Variant, preferences: Preferences) -> list[_Premise]:
    """Return the premises of the proof that there is no solution; none if there is one."""
    try:
        found = variant.solve(preferences).versions()
    except FtiError as error:
        proof = proof_of(error)
        if proof is None:
            raise
        return list(_read(proof))
    wanted = {pair for pair in preferences.preferred if pair[0] in preferences.binding}
    wanted |= preferences.limits
    if any(not set(found.get(name, ())).issubset(versions) for name, versions in wanted):
        raise FtiError("A package from a path, a URL or a repository has a single version.")
    return []


def proof_of(error: BaseException) -> Iterable[Incompatibility] | None:
    """Return the premises of the proof that an error is due to; None if there is none."""
    if isinstance(error, SolverProblemError):
        return proof_premises(error)
    return proof_of(error.__cause__) if error.__cause__ else None


def _read(proof: Iterable[Incompatibility]) -> Iterator[_Premise]:
    for each in proof:
        by = each.terms[0].dependency
        if isinstance(each.cause, PythonCauseError):
            python = f"requires Python {each.cause.python_version}"
            yield _Premise(by.name, str(by.constraint), python)
        if isinstance(each, UnusableRelease):
            yield _Premise(by.name, str(by.constraint), each.fault)
        if isinstance(each.cause, DependencyCauseError):
            required = each.terms[1].dependency
            if by.is_root or by.name != required.name:  # an extra requires its own package
                yield _Premise(None if by.is_root else by.name, str(by.constraint), required)


def _tells(premise: _Premise, name: NormalizedName, version: Version, bound: Versions) -> bool:
    """Return whether a requirement is more than what brings a package into the solution."""
    if isinstance(premise.required, str) or premise.name not in {name, *bound}:
        is_fixed = premise.by is None or premise.by in bound
        return not (is_fixed and premise.is_any)
    return premise.name == name and not premise.allows_any((version,))


def _texts(premises: Iterable[_Premise]) -> list[str]:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for each in premises:
        found.setdefault((each.by or "", each.text), {})[each.version] = None
    return [f"{requirer_text(by, found[by, text])} {text}" for by, text in found]


def _locked(name: NormalizedName, versions: Sequence[Version]) -> str:
    return (
        f"{name} {' and '.join(map(str, versions))} {'is' if len(versions) == 1 else 'are'} locked"
    )


def _sentence(texts: Sequence[str]) -> str:
    if len(texts) > _LISTED:
        texts = [*texts[: _LISTED - 1], f"{len(texts) - _LISTED + 1} more requirements"]
    *first, last = texts or ("",)
    return f"{', '.join(first)}, and {last}" if first else last


def unavailable(variant: Variant, name: NormalizedName, version: Version) -> str:
    """Return why a version is no candidate although no requirement excludes it, if known."""
    bounds = variant.resolver.view.bounds
    if constraint := bounds.excluding(name, PoetryVersion.parse(str(version))):
        return str(constraint)
    try:
        found = variant.resolver.pool().package(name, PoetryVersion.parse(str(version)))
    except PackageNotFoundError:
        return ""
    return f"{name} {version} is yanked" if found.yanked else ""
