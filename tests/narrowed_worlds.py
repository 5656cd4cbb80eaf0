"""Small random indexes with wheels for some targets, and stages for some platforms and Pythons."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from truth import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES: Final = ("app", "lib", "mid", "zoo", "win")
PROJECT_PYTHON: Final = ">=3.10,<3.14"
_PYTHONS: Final = (None, ">=3.11", ">=3.12", ">=3.11,<3.13", "==3.12.*", ">=3.10,<3.12", ">=3.12.4")
_RELEASES_PYTHONS: Final = (*[""] * 3, ">=3.10", ">=3.11", ">=3.12", "<3.13", "<3.12", ">=3.13")
_RANGES: Final = ("", "", "", "<2", "<3", ">=2", ">=3", "!=2", "==2.0", "<=2")
_MARKERS: Final = (
    *[""] * 4,
    "sys_platform == 'win32'",
    "sys_platform == 'linux'",
    "sys_platform == 'darwin'",
    "sys_platform != 'win32'",
    "platform_machine == 'x86_64'",
    "platform_machine != 'arm64'",
    "python_version < '3.12'",
    "python_version >= '3.12'",
    "python_full_version >= '3.11.4'",
    "os_name == 'nt' or python_version < '3.11'",
    "platform_system == 'Linux' and platform_machine == 'aarch64'",
    "implementation_name == 'pypy'",
    "sys_platform == 'linux' or python_version >= '3.13'",
)
_TAGS: Final = {
    "linux/amd64": "manylinux_2_17_x86_64",
    "linux/arm64": "manylinux_2_17_aarch64",
    "macos/amd64": "macosx_10_9_x86_64",
    "macos/arm64": "macosx_11_0_arm64",
    "windows/amd64": "win_amd64",
    "windows/arm64": "win_arm64",
}


@dataclass(frozen=True)
class World:
    """An index, and a stage: what it requires, its platforms and its Python."""

    releases: Mapping[str, Sequence[str]]
    requires: Sequence[str]
    platforms: Sequence[str]
    python: str | None

    @property
    def allowed_python(self) -> str:
        """The Pythons of the project that the stage allows."""
        return ",".join([PROJECT_PYTHON, *([self.python] if self.python else [])])


def world(seed: int) -> World:
    """Return a world, always the same for a seed."""
    chance = random.Random(seed)  # noqa: S311 - any numbers will do
    releases = {
        f"{name} {version}.0": _lines(chance, NAMES[position:])
        for position, name in enumerate(NAMES)
        for version in range(1, chance.randint(3, 5))
    }
    requires = [_requirement(chance, NAMES) for _ in range(chance.randint(1, 3))]
    platforms = chance.sample(PLATFORMS, chance.choice((1, 1, 2, 3)))
    return World(releases, requires, platforms, chance.choice(_PYTHONS))


def _lines(chance: random.Random, names: Sequence[str]) -> list[str]:
    lines = [_requirement(chance, names) for _ in range(chance.choice((0, 1, 1, 2)))]
    python = chance.choice(_RELEASES_PYTHONS)
    return [*lines, *([f"python{python}"] if python else []), *_wheels(chance)]


def _requirement(chance: random.Random, names: Sequence[str]) -> str:
    marker = chance.choice(_MARKERS)
    return f"{chance.choice(names)}{chance.choice(_RANGES)}{f'; {marker}' if marker else ''}"


def _wheels(chance: random.Random) -> list[str]:
    kind = chance.random()
    if kind < 0.2:
        tags = chance.sample(tuple(_TAGS.values()), chance.randint(1, 4))
        return [f"wheel py3-none-{tag}" for tag in tags]
    if kind < 0.3:
        pythons = chance.sample(("cp310", "cp311", "cp312", "cp313"), chance.randint(1, 3))
        return [f"wheel {each}-{each}-{chance.choice(tuple(_TAGS.values()))}" for each in pythons]
    return []
