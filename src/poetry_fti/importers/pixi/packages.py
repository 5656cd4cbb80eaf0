"""The packages that the features of a pixi environment have on a platform."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.importers.conda.environment import conda_stage
from poetry_fti.importers.projects.poetry import poetry_requirements, specifiers_of
from poetry_fti.importers.shared.documents import string, table
from poetry_fti.importers.shared.requirements import merged
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.importers.pixi.features import Feature
    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedRequirement, ImportedStage
    from poetry_fti.model.platforms import Platform

_ORIGINS: Final = ("git", "path", "url")


def packages_on(
    platform: Platform,
    features: Sequence[Feature],
    groups: Mapping[str, tuple[ImportedRequirement, ...]],
    source: Source,
) -> ImportedStage:
    """Return the requirements, the Python, the variables and own extras of features on a platform.

    `groups` are further requirements of features by their names. Raises FtiError for a version that
    is not valid.
    """
    stage = conda_stage(conda_specs(features, platform), source.name)
    found = [*stage.requirements]
    env: dict[str, str] = {}
    for feature in features:
        of_pypi = feature.on(platform, "pypi-dependencies")
        found += poetry_requirements(of_pypi, source.name, source.path.parent)
        found += groups.get(feature.name, ())
        variables = feature.on(platform, "activation", "env")
        env |= {name: value for name, value in variables.items() if is_plain(value)}
    own = [each for each in found if each.path and source.files.is_project(each.path)]
    return replace(
        stage,
        requirements=tuple(merged(each for each in found if each not in own)),
        extras=tuple(dict.fromkeys(extra for each in own for extra in each.extras)),
        env=tuple(env.items()),
    )


def conda_specs(features: Sequence[Feature], platform: Platform) -> list[str]:
    """Return conda's specifications of the packages on a platform, without those from source."""
    return [
        f"{name} {string(value) or string(table(value).get('version'))}".strip()
        for feature in features
        for name, value in feature.on(platform, "dependencies").items()
        if not is_from_source(value)
    ]


def is_from_source(value: object) -> bool:
    """Return whether a conda dependency is a package that pixi builds from its source."""
    return any(key in table(value) for key in _ORIGINS)


def overrides_of(features: Sequence[Feature], where: str) -> Iterator[tuple[NormalizedName, str]]:
    """Yield pairs of a package and the version that replaces what others require of it.

    Raises FtiError for a version that is not valid.
    """
    for feature in features:
        found = table(feature.data, "pypi-options", "dependency-overrides")
        for name, value in found.items():
            version = string(value) or string(table(value).get("version"))
            if specifiers := specifiers_of(version, f"{where}: {in_one_line(name)}"):
                yield canonicalize_name(name), specifiers


def is_plain(value: object) -> bool:
    """Return whether the value of an environment variable is a text without other variables."""
    return isinstance(value, str) and "$" not in value
