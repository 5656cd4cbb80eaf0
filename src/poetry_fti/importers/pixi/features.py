"""The features of a pixi environment, and their tables on a platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.importers.conda.environment import platforms_of
from poetry_fti.importers.shared.documents import strings, table
from poetry_fti.model.platforms import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.model.platforms import Platform

DEFAULT: Final = "default"
# The targets that apply to a platform besides its own one, those that override others last.
_TARGETS: Final = {"linux": ("unix", "linux"), "macos": ("unix", "osx", "macos")}
_TARGETS_OF_WINDOWS: Final = ("win", "windows")


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of a pixi environment: its name and its table."""

    name: str
    data: Mapping[str, Any]

    def on(self, platform: Platform, *keys: str) -> dict[str, Any]:
        """Return the table at nested keys with what the targets of a platform override."""
        found: dict[str, Any] = {}
        for each in (self.data, *self._targets(platform)):
            for name, value in table(each, *keys).items():
                same = (key for key in found if canonicalize_name(key) == canonicalize_name(name))
                found[next(same, name)] = value
        return found

    def targets(self) -> list[str]:
        """Return the names of the targets that the feature has tables for."""
        return list(table(self.data, "target"))

    def _targets(self, platform: Platform) -> Iterator[Mapping[str, Any]]:
        targets = table(self.data, "target")
        for name in _TARGETS.get(platform.os, _TARGETS_OF_WINDOWS):
            yield table(targets, name)
        for name in targets:
            if platforms_of([name]) == (platform,):
                yield table(targets, name)


def features_of(data: Mapping[str, Any], environment: str) -> list[Feature]:
    """Return the features of an environment; the default one is the file itself."""
    chosen = table(data, "environments").get(environment)
    names = chosen if isinstance(chosen, list) else table(chosen).get("features")
    found = [Feature(name, table(data, "feature", name)) for name in strings(names)]
    if table(chosen).get("no-default-feature") is True:
        return found
    return [Feature(DEFAULT, data), *found]


def supported_platforms(
    data: Mapping[str, Any], features: Sequence[Feature]
) -> tuple[Platform, ...]:
    """Return the platforms of the workspace that all features support, an empty tuple for any."""
    workspace = table(data, "workspace") or table(data, "project")
    found = platforms_of(strings(workspace.get("platforms")))
    for each in features:
        limits = platforms_of(strings(each.data.get("platforms")))
        if limits and each.name != DEFAULT:
            found = tuple(platform for platform in found or PLATFORMS if platform in limits)
    return found
