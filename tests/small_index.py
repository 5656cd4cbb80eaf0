"""A package index of a test's own, out of a mapping as short as what the test is about."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from packaging.version import Version

from harness import Poetry
from loopback.catalogue import Catalogue, File, Release
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness import Result

# `{"app 1.0": ["lib>=1"], "lib 1.0": []}`. A line that begins with "python" is the release's own
# Python, one with "yanked" the reason for which it is yanked, one with "size" that of its wheels;
# wheels whose lines with "content" differ are different files. Each line with "wheel" is the tag of
# a wheel, by default py3-none-any. "sdist" alone is a source distribution. A line that begins with
# "License: ", "License-Expression: " or "Classifier: " is a header of the metadata.
Releases: TypeAlias = "Mapping[str, Sequence[str]]"

_SECONDS: Final = re.compile(r" in \d+\.\d s")


def catalogue(releases: Releases) -> Catalogue:
    """Return the releases, of whose wheels only the metadata exists."""
    found: dict[str, list[Release]] = {}
    for release, lines in releases.items():
        name, version = release.split()
        found.setdefault(name, []).append(_release(name, version, lines))
    return Catalogue(
        {
            name: tuple(sorted(each, key=lambda r: Version(r.version), reverse=True))
            for name, each in found.items()
        }
    )


def rule(
    *packages: str, stages: Sequence[str] = ("feature", "training"), level: str = "exact"
) -> str:
    """Return a rule by which stages have the same versions of packages."""
    return f"""\
[[tool.fti.align]]
packages = {list(packages)}
stages = {list(stages)}
level = "{level}"
"""


def pyproject(
    groups: Mapping[str, Sequence[str]],
    settings: str = "",
    *,
    dependencies: Sequence[str] = (),
    python: str = ">=3.11",
) -> str:
    """Return a pyproject.toml with these dependency groups and tables."""
    lines = [
        "[project]",
        'name = "demo"',
        'version = "1"',
        f'requires-python = "{python}"',
        f"dependencies = {list(dependencies)}",
        "[dependency-groups]",
        *(f"{name} = {list(requirements)}" for name, requirements in groups.items()),
    ]
    return "\n".join([*lines, settings, ""])


class Run(Protocol):
    """A function that runs `poetry WORDS` with an index that has these releases, and no cache."""

    def __call__(self, releases: Releases, *words: str) -> Result:
        """Run a command, and return how it ended."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A project in the folder `root`; each command meets an index anew, and no cache."""

    root: Path
    run: Run

    def write(self, text: str) -> None:
        """Replace the pyproject.toml."""
        self.root.mkdir(exist_ok=True)
        (self.root / "pyproject.toml").write_text(text, encoding="utf-8")

    def lock(self, releases: Releases, *words: str) -> list[str]:
        """Lock the stages, and return what is said without the times that it took."""
        result = self.run(releases, "fti", "lock", *words)
        assert result.code == 0, result.errors
        return _SECONDS.sub("", result.output).splitlines()

    def compare(self, releases: Releases, *words: str) -> list[str]:
        """Lock the stages, and return what is said of where they differ."""
        lines = self.lock(releases, *words)
        _, *found = lines[lines.index("") :]
        return found[: found.index("")] if "" in found else found

    @property
    def locked(self) -> dict[str, str]:
        """What the locks hold: `{"training": "app 1.0, lib 2.0"}`."""
        return locked_in(self.root)


def lab(folder: Path) -> Lab:
    """Return a lab below an empty folder."""
    root, homes = folder / "demo", (folder / f"home-{number}" for number in count())

    def run(releases: Releases, *words: str) -> Result:
        with LoopbackIndex(catalogue(releases)) as index:
            environment = isolated_environment(next(homes), index.url)
            return Poetry(environment, processes=1)(root, *words)

    return Lab(root, run)


def locked_in(root: Path) -> dict[str, str]:
    """Return what the locks of a project hold: `{"training": "app 1.0, lib 2.0"}`."""
    return {path.parent.name: _held(path) for path in root.glob("fti/*/poetry.lock")}


def _held(lock: Path) -> str:
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    return ", ".join(f"{package['name']} {package['version']}" for package in packages)


def _release(name: str, version: str, lines: Sequence[str]) -> Release:
    pythons = [line.removeprefix("python") for line in lines if line.startswith("python")]
    yanked = [line.removeprefix("yanked ") for line in lines if line.startswith("yanked ")]
    sizes = [int(line.removeprefix("size ")) for line in lines if line.startswith("size ")]
    content = [line for line in lines if line.startswith("content ")]
    headers = [line for line in lines if line.startswith(("License", "Classifier: "))]
    special = ("python", "yanked ", "size ", "content ", "wheel ", "sdist", *headers)
    tags = [line.removeprefix("wheel ") for line in lines if line.startswith("wheel ")]
    wheels = [f"{name}-{version}-{tag}.whl" for tag in tags]
    sources = [f"{name}-{version}.tar.gz" for line in lines if line == "sdist"]
    filenames = [*wheels, *sources] or [f"{name}-{version}-py3-none-any.whl"]
    files = [
        File(
            filename=filename,
            sha256=hashlib.sha256("".join([filename, *content]).encode()).hexdigest(),
            size=next(iter(sizes), 1000),
            requires_python=next(iter(pythons), None),
            upload_time="2026-01-01T00:00:00Z",
            yanked=next(iter(yanked), False),
        )
        for filename in filenames
    ]
    metadata = [
        ("Metadata-Version", "2.4"),
        ("Name", name),
        ("Version", version),
        *(("Requires-Python", python) for python in pythons),
        *(("Requires-Dist", line) for line in lines if not line.startswith(special)),
        *((header, value) for header, _, value in (each.partition(": ") for each in headers)),
    ]
    return Release(name, version, tuple(metadata), tuple(files))
