"""Compares installed packages with a lock. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from packaging.utils import canonicalize_name

from poetry_fti.checks import Finding
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin, IndexOrigin
from poetry_fti.wording import in_one_line, short_commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.checks import FindingLevel
    from poetry_fti.model.installed import Installed, InstalledPackage
    from poetry_fti.model.lock import LockedPackage

Place: TypeAlias = Literal["environment", "image"]

# The packages that install others; environments are created with them.
_INSTALLERS: Final = frozenset(map(canonicalize_name, ("pip", "setuptools", "wheel")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What should be installed.

    Attributes:
        packages: the packages of the lock that the stage installs on its targets.
        others: the versions of each package in the lock, also those that the stage does not
            install, such as packages for development.
        own: the names of the project and of path dependencies, which may compute a version whenever
            they are built.
        has_folders: whether path dependencies have to be installed.
    """

    packages: tuple[LockedPackage, ...]
    others: Mapping[NormalizedName, tuple[Version, ...]]
    own: frozenset[NormalizedName] = frozenset()
    has_folders: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What is verified.

    Attributes:
        stage: the stage that it is compared with.
        place: what it is, which is the name of the check in findings.
        name: how messages refer to it, such as `the environment`.
        update: the sentence that tells how to install what is locked, without its full stop.
        renew: the sentence that tells how to create it again, without its full stop.
        reports_extra: whether packages that the lock does not contain are findings.
    """

    stage: str
    place: Place
    name: str
    update: str
    renew: str
    reports_extra: bool = True

    def finding(
        self,
        message: str,
        package: NormalizedName | None = None,
        *,
        level: FindingLevel = "error",
        fix: str = "",
    ) -> Finding:
        """Return a finding, which is fixed with `update` unless there is another way."""
        return Finding(
            check=self.place,
            level=level,
            stage=self.stage,
            package=package,
            message=in_one_line(message),
            fix=in_one_line(fix or self.update),
            path=f"tool.fti.stages.{self.stage}",
        )


def compare(expected: Expected, installed: Installed, where: Where) -> Iterator[Finding]:
    """Yield what differs between the lock and the installed packages, sorted by package."""
    required = _required(expected, installed.markers)
    own = _by_name(installed.packages)
    found = {**_by_name(installed.base), **own}
    for name in sorted(required.keys() | own.keys()):
        if _versions(own.get(name, ())) > 1 and (name in required or where.reports_extra):
            yield _twice(where, own[name])
        elif name in required and name not in found:
            yield from _missing(expected, where, required[name])
        elif name in found:
            yield from _present(expected, where, required.get(name, ()), found[name][0])
    for each in sorted(installed.damage, key=lambda each: (each.package, each.problem)):
        message = f"{each.package} in {where.name} {each.problem}"
        yield where.finding(message, fix=where.renew)


def _required(
    expected: Expected, environments: Iterable[Mapping[str, str]]
) -> dict[NormalizedName, list[LockedPackage]]:
    """Return the packages that apply, each with its versions that may."""
    required: defaultdict[NormalizedName, list[LockedPackage]] = defaultdict(list)
    unknown = set()
    for package in expected.packages:
        applies = {
            package.marker is None or package.marker.evaluate(dict(environment))
            for environment in environments
        }
        if True in applies:
            required[package.name].append(package)
        if False in applies and True in applies:
            unknown.add(package.name)
    # One of several versions applies for certain, but a single package may not be needed.
    return {name: each for name, each in required.items() if name not in unknown or len(each) > 1}


def _missing(expected: Expected, where: Where, locked: list[LockedPackage]) -> Iterator[Finding]:
    if not expected.has_folders and isinstance(locked[0].origin, DirectoryOrigin):
        return
    versions = " or ".join(str(each.version) for each in locked)
    message = f"{locked[0].name} {versions} is locked, but not installed in {where.name}"
    yield where.finding(message, locked[0].name)


def _present(
    expected: Expected, where: Where, locked: Iterable[LockedPackage], found: InstalledPackage
) -> Iterator[Finding]:
    if found.name in expected.own:
        return
    candidates = list(locked)
    versions = [each.version for each in candidates] or expected.others.get(found.name, ())
    if versions and found.version not in versions:
        wanted = " or ".join(map(str, versions))
        message = f"{found.name} {found.version} is installed in {where.name}, not {wanted}"
        yield where.finding(message, found.name)
    elif not versions and found.name not in _INSTALLERS and where.reports_extra:
        message = f"{found.name} {found.version} is installed in {where.name}, but not locked"
        yield where.finding(message, found.name, level="warning")
    elif candidates and (other := _other_source(candidates, found)):
        message = f"{found.name} {found.version} in {where.name} {other}"
        yield where.finding(message, found.name, fix=where.renew)


def _other_source(locked: list[LockedPackage], found: InstalledPackage) -> str:
    """Return where an installed package comes from if that is not what is locked, else empty."""
    package = next(each for each in locked if each.version == found.version)
    source, origin = found.source, package.origin
    if source is None:
        return ""  # from an index, or from a wheel that was built before
    if isinstance(origin, GitOrigin):
        if source.commit and source.commit != origin.commit:
            built, wanted = short_commit(source.commit), short_commit(origin.commit)
            return f"was built from commit {built}, not {wanted}"
        return ""
    if source.digests and package.digests and source.digests.isdisjoint(package.digests):
        return "was installed from a file that is not in the lock"
    if isinstance(origin, IndexOrigin) and (source.commit or source.is_folder):
        kind = "a git repository" if source.commit else "a folder"
        return f"was installed from {kind}, not from the package index"
    return ""


def _versions(found: Iterable[InstalledPackage]) -> int:
    """Return the number of versions; distributions such as Debian have some metadata twice."""
    return len({each.version for each in found})


def _twice(where: Where, found: list[InstalledPackage]) -> Finding:
    versions = " and ".join(str(each.version) for each in found)
    message = f"{found[0].name} is installed more than once in {where.name}: {versions}"
    return where.finding(message, found[0].name, fix=where.renew)


def _by_name(
    packages: Iterable[InstalledPackage],
) -> dict[NormalizedName, list[InstalledPackage]]:
    found: defaultdict[NormalizedName, list[InstalledPackage]] = defaultdict(list)
    for each in packages:
        found[each.name].append(each)
    return dict(found)
