"""The restrictions that proofs of Poetry's solver start from, with sentences that state them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry.core.constraints.version import Version as PoetryVersion
from poetry.mixology.incompatibility_cause import (
    DependencyCauseError,
    NoVersionsCauseError,
    PythonCauseError,
)

from poetry_fti.agreement.restrictions import Restriction
from poetry_fti.bridge.lock.dependencies.requirements import dependency_requirement
from poetry_fti.bridge.solving.summary import requirer_text
from poetry_fti.bridge.solving.unusable import UnusableRelease

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.dependency import Dependency
    from poetry.mixology.incompatibility import Incompatibility

    from poetry_fti.agreement.restrictions import RestrictionKind
    from poetry_fti.bridge.index.bounds import Bounds
    from poetry_fti.model.constraint import Constraint


@dataclass(frozen=True, slots=True)
class Statement:
    """A restriction as one version of a package states it; `predicate` is what the version does.

    Without a package (`by`), the predicate is a whole sentence.
    """

    restriction: Restriction
    predicate: str
    by: str = ""
    version: str = ""


class Statements:
    """Statements of restrictions in several proofs, as sentences."""

    def __init__(self) -> None:
        self._found: dict[Restriction, dict[tuple[str, str], set[str]]] = {}

    def add(self, statements: Iterable[Statement]) -> frozenset[Restriction]:
        """Add statements, and return their restrictions."""
        added = set()
        for each in statements:
            sentences = self._found.setdefault(each.restriction, {})
            sentences.setdefault((each.by, each.predicate), set()).add(each.version)
            added.add(each.restriction)
        return frozenset(added)

    def of(self, restriction: Restriction) -> tuple[str, ...]:
        """Return the sentences that state a restriction, each once."""
        return tuple(
            f"{requirer_text(by, versions)} {predicate}" if by else predicate
            for (by, predicate), versions in self._found[restriction].items()
        )


@dataclass(frozen=True, slots=True)
class ProofReader:
    """Reads proofs that exclude a `version` of the package `name` from a stage.

    `bounds` are the stage's constraints, `overridden` the names of the packages with overrides.
    """

    name: NormalizedName
    version: Version
    bounds: Bounds
    overridden: Collection[NormalizedName]

    def statements(self, proof: Iterable[Incompatibility]) -> Iterator[Statement]:
        """Yield the restrictions of a proof that can be lifted, and that exclude any version."""
        for each in proof:
            by = each.terms[0].dependency
            if isinstance(each.cause, PythonCauseError):
                text = f"requires Python {each.cause.python_version}"
                yield _of_release("python", by, text)
            if isinstance(each, UnusableRelease):
                if each.fault.startswith("requires Python "):
                    yield _of_release("python", by, each.fault)
                elif each.helpful is not None:
                    yield _of_release("files", by, each.fault)
            if isinstance(each.cause, NoVersionsCauseError):
                yield from map(_of_constraint, self.bounds.for_all_targets(by.name))
            if isinstance(each.cause, DependencyCauseError):
                yield from self._required(by, each.terms[1].dependency)

    def _required(self, by: Dependency, required: Dependency) -> Iterator[Statement]:
        is_own = not by.is_root and by.name == required.name  # an extra requires its own package
        if is_own or required.constraint.is_any() or self._allows(required):
            return
        for each in self.bounds.for_some_targets():
            if each.name == required.name:
                yield _of_constraint(each)
        requirement = dependency_requirement(required)
        if by.is_root:
            found = Restriction("requirement", required.name)
            yield Statement(found, f"pyproject.toml requires {requirement}")
        elif required.name in self.overridden:
            sentence = f"an override of tool.fti requires {requirement}"
            yield Statement(Restriction("override", required.name), sentence)
        else:
            found = Restriction("requirement", required.name, by.name)
            # A package with extras also has the requirements of the package without them.
            name = by.complete_name if required.in_extras else by.name
            yield Statement(found, f"requires {requirement}", name, str(by.constraint))

    def _allows(self, required: Dependency) -> bool:
        version = PoetryVersion.parse(str(self.version))
        return required.name == self.name and required.constraint.allows(version)


def _of_release(kind: RestrictionKind, release: Dependency, predicate: str) -> Statement:
    restriction = Restriction(kind, release.name)
    return Statement(restriction, predicate, release.name, str(release.constraint))


def _of_constraint(constraint: Constraint) -> Statement:
    return Statement(Restriction("constraint", constraint.name), str(constraint))
