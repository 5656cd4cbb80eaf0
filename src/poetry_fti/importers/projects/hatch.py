"""`[tool.hatch.envs]`: environments with their dependencies, and those that they inherit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.documents import string, strings, table
from poetry_fti.importers.shared.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.importers.projects.declared import Declared, Reader

_DEFAULT = "default"


def with_hatch(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with its environments of Hatch; raises FtiError if not valid.

    An environment contains the project's own requirements unless it is detached or skips the
    installation of the project.
    """
    envs = table(data, "tool", "hatch", "envs")
    if not envs:
        return declared
    groups, alone, pythons, variables = dict(declared.groups), set(declared.alone), {}, {}
    for name in envs:
        chain = list(_inherited(name, envs, ()))
        texts = [text for each in chain for text in _dependencies(each)]
        found = list(reader.requirements(texts, f"tool.hatch.envs.{name}"))
        merged = {key: value for each in reversed(chain) for key, value in each.items()}
        extras = strings(merged.get("features"))
        found += [each for extra in extras for each in declared.groups.get(extra, ())]
        groups[name] = tuple(found)
        if merged.get("detached") is True or merged.get("skip-install") is True:
            alone.add(name)
        if python := string(merged.get("python")):
            pythons[name] = _python(python)
        variables[name] = tuple(
            (key, value)
            for key, value in table(merged, "env-vars").items()
            if isinstance(value, str) and "{" not in value
        )
    return replace(
        declared,
        groups=groups,
        alone=frozenset(alone),
        pythons={name: python for name, python in pythons.items() if python},
        env=variables,
    )


def _inherited(
    name: str, envs: Mapping[str, Any], including: tuple[str, ...]
) -> Iterator[Mapping[str, Any]]:
    """Yield the tables of an environment and of those that it inherits, its own one first."""
    if name in including:
        raise FtiError(f"The environment {quoted(name)} of Hatch is its own template.")
    own = table(envs, name)
    yield own
    template = string(own.get("template")) or _DEFAULT
    if own.get("detached") is not True and template != name and template in envs:
        yield from _inherited(template, envs, (*including, name))


def _dependencies(env: Mapping[str, Any]) -> Iterator[str]:
    yield from strings(env.get("dependencies"))
    yield from strings(env.get("extra-dependencies"))


def _python(version: str) -> str:
    return f"=={version}.*" if version.replace(".", "").isdigit() and "." in version else ""
