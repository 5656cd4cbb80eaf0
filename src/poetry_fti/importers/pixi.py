"""pixi.toml: features and environments of packages from conda and PyPI."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.importers.conda.environment import conda_stage, platforms_of
from poetry_fti.importers.projects.poetry import poetry_requirements
from poetry_fti.importers.shared.choice import chosen_environment
from poetry_fti.importers.shared.combine import combined
from poetry_fti.importers.shared.documents import read_toml, string, strings, table
from poetry_fti.importers.shared.indexes import index_of, named_apart
from poetry_fti.importers.shared.requirements import merged, pinned_versions
from poetry_fti.model.imported import ImportedStage
from poetry_fti.urls import is_pypi
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedIndex

_DEFAULT: Final = "default"


def read_pixi(source: Source) -> ImportedStage:
    """Return an environment, `default` unless another is chosen; raises FtiError if not valid."""
    return pixi_stage(read_toml(source.path, source.files), source)


def pixi_stage(data: Mapping[str, Any], source: Source) -> ImportedStage:
    """Return an environment of a pixi.toml or of `[tool.pixi]`, which have the same tables.

    Raises FtiError if they are not valid.
    """
    workspace = table(data, "workspace") or table(data, "project")
    environments = table(data, "environments")
    chosen = chosen_environment(source, [*environments, _DEFAULT]) or _DEFAULT
    features = list(_features(data, environments.get(chosen)))
    read = [_feature(each, source) for each in features]
    stage = combined(read) if read else ImportedStage()
    return replace(
        stage,
        platforms=platforms_of(strings(workspace.get("platforms"))),
        env=tuple(
            (name, value)
            for each in features
            for name, value in table(each, "activation", "env").items()
            if isinstance(value, str) and "$" not in value
        ),
    )


def pixi_environments(source: Source) -> list[str]:
    """Return the names of the environments; raises FtiError if the file is not valid."""
    return list(table(read_toml(source.path, source.files), "environments"))


def _features(data: Mapping[str, Any], environment: object) -> Iterator[Mapping[str, Any]]:
    """Yield the tables of the features of an environment; the default one is the file itself."""
    if environment is None or table(environment).get("no-default-feature") is not True:
        yield data
    names = environment if isinstance(environment, list) else table(environment).get("features")
    for name in strings(names):
        yield table(data, "feature", name)


def _feature(feature: Mapping[str, Any], source: Source) -> ImportedStage:
    packages = table(feature, "dependencies").items()
    specs = [f"{name} {_version(value)}".strip() for name, value in packages]
    of_conda = conda_stage(specs, source.name)
    of_pypi = table(feature, "pypi-dependencies")
    found = list(poetry_requirements(of_pypi, source.name, source.path.parent))
    found = [each for each in found if not (each.path and source.files.is_project(each.path))]
    indexes = named_apart(_indexes(table(feature, "pypi-options")))
    names = {each.url: each.name for each in indexes}
    found = [replace(each, index=names.get(each.index, "")) for each in found]
    requirements = merged([*of_conda.requirements, *found])
    notes = list(of_conda.notes)
    if targets := table(feature, "target"):
        notes.append(
            f"{source.name}: the dependencies of {joined(sorted(targets))} were left out. Add them"
            " with a marker."
        )
    return replace(
        of_conda,
        requirements=tuple(requirements),
        versions=pinned_versions(requirements),
        indexes=tuple(indexes),
        notes=tuple(notes),
    )


def _version(value: object) -> str:
    return string(value) or string(table(value).get("version"))


def _indexes(options: Mapping[str, Any]) -> Iterator[ImportedIndex]:
    first = string(options.get("index-url"))
    if first and not is_pypi(first):
        yield index_of(first, "primary")
    for url in strings(options.get("extra-index-urls")):
        if not is_pypi(url):
            yield index_of(url, "supplemental")
