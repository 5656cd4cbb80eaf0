"""Presets: the packages and the configuration that a new stage starts with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poetry_fti.config.messages import stage_path
from poetry_fti.config.read import read_config
from poetry_fti.config.table import Table
from poetry_fti.errors import ConfigError
from poetry_fti.model.problem import Problem
from poetry_fti.model.stage import KINDS
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.stage import Kind

_ANY_STAGE: Final = "stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetSource:
    """A package index, and the names of the only packages that come from it."""

    name: str
    url: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetPackages:
    """Requirements (PEP 508), and sources of packages that the default index does not serve."""

    requirements: tuple[str, ...] = ()
    sources: tuple[PresetSource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The packages and the table `[tool.fti.stages.<name>]` (`stage`) of a new stage.

    The packages of one accelerator, by default the first, are added to `packages`.
    """

    name: str
    description: str
    kind: Kind
    packages: PresetPackages
    accelerators: Mapping[str, PresetPackages] = field(default_factory=dict)
    stage: Mapping[str, Any] = field(default_factory=dict)

    def chosen(self, accelerator: str | None) -> PresetPackages:
        """Return the packages, including those of an accelerator; None selects the first.

        A preset without accelerators ignores the argument. Raises ConfigError for an accelerator
        that the preset does not have.
        """
        if not self.accelerators:
            return self.packages
        name = accelerator or next(iter(self.accelerators))
        if name not in self.accelerators:
            known = ", ".join(self.accelerators)
            hint = suggestion(name, self.accelerators)
            message = f'The preset {self.name} has no accelerator "{name}"{hint} (known: {known}).'
            raise ConfigError(message)
        added = self.accelerators[name]
        return PresetPackages(
            requirements=(*self.packages.requirements, *added.requirements),
            sources=(*self.packages.sources, *added.sources),
        )


def read_preset(name: str, data: Mapping[str, Any]) -> Preset:
    """Return the preset in the data of a TOML file; raises ConfigError with all its problems."""
    problems: list[Problem] = []
    keys = ("description", "kind", "requirements", "sources", "accelerators", "stage")
    table = Table(data, "", problems, keys=keys)
    kind = table.choice("kind", KINDS)
    if "kind" not in data:
        table.wrong("kind", f"is missing: one of {', '.join(KINDS)}")
    preset = Preset(
        name=name,
        description=table.string("description") or "",
        kind=kind or KINDS[0],
        packages=_packages(table),
        accelerators=_accelerators(table, problems),
        stage=_stage(table, problems),
    )
    problems += _unknown_packages(preset)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"The preset {name} has {count}:", *(f"  {_relative(p)}" for p in problems)]
        raise ConfigError("\n".join(lines))
    return preset


def _unknown_packages(preset: Preset) -> Iterator[Problem]:
    """Yield a problem for each package of a source that the preset does not require."""
    own = _names(preset.packages)
    every = own.union(*map(_names, preset.accelerators.values()))
    parts = {"": (preset.packages, every)} | {
        f"accelerators.{name}.": (packages, own | _names(packages))
        for name, packages in preset.accelerators.items()
    }
    for start, (packages, known) in parts.items():
        for position, source in enumerate(packages.sources):
            for index, name in enumerate(source.packages):
                if canonicalize_name(name) not in known:
                    path = f"{start}sources[{position}].packages[{index}]"
                    message = f'the preset does not require "{name}"{suggestion(name, known)}'
                    yield Problem(path, message)


def _names(packages: PresetPackages) -> set[str]:
    return {
        canonicalize_name(Requirement(text).name)
        for text in packages.requirements
        if _is_requirement(text)
    }


def _relative(problem: Problem) -> Problem:
    return Problem(problem.path.removeprefix("."), problem.message)


def _packages(table: Table) -> PresetPackages:
    requirements = table.whole_strings("requirements")
    for index, requirement in enumerate(requirements):
        if not _is_requirement(requirement):
            message = f'"{requirement}" is not a requirement such as "pandas>=2.2"'
            table.wrong("requirements", message, index=index)
    sources = table.tables("sources", keys=("name", "url", "packages"))
    return PresetPackages(requirements=requirements, sources=tuple(map(_source, sources)))


def _is_requirement(text: str) -> bool:
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return True


def _source(table: Table) -> PresetSource:
    for key in ("name", "url", "packages"):
        if key not in table:
            table.wrong(key, "is missing")
    return PresetSource(
        name=table.string("name") or "",
        url=table.string("url") or "",
        packages=table.strings("packages") or (),
    )


def _accelerators(table: Table, problems: list[Problem]) -> Mapping[str, PresetPackages]:
    accelerators = table.table("accelerators")
    return {
        name: _packages(
            table.child(
                Table(accelerators, "accelerators", problems).table(name),
                "accelerators",
                name,
                keys=("requirements", "sources"),
            )
        )
        for name in accelerators
    }


def _stage(table: Table, problems: list[Problem]) -> Mapping[str, Any]:
    """Return the table `stage`, checked as `[tool.fti.stages.<name>]` is."""
    stage = table.table("stage")
    if "kind" in stage or "groups" in stage:
        table.wrong("stage", "must have neither `kind` nor `groups`: the preset sets both")
    found: list[Problem] = []
    read_config({"tool": {"fti": {"stages": {_ANY_STAGE: stage}}}}, (), found)
    path = stage_path(_ANY_STAGE)
    problems += [
        Problem("stage" + problem.path.removeprefix(path), problem.message) for problem in found
    ]
    return stage
