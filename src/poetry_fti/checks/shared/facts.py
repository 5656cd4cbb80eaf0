"""What checks are given: the stages of a project with their locks, and what is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedFile, LockedPackage, Requirement
    from poetry_fti.model.rule import Rule
    from poetry_fti.model.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStage:
    """A stage and the content of its lock, whether or not that is fresh.

    Attributes:
        problem: why the lock is not fresh and the command that repairs it, as a sentence with its
            full stop; empty for a fresh lock.
        requirements: the stage's own requirements, without transitive ones.
        packages: the packages of the lock that apply on the stage's targets, without files; only
            names and versions for a lock that lacks what Poetry needs to read it, and empty if
            these cannot be read either.
        python: the allowed versions of Python as PEP 440 specifiers; empty for any version.
        files: returns the files of a package in the lock, also those that the stage's targets
            cannot install; sizes and URLs are unknown.
        sizes: returns the sizes in bytes of files by their digests, as far as they are known.
        is_readable: whether the lock exists and its packages can be read.
    """

    stage: Stage
    problem: str
    requirements: tuple[Requirement, ...]
    packages: tuple[LockedPackage, ...]
    python: str
    files: Callable[[LockedPackage], Sequence[LockedFile]]
    sizes: Callable[[], Mapping[str, int]]
    is_readable: bool = True

    @property
    def name(self) -> str:
        """The name of the stage."""
        return self.stage.name

    @property
    def path(self) -> str:
        """The dotted path of the stage's table in pyproject.toml."""
        return f"tool.fti.stages.{self.stage.name}"


ExportState: TypeAlias = Literal["outdated", "missing", "obsolete", "unused", "unknown", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFiles:
    """Files of earlier exports that are not as an export would write them now.

    Attributes:
        stage: the name of their stage; None for files of several stages.
        state: `missing` files belong to others that exist. The next export removes `obsolete`
            files, and keeps `unused` ones. `unknown` files cannot be compared without an index,
            since the sizes of packages are not known. `failed` stands for a stage that cannot be
            exported.
        paths: the files, relative to the project's root; empty if the export failed.
        reason: why the export failed, otherwise empty.
    """

    stage: str | None
    state: ExportState
    paths: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignRule:
    """A rule of `[[tool.fti.align]]`, with the names of all stages that it applies to.

    Attributes:
        path: the dotted path of its table in pyproject.toml.
        unmatched: pairs of the position of a name in `packages` that matches no package of these
            stages, and a sentence on it; none while one of their locks is not fresh.
    """

    path: str
    rule: Rule
    unmatched: tuple[tuple[int, str], ...] = ()


EnvironmentState: TypeAlias = Literal["ready", "behind", "incomplete", "other Python", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEnvironment:
    """A virtual environment of a stage.

    Attributes:
        stage: the name of the stage.
        name: the name of the environment's folder.
        python: the version of its Python; empty if it is unknown.
        state: `ready` if it has been installed from the lock as it is now.
    """

    stage: str
    name: str
    python: str
    state: EnvironmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSource:
    """A package index in which Poetry searches for requirements that name no source.

    `priority` is `primary` or `supplemental`, and `path` the dotted path of its table.
    """

    name: str
    priority: str
    path: str
    is_pypi: bool = False


@dataclass(frozen=True, slots=True)
class Yanks:
    """What Poetry's cache contains on files that PyPI has yanked.

    Attributes:
        reasons: the reasons, which may be empty, of yanked files by their digests.
        unknown: the names of the locked packages from PyPI whose pages are not in the cache.
    """

    reasons: Mapping[str, str]
    unknown: Collection[NormalizedName] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedGroup:
    """A dependency group that no stage uses, directly or through another group.

    Attributes:
        name: the normalized name.
        path: the dotted path of the group in pyproject.toml.
        is_optional: whether Poetry installs it on request only.
    """

    name: NormalizedName
    path: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProject:
    """A project as checks see it.

    What costs time is a function, called by the checks that need it.

    Attributes:
        stages: all stages, in the order feature, training, inference and then by name.
        leftovers: returns the folders that belong to no stage, relative to the project's root.
        exports: returns the files of earlier exports that are not up to date.
        align_rules: returns the rules of `[[tool.fti.align]]`.
        today: the date on which the project is checked.
        environments: returns the environments of the stages.
        feature_transformers: see `CheckSettings`.
        sources: the package indexes, in the order in which Poetry searches them.
        yanks: returns the locked files that PyPI has yanked, as far as Poetry's cache has them.
        python: the versions of Python that the project requires, as PEP 440 specifiers; empty for
            any version.
        unused_groups: the dependency groups that no stage uses, without those that others of them
            include, sorted by name.
        is_isolated: whether Poetry's own commands do not see the groups of stages.
    """

    stages: tuple[CheckedStage, ...]
    leftovers: Callable[[], Sequence[str]]
    today: date
    exports: Callable[[], Sequence[ExportedFiles]] = list
    align_rules: Callable[[], Sequence[AlignRule]] = list
    environments: Callable[[], Sequence[StageEnvironment]] = list
    feature_transformers: bool = False
    sources: tuple[PackageSource, ...] = ()
    yanks: Callable[[], Yanks] = lambda: Yanks({})
    python: str = ""
    unused_groups: tuple[UnusedGroup, ...] = ()
    is_isolated: bool = False
