"""The environment of a stage as a file of another tool describes it, such as requirements.txt."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import PurePath

    from packaging.specifiers import Specifier
    from packaging.utils import NormalizedName

    from poetry_fti.model.platforms import Platform

IndexPriority: TypeAlias = Literal["primary", "supplemental", "explicit"]
_EXACT: Final = ("==", "===")
_AT_LEAST: Final = (*_EXACT, ">=", ">", "~=")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRequirement:
    """A direct requirement of an imported file.

    Attributes:
        name: the name as the file has it.
        extras: extras of the package, sorted.
        specifier: PEP 440 specifiers, empty for any version.
        marker: the condition (PEP 508), empty for none.
        url: a direct reference without credentials, such as `git+https://…`; empty for none.
        path: the absolute path of a folder or file to install; None for a package from elsewhere.
        editable: whether the folder is installed in editable mode.
        index: the name of the only index to use, empty for any.
        prereleases: whether pre-releases are allowed, even if no bound is one.
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str = ""
    url: str = ""
    path: PurePath | None = None
    editable: bool = False
    index: str = ""
    prereleases: bool = False

    @property
    def normalized(self) -> NormalizedName:
        """The normalized name (PEP 503)."""
        return canonicalize_name(self.name)

    @property
    def has_place(self) -> bool:
        """Whether the package comes from a URL, a path or one index only."""
        return bool(self.url or self.path or self.index)

    @property
    def pin(self) -> Version | None:
        """The only version that the specifier allows, None if there may be several."""
        versions = {_pin(each) for each in SpecifierSet(self.specifier)} - {None}
        return versions.pop() if len(versions) == 1 else None

    @property
    def is_contradictory(self) -> bool:
        """Whether the specifier has exact versions, and allows none of them."""
        specifiers = SpecifierSet(self.specifier)
        pins = {_pin(each) for each in specifiers} - {None}
        return bool(pins) and not any(
            specifiers.contains(pin, prereleases=True) for pin in pins if pin
        )

    def relaxed(self, below: Version | None = None) -> ImportedRequirement:
        """Return the requirement with `>=` in place of each exact version; bounds remain.

        If `below` is given, it is an upper bound in addition.
        """
        specifiers = [_lower_bound(each) for each in SpecifierSet(self.specifier)]
        specifiers += [f"<{below.public}"] if below else []
        # Lower bounds are usually written first.
        return replace(self, specifier=",".join(sorted(specifiers, key=_usual_order)))


def relaxed(requirements: Sequence[ImportedRequirement]) -> list[ImportedRequirement]:
    """Return requirements with lower bounds in place of exact versions.

    Where a package has several requirements, with different markers, an exact version stays below
    the next exact version or lower bound of the others.
    """
    lowest: dict[NormalizedName, set[Version]] = {}
    for each in requirements:
        lowest.setdefault(each.normalized, set()).update(_lower_versions(each.specifier))
    return [
        each.relaxed(_next(Version(each.pin.public), lowest[each.normalized]))
        if each.pin is not None
        else each
        for each in requirements
    ]


def _lower_versions(specifiers: str) -> Iterator[Version]:
    """Yield the exact versions and the lower bounds in specifiers, without local labels."""
    for each in SpecifierSet(specifiers):
        if each.operator in _AT_LEAST:
            with suppress(InvalidVersion):  # `===` compares texts
                yield Version(Version(each.version.removesuffix(".*")).public)


def _next(version: Version, versions: Iterable[Version]) -> Version | None:
    return min((each for each in versions if each > version), default=None)


def _pin(specifier: Specifier) -> Version | None:
    if specifier.operator not in _EXACT or specifier.version.endswith(".*"):
        return None
    try:
        return Version(specifier.version)
    except InvalidVersion:  # `===` compares texts
        return None


def _lower_bound(specifier: Specifier) -> str:
    version = _pin(specifier)
    # Ordered comparisons do not accept local labels.
    return f">={str(version).partition('+')[0]}" if version else str(specifier)


def _usual_order(specifier: str) -> tuple[bool, bool, str]:
    return specifier.startswith("!"), specifier.startswith("<"), specifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedIndex:
    """A package index; `url` has no credentials, `has_login` is set if the file has some."""

    name: str
    url: str
    priority: IndexPriority
    has_login: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedStage:
    """The environment that an imported file describes.

    Attributes:
        requirements: what is installed directly.
        contents: packages that the local ones among them require.
        constraints: bounds on versions wherever a package occurs.
        pins: exact versions in files of constraints, which may list more packages than the stage
            has.
        overrides: pairs of a package and the constraint that replaces what others require of it.
        versions: pairs of a package and a version of it that was locked, transitive ones included.
        indirect: pins of packages that only other packages require. The file does not record for
            which extras, so the stage may lack some of them until they are required, too.
        indexes: where packages come from, besides PyPI.
        python: PEP 440 specifiers of the Python versions, empty for any.
        platforms: the platforms, an empty tuple for any.
        extras: extras of the project that is imported into.
        env: environment variables, as pairs of name and value.
        notes: sentences about what was left out, for the user.
    """

    requirements: tuple[ImportedRequirement, ...] = ()
    contents: tuple[NormalizedName, ...] = ()
    constraints: tuple[ImportedRequirement, ...] = ()
    pins: tuple[ImportedRequirement, ...] = ()
    overrides: tuple[tuple[NormalizedName, str], ...] = ()
    versions: tuple[tuple[NormalizedName, str], ...] = ()
    indirect: tuple[ImportedRequirement, ...] = ()
    indexes: tuple[ImportedIndex, ...] = ()
    python: str = ""
    platforms: tuple[Platform, ...] = ()
    extras: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def packages(self) -> frozenset[NormalizedName]:
        """The packages that the stage or its local packages require, which show its kind."""
        return frozenset(each.normalized for each in self.requirements).union(self.contents)
