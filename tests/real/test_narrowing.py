"""A stage with platforms: on each of them its lock installs what the packages' metadata ask for."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest
from poetry.core.packages.dependency import Dependency
from poetry.core.version.markers import parse_marker

from in_process import default_index, lock_training
from loopback.catalogue import load
from truth import PLATFORMS, Truth, environments, installed, locked_packages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement
    from poetry.core.version.markers import BaseMarker

    from harness import Poetry
    from loopback.index import LoopbackIndex
    from truth import Environment

pytestmark = pytest.mark.generated

# The stages that are made up: of the first sixteen, those whose locks differ most from platform to
# platform. Of number 79 Poetry's own lock for everywhere lacks uvicorn on macOS.
NUMBERS: Final = (1, 6, 0, 5, 13, 11)
# How many of them are locked twice.
TWICE: Final = 3

ANYWHERE: Final = (
    *(
        "pandas",
        "pandas>=2,<3",
        "scikit-learn",
        "xgboost",
        "lightgbm",
        "pyarrow",
        "polars",
        "pyspark",
    ),
    *(
        "mlflow-skinny",
        "optuna",
        "skops",
        "great-expectations",
        "matplotlib",
        "tensorboard",
        "mypy",
    ),
    *(
        "fastapi[standard]",
        "uvicorn[standard]",
        "uvicorn",
        "pydantic",
        "pydantic[email]",
        "aiohttp",
    ),
    *(
        "sqlalchemy",
        "sqlalchemy[asyncio]",
        "requests",
        "docker",
        "pytest",
        "build",
        "alembic",
        "tqdm",
    ),
    "numpy; sys_platform != 'win32'",
    "numpy<2; platform_machine == 'x86_64'",
    "uvicorn[standard]; sys_platform == 'linux'",
    "pandas; python_version < '3.12'",
    "colorama; os_name == 'nt' or python_version < '3.11'",
    "lightgbm; platform_machine != 'arm64'",
    "protobuf<7; sys_platform == 'darwin'",
)
# Of these the recorded index has no release for Python 3.10.
NEWER: Final = (
    "onnxruntime",
    "jupyterlab",
    "ipykernel",
    "huggingface-hub",
    "transformers",
    "datasets",
)
PYTHONS: Final = (
    *(">=3.10,<3.14", ">=3.10,<3.11", ">=3.10.4,<3.12"),
    *(">=3.11,<3.13", ">=3.12,<3.13", ">=3.11,<3.14", "==3.12.*"),
)


@dataclass(frozen=True)
class Made:
    """A stage that was made up."""

    shared: Sequence[str]
    own: Sequence[str]
    platforms: Sequence[str]
    python: str

    @classmethod
    def up(cls, number: int) -> Made:
        """Make one up, always the same for a number."""
        chance = random.Random(number)  # noqa: S311 - any numbers will do
        python = chance.choice(PYTHONS)
        known = ANYWHERE if "3.10" in python else (*ANYWHERE, *NEWER)
        names = chance.sample(known, chance.randint(1, 5))
        half = chance.randint(0, len(names))
        platforms = chance.sample(PLATFORMS, chance.randint(1, 6))
        return cls(names[:half], names[half:], platforms, python)

    @property
    def environments(self) -> list[Environment]:
        """The targets."""
        return environments(self.platforms, self.python)

    @property
    def truth(self) -> Truth:
        """What has to be installed there."""
        return Truth(load(), [*self.shared, *self.own])

    def write(self, root: Path) -> None:
        """Write the pyproject.toml."""
        platforms = [f"platforms = {list(self.platforms)}"] if self.platforms else []
        lines = [
            "[project]",
            'name = "made-up"',
            'version = "1"',
            f'requires-python = "{self.python}"',
            f"dependencies = {list(self.shared)}",
            "[dependency-groups]",
            f"training = {list(self.own)}",
            "[tool.fti.stages.training]",
            *platforms,
        ]
        root.mkdir(exist_ok=True)
        (root / "pyproject.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


MADE: Final = tuple(map(Made.up, NUMBERS))
# Locked between two locks of another stage; it shares packages with most.
OTHER: Final = Made(["pandas"], ["requests"], ["windows/amd64"], ">=3.11,<3.13")
# What takes long without platforms.
TORCH: Final = Made(["torch"], ["transformers"], ["linux/amd64", "macos/arm64"], ">=3.11,<3.14")


@pytest.fixture(scope="module")
def _index(
    tmp_path_factory: pytest.TempPathFactory, loopback_index: LoopbackIndex
) -> Iterator[None]:
    with default_index(loopback_index.url, tmp_path_factory.mktemp("cache")):
        yield


def lock(made: Made, root: Path) -> str:
    """Return the text of a stage's lock; raises FtiError."""
    made.write(root)
    return lock_training(root)


@pytest.fixture(scope="module", params=[*MADE, TORCH])
def made(request: pytest.FixtureRequest) -> Made:
    param: Made = request.param
    return param


@pytest.fixture(scope="module")
def text(made: Made, tmp_path_factory: pytest.TempPathFactory, _index: None) -> str:
    return lock(made, tmp_path_factory.mktemp("locked"))


def test_a_lock_installs_what_it_has_to_and_nothing_else(made: Made, text: str) -> None:
    truth, packages = made.truth, locked_packages(text)
    listed = Counter((package["name"], package["version"]) for package in packages)
    used = {each for where in made.environments for each in truth.check(packages, where)}
    assert listed == dict.fromkeys(used, 1)


def test_a_lock_names_requirements_as_the_packages_do(made: Made, text: str) -> None:
    truth, packages = made.truth, locked_packages(text)
    reached = [(where, truth.check(packages, where)) for where in made.environments]
    for package in packages:
        key = package["name"], package["version"]
        here = [(where, extras[key]) for where, extras in reached if key in extras]
        asked = set().union(*(extras for _, extras in here))
        needed = texts(r for where, extras in here for r in truth.requires(*key, extras, where))
        allowed = texts(r for where, _ in reached for r in truth.requires(*key, asked, where))
        named = list(dependencies(package))
        assert all(any(same(each, ours) for ours in named) for each in needed), package
        assert all(any(same(each, ours) for each in allowed) for ours in named), package


def texts(requirements: Iterable[Requirement]) -> set[str]:
    """Return the text of each requirement; many are the same object, of which it is made once."""
    return {str(each) for each in {id(each): each for each in requirements}.values()}


def dependencies(package: Mapping[str, Any]) -> Iterator[Dependency]:
    """Yield what a package in a lock requires, each with its marker."""
    for name, entry in package.get("dependencies", {}).items():
        for each in entry if isinstance(entry, list) else [entry]:
            table = {"version": each} if isinstance(each, str) else each
            assert table.keys() <= {"version", "markers", "extras", "optional"}, package
            found = Dependency(name, table["version"], extras=table.get("extras", ()))
            found.marker = parse_marker(table.get("markers", ""))
            assert table.get("optional", False) == ("extra" in str(found.marker)), package
            yield found


def same(declaration: str, found: Dependency) -> bool:
    """Tell whether a dependency says the same as a requirement."""
    declared, marker = read(declaration)
    return declared == found and marker == found.marker


@cache
def read(declaration: str) -> tuple[Dependency, BaseMarker]:
    declared = Dependency.create_from_pep_508(declaration)
    # Read again as the lock is: poetry-core writes a marker in another form than it was given.
    return declared, parse_marker(str(declared.marker))


@pytest.mark.usefixtures("_index")
@pytest.mark.parametrize("made", MADE[:TWICE])
def test_pins_of_a_lock_for_everywhere_are_kept(made: Made, tmp_path: Path) -> None:
    everywhere = locked_packages(lock(replace(made, platforms=()), tmp_path))
    narrowed = locked_packages(lock(made, tmp_path))
    for where in made.environments:
        assert installed(narrowed, where) == installed(everywhere, where)


@pytest.mark.parametrize("made", MADE[:TWICE], indirect=True)
def test_a_lock_does_not_depend_on_order_or_history(made: Made, text: str, tmp_path: Path) -> None:
    lock(OTHER, tmp_path / "other")
    turned = replace(made, platforms=made.platforms[::-1])
    assert lock(turned, tmp_path / "turned") == text


@pytest.mark.parametrize(("name", "number"), [("feature", 0), ("inference", 3)])
def test_a_stage_locked_alone_is_locked_the_same(
    name: str, number: int, tmp_path: Path, poetry: Poetry
) -> None:
    stages = {
        each: Made.up(number + at) for at, each in enumerate(("feature", "training", "inference"))
    }
    write_stages(tmp_path, stages)
    poetry.ok(tmp_path, "fti", "lock", "--no-align")
    together = (tmp_path / "fti" / name / "poetry.lock").read_bytes()
    shutil.rmtree(tmp_path / "fti")
    turned = replace(stages[name], platforms=stages[name].platforms[::-1])
    write_stages(tmp_path, {**stages, name: turned})
    poetry.ok(tmp_path, "fti", "lock", name, "--no-align")
    assert (tmp_path / "fti" / name / "poetry.lock").read_bytes() == together


def write_stages(root: Path, stages: Mapping[str, Made]) -> None:
    """Write a project with several stages."""
    groups = [f"{name} = {[*made.shared, *made.own]}" for name, made in stages.items()]
    lines = [
        '[project]\nname = "made-up"\nversion = "1"\nrequires-python = ">=3.10,<3.14"',
        "\n".join(["[dependency-groups]", *groups]),
        *(
            f'[tool.fti.stages.{name}]\npython = "{made.python}"\nplatforms = {made.platforms}'
            for name, made in stages.items()
        ),
    ]
    (root / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
