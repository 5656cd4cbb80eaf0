"""What a lock installs on a target, and what it should, by `packaging` and metadata alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from poetry.utils._compat import tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from loopback.catalogue import Catalogue, Release

Environment = dict[str, str]
Installed = dict[str, str]

_MACHINES: Final = {
    "linux/amd64": "x86_64",
    "linux/arm64": "aarch64",
    "macos/amd64": "x86_64",
    "macos/arm64": "arm64",
    "windows/amd64": "AMD64",
    "windows/arm64": "ARM64",
}
PLATFORMS: Final = tuple(_MACHINES)
_SYSTEMS: Final = {
    "linux": ("posix", "linux", "Linux"),
    "macos": ("posix", "darwin", "Darwin"),
    "windows": ("nt", "win32", "Windows"),
}
# Each text is read once, and each marker evaluated once on each target.
_marker = cache(Marker)
_requirement = cache(Requirement)
_specifiers = cache(SpecifierSet)
_PYTHONS: Final = [f"3.{minor}.{patch}" for minor, patch in product(range(10, 14), (0, 4, 19))]


def environments(platforms: Iterable[str], python: str) -> list[Environment]:
    """Return the variables of markers on each platform with each Python, of three patches."""
    allowed = SpecifierSet(python)
    pythons = [each for each in _PYTHONS if each in allowed]
    return [_environment(platform, each) for platform, each in product(platforms, pythons)]


def _environment(platform: str, python: str) -> Environment:
    os_name, sys_platform, system = _SYSTEMS[platform.partition("/")[0]]
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": os_name,
        "platform_machine": _MACHINES[platform],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": sys_platform,
        "extra": "",
    }


def locked_packages(text: str) -> list[dict[str, Any]]:
    """Return the packages of a lock as it tells of them."""
    found: list[dict[str, Any]] = tomllib.loads(text)["package"]
    return found


def installed(packages: Iterable[Mapping[str, Any]], environment: Environment) -> Installed:
    """Return what a lock installs: at most one version of each package."""
    found: Installed = {}
    for package in packages:
        if any(_holds(marker, environment) for marker in _markers(package)):
            assert package["name"] not in found, (package["name"], environment)
            found[package["name"]] = package["version"]
    return found


def _markers(package: Mapping[str, Any]) -> list[str]:
    markers = package.get("markers", "")
    if isinstance(markers, str):
        return [markers]
    return [markers.get(group, "") for group in package["groups"]]


def _holds(marker: str, environment: Environment) -> bool:
    # Poetry writes "<empty>" where a group's condition is never true.
    return marker != "<empty>" and (not marker or _evaluate(marker, tuple(environment.items())))


@cache
def _evaluate(marker: str, variables: tuple[tuple[str, str], ...]) -> bool:
    return _marker(marker).evaluate(dict(variables))


@cache
def _applies(requirement: str, variables: tuple[tuple[str, str], ...], extra: str) -> bool:
    return applies(_requirement(requirement), dict(variables), extra)


@dataclass(frozen=True)
class Truth:
    """The metadata of an index, and what a project asks of it."""

    catalogue: Catalogue
    requirements: Sequence[str]

    def reached(self, found: Installed, environment: Environment) -> dict[str, set[str]]:
        """Return the packages that must be installed, with their extras.

        Fails for a requirement that what is installed does not satisfy.
        """
        reached: dict[str, set[str]] = {}
        queue = [each for each in map(Requirement, self.requirements) if applies(each, environment)]
        while queue:
            wanted = queue.pop()
            name = canonicalize_name(wanted.name)
            assert name in found, (str(wanted), environment)
            assert wanted.specifier.contains(found[name], prereleases=True), (str(wanted), found)
            extras = {"", *map(canonicalize_name, wanted.extras)}
            if not extras <= reached.get(name, set()):
                reached.setdefault(name, set()).update(extras)
                queue += self.requires(name, found[name], reached[name], environment)
        return reached

    def check(
        self, packages: Sequence[Mapping[str, Any]], environment: Environment
    ) -> dict[tuple[str, str], set[str]]:
        """Return what a lock installs, with extras: what has to be, nothing else, for this Python.

        Fails if it is not so.
        """
        found = installed(packages, environment)
        reached = self.reached(found, environment)
        assert reached.keys() == found.keys(), environment
        for name, version in found.items():
            python = self._header(name, version, "Requires-Python")
            full = environment["python_full_version"]
            assert all(full in _specifiers(each) for each in python), (name, version, environment)
        return {(name, found[name]): extras for name, extras in reached.items()}

    def requires(
        self, name: str, version: str, extras: Iterable[str], environment: Environment
    ) -> Iterator[Requirement]:
        """Yield what a release requires on a target, with these extras (one of them empty)."""
        variables = tuple(environment.items())
        for text in self._header(name, version, "Requires-Dist"):
            try:
                requirement = _requirement(text)
            except InvalidRequirement:  # Poetry leaves it out, too
                continue
            if any(_applies(text, variables, extra) for extra in extras):
                yield requirement

    def _header(self, name: str, version: str, header: str) -> list[str]:
        return self._releases[canonicalize_name(name), str(Version(version))].headers(header)

    @cached_property
    def _releases(self) -> Mapping[tuple[str, str], Release]:
        return {
            (name, str(Version(release.version))): release
            for name, releases in self.catalogue.projects.items()
            for release in releases
        }


def applies(requirement: Requirement, environment: Environment, extra: str = "") -> bool:
    """Tell whether a requirement counts on a target for who asks for an extra (or for none)."""
    marker = requirement.marker
    return marker is None or marker.evaluate({**environment, "extra": extra})
