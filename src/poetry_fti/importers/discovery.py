"""Which files of a project describe environments, and the likely stage of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.utils import canonicalize_name

from poetry_fti.importers.kinds import kind_by_name, kind_by_packages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model.stage import Kind

# The folder, the kind and the group of a stage.
Key: TypeAlias = "tuple[PurePosixPath, Kind, str]"

_MODEL: Final = "mlmodel"
# The names of files that describe an environment; where several in a folder are for one kind of
# stage, the first pattern counts.
PATTERNS: Final = (
    "uv.lock",
    "pdm.lock",
    "pixi.toml",
    "pixi.lock",
    "hatch.toml",
    "pipfile",
    "*requirements*.in",
    "*requirements*.txt",
    "requirements/*.in",
    "requirements/*.txt",
    "pylock.toml",
    "pylock.*.toml",
    "environment*.yml",
    "environment*.yaml",
    "conda*.yml",
    "conda*.yaml",
    _MODEL,
    "azureml_environment.json",
    "dockerfile",
    "dockerfile.*",
    "*.dockerfile",
    "*.ipynb",
)
_DEVELOPMENT: Final = frozenset(
    {"ci", "contributing", "dev", "develop", "development", "doc", "docs", "lint", "lints"}
    | {"mypy", "release", "style", "test", "testing", "tests", "typing"}
)
_WORD: Final = re.compile(r"[a-z]+")
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that describes an environment with these packages; its path is relative.

    `environment` is the one of several in the file, empty for the default one; `is_group` is set if
    it is a dependency group of the project that is imported into, which its stage is named after.
    """

    path: PurePosixPath
    packages: frozenset[NormalizedName]
    environment: str = ""
    is_group: bool = False

    @property
    def group(self) -> str:
        """The normalized name of the project's own group, empty if it is none."""
        return canonicalize_name(self.environment) if self.is_group else ""

    def __str__(self) -> str:
        return f"{self.path}:{self.environment}" if self.environment else str(self.path)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A stage to import a candidate into, and what its kind was concluded from."""

    stage: str
    kind: Kind
    candidate: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Rest:
    """A candidate that no stage is proposed for, and the reason."""

    candidate: Candidate
    reason: str


def rank(path: PurePosixPath) -> int | None:
    """Return the position of the pattern that a path matches, None for a file of another kind."""
    names = (path.name.lower(), "/".join(path.parts[-2:]).lower())
    for position, pattern in enumerate(PATTERNS):
        if any(fnmatch(name, pattern) for name in names):
            return position
    return None


def is_for_development(name: str) -> bool:
    """Return whether a word in the name of a file or an environment stands for development."""
    return not _DEVELOPMENT.isdisjoint(_WORD.findall(name.lower()))


def propose(candidates: Iterable[Candidate]) -> tuple[list[Proposal], list[Rest]]:
    """Return a stage for each kind and folder and each group, and the candidates that are left."""
    chosen: dict[Key, tuple[Candidate, str]] = {}
    rest: list[Rest] = []
    candidates = sorted(candidates, key=_order)
    models = {each.path.parent: each.path for each in candidates if _is_model(each)}
    for candidate in candidates:
        model = models.get(candidate.path.parent, candidate.path)
        if model != candidate.path:
            rest.append(Rest(candidate, f"{model} is of the same model"))
            continue
        if is_for_development(candidate.environment or candidate.path.name):
            rest.append(Rest(candidate, "for development"))
            continue
        found = _kind(candidate)
        if found is None:
            rest.append(Rest(candidate, "neither its name nor its packages show its kind"))
            continue
        kind, reason = found
        key = _folder(candidate.path), kind, candidate.group
        if key in chosen:
            rest.append(Rest(candidate, f"{chosen[key][0]} is for the same stage"))
        else:
            chosen[key] = candidate, reason
    return list(_named(chosen)), rest


def _order(candidate: Candidate) -> tuple[int, str, str]:
    return rank(candidate.path) or 0, str(candidate.path), candidate.environment


def _is_model(candidate: Candidate) -> bool:
    return candidate.path.name.lower() == _MODEL


def _folder(path: PurePosixPath) -> PurePosixPath:
    return path.parent.parent if path.parent.name == "requirements" else path.parent


def _kind(candidate: Candidate) -> tuple[Kind, str] | None:
    """Return the kind of a candidate and the reason: a word of its name, or a package."""
    if _is_model(candidate):
        return "inference", "it is a model, which inference loads"
    names = [candidate.environment, candidate.path.stem, *reversed(candidate.path.parent.parts)]
    for name in filter(None, names):
        if kind := kind_by_name(name):
            return kind, f'its name has "{name}"' if name != candidate.path.stem else "its name"
    kind = kind_by_packages(candidate.packages)
    return (kind, f"it contains {_typical(candidate.packages, kind)}") if kind else None


def _typical(packages: Collection[NormalizedName], kind: Kind) -> str:
    return next(name for name in sorted(packages) if kind_by_packages([name]) == kind)


def _named(
    chosen: Mapping[Key, tuple[Candidate, str]],
) -> Iterator[Proposal]:
    """Yield the proposals; the names of several stages of one kind contain their folders."""
    taken = {group for _, _, group in chosen if group}
    for key, (candidate, reason) in sorted(chosen.items(), key=itemgetter(0)):
        folder, kind, group = key
        if group:
            yield Proposal(group, kind, candidate, reason)
            continue
        alone = sum(other == kind for _, other, _ in chosen) == 1
        parts = _NO_NAME.sub("-", "-".join(folder.parts).lower()).strip("-")
        name = kind if alone or not parts else f"{parts}-{kind}" if kind not in parts else parts
        stage, number = name, 2
        while stage in taken:
            stage, number = f"{name}-{number}", number + 1
        taken.add(stage)
        yield Proposal(stage, kind, candidate, reason)
