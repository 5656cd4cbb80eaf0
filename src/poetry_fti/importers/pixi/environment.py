"""An environment of pixi: the packages of its features on all platforms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.importers.conda.environment import channel_notes, conda_stage
from poetry_fti.importers.pixi.features import DEFAULT, features_of, supported_platforms
from poetry_fti.importers.pixi.indexes import indexes_of
from poetry_fti.importers.pixi.lock import locked_in
from poetry_fti.importers.pixi.notes import feature_notes, platform_notes
from poetry_fti.importers.pixi.packages import conda_specs, overrides_of, packages_on
from poetry_fti.importers.shared.choice import chosen_environment
from poetry_fti.importers.shared.documents import read_toml, table
from poetry_fti.importers.shared.indexes import index_of
from poetry_fti.importers.shared.platform_markers import with_platforms
from poetry_fti.importers.shared.requirements import pinned_versions
from poetry_fti.model.imported import ImportedStage
from poetry_fti.model.platforms import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedRequirement


def read_pixi(source: Source) -> ImportedStage:
    """Return an environment of a pixi.toml, `default` unless another is chosen.

    Raises FtiError if the file or the pixi.lock in its folder is not valid.
    """
    return pixi_stage(read_toml(source.path, source.files), source, {})


def pixi_environments(source: Source) -> list[str]:
    """Return the names of the environments; raises FtiError if the file is not valid."""
    return list(table(read_toml(source.path, source.files), "environments"))


def pixi_stage(
    data: Mapping[str, Any],
    source: Source,
    groups: Mapping[str, tuple[ImportedRequirement, ...]],
) -> ImportedStage:
    """Return an environment of a pixi.toml or of `[tool.pixi]`, which have the same tables.

    `groups` are the requirements that a pyproject.toml adds to features by their names. Raises
    FtiError if the tables are not valid.
    """
    chosen = chosen_environment(source, [*table(data, "environments"), DEFAULT]) or DEFAULT
    features = features_of(data, chosen)
    platforms = supported_platforms(data, features)
    found = {each: packages_on(each, features, groups, source) for each in platforms or PLATFORMS}
    requirements = with_platforms({each: stage.requirements for each, stage in found.items()})
    indexes = indexes_of(features)
    names = {each.url: each.name for each in indexes}
    requirements = [replace(each, index=_name(each.index, names)) for each in requirements]
    pythons = {stage.python for stage in found.values()}
    env = [dict(stage.env) for stage in found.values()]
    specs = dict.fromkeys(spec for each in found for spec in conda_specs(features, each))
    return ImportedStage(
        requirements=tuple(requirements),
        overrides=tuple(overrides_of(features, source.name)),
        versions=tuple(dict.fromkeys((*locked_in(source, chosen), *pinned_versions(requirements)))),
        indexes=tuple(indexes),
        python=pythons.pop() if len(pythons) == 1 else "",
        platforms=platforms,
        extras=tuple(dict.fromkeys(extra for each in found.values() for extra in each.extras)),
        env=tuple((name, value) for name, value in env[0].items() if _is_common(name, value, env)),
        notes=(
            *channel_notes(table(data, "workspace") or table(data, "project"), source.name),
            *conda_stage(list(specs), source.name).notes,
            *feature_notes(features, source.name),
            *platform_notes(list(found.values()), source.name),
        ),
    )


def _name(index: str, names: Mapping[str, str]) -> str:
    """Return the name of an index whose URL a package names; groups name indexes themselves."""
    return names.get(index_of(index, "explicit").url, "") if "://" in index else index


def _is_common(name: str, value: str, env: Collection[Mapping[str, str]]) -> bool:
    return all(each.get(name) == value for each in env)
