"""Solving the stages that a rule binds as one project, with Poetry's solver.

Solving them one after the other cannot prove that no versions satisfy a rule; this can. Each
variant of a stage has a number, and the name of each of its packages ends in it: `numpy:0` and
`numpy:1` are different packages to the solver. A package that a rule binds also requires its own
version (or the part of it that the rule compares) of a stand-in package, `numpy:=0`. The variants
share the stand-ins, so that the solver selects the same version in all of them.
"""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version as StandardVersion
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.project_package import ProjectPackage
from poetry.core.packages.utils.utils import create_nested_marker
from poetry.core.version.markers import parse_marker
from poetry.puzzle.exceptions import SolverProblemError

from poetry_fti.agreement.versions import group_versions
from poetry_fti.bridge.solving.conflict import requirement_lines
from poetry_fti.bridge.solving.limits import missing_versions
from poetry_fti.bridge.solving.rules.joint_pool import (
    JointPool,
    JointSolver,
    is_stand_in,
    split_name,
    with_number,
)
from poetry_fti.bridge.solving.summary import solver_errors
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version, VersionConstraint
    from poetry.core.packages.package import Package

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.rules.joint_pool import BoundVariant
    from poetry_fti.model.rule import Rule


def solve_together(
    variants: Sequence[BoundVariant], rules: Sequence[Rule], io: IO
) -> list[Versions]:
    """Return versions of each variant that satisfy all rules, in the order of the variants.

    Raises FtiError with the conflicting requirements if there are none.
    """
    if clashes := sorted(set(_clashes(variants, rules))):
        raise FtiError("\n".join(clashes))
    found: list[list[tuple[NormalizedName, StandardVersion]]] = [[] for _ in variants]
    for package in _Search(variants, rules, io).solve({}):
        name, number = split_name(package.name)
        if not is_stand_in(number):
            version = StandardVersion(package.version.text)
            found[int(number)].append((canonicalize_name(name), version))
    return [group_versions(pairs) for pairs in found]


def _clashes(variants: Sequence[BoundVariant], rules: Sequence[Rule]) -> Iterator[str]:
    """Yield requirements of stages themselves that exclude each other under a rule.

    The solver may prove the conflict by what other packages require, which is harder to understand.
    """
    own = [(variant, _direct_constraints(variant)) for variant in variants]
    for (one, first), (other, second) in combinations(own, 2):
        binding = [rule for rule in rules if {one.stage, other.stage} <= set(rule.stages)]
        for name in sorted(first.keys() & second.keys()):
            pair = (one, Dependency(name, first[name])), (other, Dependency(name, second[name]))
            if any(rule.binds(name) and _excludes(rule, *pair) for rule in binding):
                for variant, required in pair:
                    yield f"  {variant.stage}: pyproject.toml requires {name} {required.constraint}"


def _excludes(
    rule: Rule, one: tuple[BoundVariant, Dependency], other: tuple[BoundVariant, Dependency]
) -> bool:
    """Return whether no versions that two variants require satisfy a rule."""
    if not one[1].constraint.intersect(other[1].constraint).is_empty():
        return False
    if rule.level == "exact":
        return True
    # Without this, the solver would read the metadata of every release to prove it.
    parts, others = _parts(rule, *one), _parts(rule, *other)
    return bool(parts and others) and parts.isdisjoint(others)


def _parts(rule: Rule, variant: BoundVariant, required: Dependency) -> set[str]:
    """Return what a rule compares of the versions that an index offers for a requirement.

    The result is empty if it is not known, because settings limit the versions or name a source.
    """
    resolver = variant.resolver
    own = [each for each in resolver.root().all_requires if each.name == required.name]
    is_bounded = resolver.view.bounds.allowed(required.name) is not None
    if is_bounded or any(each.source_name for each in own):
        return set()
    # Pre-releases count, which pyproject.toml may allow in one of several requirements.
    offered = Dependency(required.name, required.constraint, allows_prereleases=True)
    found = resolver.pool().find_packages(offered)
    return {rule.part(StandardVersion(package.version.text)) for package in found}


def _direct_constraints(variant: BoundVariant) -> dict[NormalizedName, VersionConstraint]:
    """Return the constraints of a stage's own requirements that apply on all of its targets."""
    found: dict[NormalizedName, VersionConstraint] = {}
    for each in variant.resolver.root().all_requires:
        # Versions that differ in their local labels alone are the same to a rule.
        is_local = "+" in str(each.constraint)
        if each.marker.is_any() and not (each.is_direct_origin() or is_local):
            allowed = found.get(each.name, each.constraint)
            found[each.name] = allowed.intersect(each.constraint)
    return found


class _Search:
    """A search for versions that satisfy the rules, also where Poetry's solver runs several times.

    For requirements with different markers, for example, the solver runs once for each of them
    and merges the results. A stand-in has one version in each run, but may differ between runs.
    """

    def __init__(self, variants: Sequence[BoundVariant], rules: Sequence[Rule], io: IO) -> None:
        self._variants = variants
        self._io = io
        self._pool = JointPool(variants, rules)
        self._preferred = [
            with_number(package, str(number))
            for number, variant in enumerate(variants)
            for package in variant.preferred
            if not package.is_direct_origin()
        ]

    def solve(self, fixed: Mapping[str, Version]) -> list[Package]:
        """Return a solution with one version of each stand-in, and with the `fixed` versions.

        Raises FtiError if there is none.
        """
        packages = self._solve_once(fixed)
        versions: dict[str, list[Version]] = {}
        for package in packages:
            if is_stand_in(split_name(package.name)[1]):
                versions.setdefault(package.name, []).append(package.version)
        for name, found in sorted(versions.items()):
            if len(found) > 1:
                return self._with_one_version(name, found, fixed)
        return packages

    def _with_one_version(
        self, name: str, likely: Sequence[Version], fixed: Mapping[str, Version]
    ) -> list[Package]:
        lines: set[str] = set()
        tried: set[Version] = set()
        # Proving that one version is impossible may read more packages, with more versions.
        while untried := self._pool.stand_in_versions(name) - tried:
            version = max(untried, key=lambda each: (each in likely, each))
            tried.add(version)
            try:
                return self.solve({**fixed, name: version})
            except FtiError as error:
                lines.update(str(error).splitlines())
        raise FtiError("\n".join(sorted(lines)))

    def _solve_once(self, fixed: Mapping[str, Version]) -> list[Package]:
        root = _joint_root(self._variants)
        for name, version in fixed.items():
            root.add_dependency(Dependency(name, version))
        try:
            with solver_errors():
                solver = JointSolver(root, self._pool, self._io, self._preferred)
                return list(solver.solve().get_solved_packages())
        except FtiError as error:
            raise FtiError(_error_text(error, self._variants)) from error


def _joint_root(variants: Sequence[BoundVariant]) -> ProjectPackage:
    """Return a project with the requirements of all variants, each for its own Pythons."""
    roots = [variant.resolver.root() for variant in variants]
    python = reduce(lambda one, other: one.union(other), (r.python_constraint for r in roots))
    joint = ProjectPackage("project", "0")
    joint.python_versions = str(python)
    for number, root in enumerate(roots):
        for dependency in root.all_requires:
            numbered = with_number(dependency, str(number))
            if root.python_constraint != python:
                own = create_nested_marker("python_version", root.python_constraint)
                numbered.marker = numbered.marker.intersect(parse_marker(own))
            joint.add_dependency(numbered)
    return joint


def _error_text(error: FtiError, variants: Sequence[BoundVariant]) -> str:
    if not isinstance(error.__cause__, SolverProblemError):
        return str(error)

    def identify(name: str) -> tuple[str, str]:
        own, number = split_name(name)
        return (variants[int(number)].stage, own) if number.isdigit() else ("", own)

    lines = {*requirement_lines(error.__cause__, identify), *_limits(error.__cause__, variants)}
    return "\n".join(f"  {line}" for line in sorted(lines))


def _limits(error: SolverProblemError, variants: Sequence[BoundVariant]) -> Iterator[str]:
    """Yield the constraints of variants that leave no version, a line of text for each."""
    for dependency in missing_versions(error):
        own, number = split_name(dependency.pretty_name)
        if number.isdigit():
            variant = variants[int(number)]
            missing = Dependency(own, dependency.constraint)
            for each in variant.resolver.limits(missing):
                yield f"{variant.stage}: {each}"
