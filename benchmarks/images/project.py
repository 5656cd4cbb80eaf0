"""A copy of a project, which a contender makes images of."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import tomlkit
from benchmarks.tools import Task, output, seconds

from loopback.clients import copy_project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PLATFORMS: Final = ("linux/amd64",)


@dataclass(frozen=True)
class Project:
    """A project whose stages are for one platform, and take their packages from one index."""

    root: Path
    variables: Mapping[str, str]

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the content of pyproject.toml."""
        path = self.root / "pyproject.toml"
        content = tomlkit.parse(path.read_text())
        change(content)
        path.write_text(tomlkit.dumps(content))

    def poetry(self, *words: str) -> None:
        """Run Poetry; raises FailedError if it fails."""
        command = (sys.executable, "-m", "poetry", *words)
        seconds(Task(command=command, folder=self.root, variables=self.variables))

    @cached_property
    def groups(self) -> Mapping[str, list[str]]:
        """The dependency groups of each stage."""
        command = (sys.executable, "-m", "poetry", "-C", self.root, "fti", "list", "--format=json")
        return {each["stage"]: each["groups"] for each in json.loads(output(*command))["stages"]}

    def write_stages(self) -> Mapping[str, Path]:
        """Lock and export the stages, and return their Dockerfiles."""
        self.poetry("fti", "lock")
        self.poetry("fti", "export")
        return {stage: self.folder(stage) / "Dockerfile" for stage in self.groups}

    def folder(self, stage: str) -> Path:
        """Return where the files of a stage are."""
        return self.root / "fti" / stage

    def edit_code(self) -> None:
        """Write something into a module that all images have."""
        module = min(self.root.glob("**/__init__.py"))
        module.write_text(f"{module.read_text()}\nEDITED = {str(self.root)!r}\n")

    def require(self, stage: str, requirement: str) -> None:
        """Give a stage a further requirement."""

        def change(content: dict[str, Any]) -> None:
            content["dependency-groups"][self.groups[stage][0]].append(requirement)

        self.edit(change)

    def exclude(self, package: str) -> None:
        """Exclude a package from the stages whose locks contain it."""
        self.poetry("fti", "lock")
        stages = [s for s in self.groups if f'name = "{package}"' in self._lock(s)]

        def change(content: dict[str, Any]) -> None:
            for stage in stages:
                content["tool"]["fti"]["stages"][stage]["exclude"] = [package]

        self.edit(change)

    def _lock(self, stage: str) -> str:
        return (self.folder(stage) / "poetry.lock").read_text()

    def locked_version(self, stage: str, package: str) -> str:
        """Return the version of a package that a stage is locked to."""
        text = (self.folder(stage) / "requirements.txt").read_text()
        found = re.search(rf"^{re.escape(package)}==([^ ;\\\n]+)", text, re.MULTILINE)
        if found is None:
            raise SystemExit(f"The stage {stage} has no package {package}. Name one with --change.")
        return found[1]


def copied(name: str, folder: Path, index: str, variables: Mapping[str, str]) -> Project:
    """Copy a fixture project into a new folder and make it ready."""
    folder.mkdir()
    project = Project(copy_project(name, folder), variables)

    def change(content: dict[str, Any]) -> None:
        tool = content["tool"]
        stages = tool.setdefault("fti", {}).setdefault("stages", {})
        for stage in project.groups:
            stages.setdefault(stage, {})["platforms"] = list(_PLATFORMS)
        source = {"name": "configured", "url": index, "priority": "primary"}
        tool["poetry"].setdefault("source", tomlkit.aot()).append(source)

    project.edit(change)
    return project
