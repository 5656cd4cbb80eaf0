"""The projects that the benchmark of locking locks, as the text of their pyproject.toml."""

from __future__ import annotations

import hashlib
import json
from itertools import chain, combinations, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loopback.clients import PROJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

TRAINING: Final = (
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "optuna",
    "mlflow",
    "torch",
    "transformers",
)
DEPENDENCIES: Final[Mapping[str, tuple[str, ...]]] = {
    "feature": ("pandas", "pyarrow", "polars", "duckdb", "great-expectations"),
    "training": TRAINING,
    "inference": ("scikit-learn", "xgboost", "onnxruntime", "fastapi"),
}
PLATFORMS: Final = ("linux/amd64", "linux/arm64")

_HEAD: Final = """\
[project]
name = "bench"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
"""

# Only where Poetry is to lock: uv would build a project that has such a table.
_NO_PACKAGE: Final = """
[tool.poetry]
package-mode = false
"""

# The same two platforms, as uv wants them.
_ENVIRONMENTS: Final = """
[tool.uv]
environments = [
    "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "sys_platform == 'linux' and platform_machine == 'aarch64'",
]
"""


class Stage(NamedTuple):
    """A stage of a project."""

    name: str
    kind: str
    dependencies: tuple[str, ...]


def stages(count: int = 1) -> list[Stage]:
    """Return so many stages of each kind, all with the same dependencies."""
    return [
        Stage(_numbered(kind, number), kind, names)
        for kind, names in DEPENDENCIES.items()
        for number in range(count)
    ]


def variations(count: int) -> list[Stage]:
    """Return so many stages of each kind: a full one, and others with one or two packages less."""
    return [
        Stage(_numbered(kind, number), kind, kept)
        for kind, names in DEPENDENCIES.items()
        for number, kept in enumerate(islice(_smaller(names), count))
    ]


def with_one_more(found: Iterable[Stage], name: str, dependency: str) -> list[Stage]:
    """Add a dependency to one of the stages."""
    return [
        stage._replace(dependencies=(*stage.dependencies, dependency))
        if stage.name == name
        else stage
        for stage in found
    ]


def staged(found: Iterable[Stage], platforms: tuple[str, ...] = PLATFORMS) -> str:
    """Return a project of these stages; without platforms they are locked for all."""
    found = list(found)
    tables = (
        f'\n[tool.fti.stages.{stage.name}]\nkind = "{stage.kind}"\n'
        + (f"platforms = {_array(platforms)}\n" if platforms else "")
        for stage in found
    )
    return _project(found) + _NO_PACKAGE + "".join(tables)


def workbenches(*, stages_with_one_more: int = 0) -> str:
    """Return the project `workbenches`, in which so many stages have one dependency more."""
    text = (PROJECTS / "workbenches" / "pyproject.toml").read_text(encoding="utf-8")
    # Each of the twelve stages requires wheel; codeserver, the last one, has smart-open before.
    return text.replace('"wheel"', '"wheel", "smart-open"', stages_with_one_more)


def backtracking(releases: int) -> dict[str, Any]:
    """Return an index as it is recorded: each of many releases needs an old version of netlib.

    So do boto3, botocore and urllib3.
    """
    found: dict[str, list[str]] = {
        f"netlib {version}": [] for version in ("2.6.3", "2.5.0", "1.26.20", "1.26.19")
    }
    found["http-client 2.32.0"] = ["netlib>=1.21,<3"]
    found["featurestore 3.7.9"] = ["http-client", "cloudsdk"]
    for number in reversed(range(releases)):
        found[f"cloudcore 1.{number}.0"] = ["netlib>=1.25,<1.27"]
        found[f"cloudsdk 1.{number}.0"] = [f"cloudcore==1.{number}.0"]
    packages: dict[str, Any] = {}
    for release, requirements in found.items():
        name, version = release.split()
        packages.setdefault(name, {})[version] = _recorded(name, version, requirements)
    return packages


def for_backtracking() -> str:
    """Return a project of two stages whose packages are in the index `backtracking`."""
    feature = ("featurestore", "http-client")
    found = [Stage("feature", "feature", feature), Stage("inference", "inference", feature[1:])]
    return staged(found, platforms=())


def _recorded(name: str, version: str, requirements: Sequence[str]) -> dict[str, Any]:
    wheel = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    headers = [("Metadata-Version", "2.1"), ("Name", name), ("Version", version)]
    return {
        "metadata": [*headers, *(("Requires-Dist", each) for each in requirements)],
        "files": [
            {
                "filename": wheel,
                "sha256": hashlib.sha256(wheel.encode()).hexdigest(),
                "requires_python": None,
                "upload_time": "2026-01-01T00:00:00Z",
                "yanked": False,
            }
        ],
    }


def for_poetry() -> str:
    """Return the dependencies of the three stages in one project."""
    return _project(stages()) + _NO_PACKAGE


def for_uv(*, limited: bool = False) -> str:
    """Return the same for uv, perhaps limited to the platforms of the stages."""
    return _project(stages()) + (_ENVIRONMENTS if limited else "")


def _project(found: Iterable[Stage]) -> str:
    groups = "".join(f"{stage.name} = {_array(stage.dependencies)}\n" for stage in found)
    return f"{_HEAD}\n[dependency-groups]\n{groups}"


def _array(values: Iterable[str]) -> str:
    return json.dumps(list(values))  # an array of plain strings is the same in TOML


def _numbered(kind: str, number: int) -> str:
    return f"{kind}-{number + 1}" if number else kind


def _smaller(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    sizes = (len(names), len(names) - 1, len(names) - 2)
    return chain.from_iterable(combinations(names, size) for size in sizes)
