"""Those who make images of the stages of a project, each in its own way.

Each locks a project as it stands and returns the Dockerfile of each stage.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from benchmarks.tools import Task, environment, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.images.project import Project

_PER_STAGE: Final = """\
FROM {base}
WORKDIR /app
COPY fti/{stage}/requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY src src
ENV PYTHONPATH=/app/src
"""

_ONE_FOR_ALL: Final = """\
FROM {base} AS builder
RUN pip install --no-cache-dir poetry=={poetry}
ENV POETRY_VIRTUALENVS_IN_PROJECT=true
WORKDIR /app
COPY pyproject.toml poetry.lock ./
RUN poetry install --no-cache --no-root --compile --only main,{groups}

FROM {base}
WORKDIR /app
COPY --from=builder /app/.venv .venv
COPY src src
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app/src
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """One of them; `prepare` is done once to its copy of the project."""

    title: str
    write: Callable[[Project], Mapping[str, Path]]
    prepare: Callable[[Project], None] = lambda _: None


# XGBoost requires it on Linux, for several GPUs.
_EXCLUDED: Final = "nvidia-nccl-cu12"

# What poetry-fti makes of a project whose stages exclude a package.
EXCLUDING: Final = Contender(
    f"poetry-fti without {_EXCLUDED}",
    lambda project: project.write_stages(),
    lambda project: project.exclude(_EXCLUDED),
)


def contenders(bases: Mapping[str, str], folder: Path) -> tuple[Contender, ...]:
    """Return them all; the images of the stages start from these bases."""
    one = min(bases.values())

    def per_stage(project: Project) -> Mapping[str, Path]:
        project.write_stages()
        texts = {name: _PER_STAGE.format(base=base, stage=name) for name, base in bases.items()}
        return {name: _written(project, f"{name}.Dockerfile", texts[name]) for name in texts}

    def one_for_all(project: Project) -> Mapping[str, Path]:
        project.poetry("lock")
        groups = ",".join(sorted({name for found in project.groups.values() for name in found}))
        text = _ONE_FOR_ALL.format(base=one, poetry=version("poetry"), groups=groups)
        return dict.fromkeys(bases, _written(project, "Dockerfile", text))

    @cache
    def plugin() -> Path:
        return environment(folder / "dockerize", "poetry", "poetry-dockerize-plugin")

    def dockerized(project: Project) -> Mapping[str, Path]:
        project.poetry("lock")
        command = (plugin() / "poetry", "dockerize", "--generate")
        seconds(Task(command=command, folder=project.root, variables=project.variables))
        return dict.fromkeys(bases, project.root / "Dockerfile")

    return (
        Contender("poetry-fti", lambda project: project.write_stages()),
        Contender("pip, an image for each stage", per_stage),
        Contender("Poetry, one image for all", one_for_all),
        Contender("poetry-dockerize-plugin", dockerized, lambda project: _suit(project, one)),
    )


def _written(project: Project, name: str, text: str) -> Path:
    path = project.root / name
    path.write_text(text)
    return path


def _suit(project: Project, base: str) -> None:
    """Give a project what the plugin asks for.

    It reads name and version from Poetry's own table only, and copies packages from nowhere but
    the project's root.
    """

    def change(content: dict[str, Any]) -> None:
        table = content["tool"]["poetry"]
        for key in ("name", "version"):
            table[key] = content["project"][key]
        for package in table["packages"]:
            source = package.pop("from", ".")
            shutil.move(project.root / source / package["include"], project.root)
        content["tool"]["dockerize"] = {"base-image": base}

    project.edit(change)
