"""Environments of conda, as `conda env export`, Hopsworks and MLflow write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.environments.requirements import read_requirements
from poetry_fti.models.environments.yaml_documents import (
    mapping,
    read_yaml,
    sequence,
    string,
)
from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOP_LEVEL: Final = re.compile(r"^(?:dependencies|build_dependencies):", re.MULTILINE)
# A channel, the name, the version and the build: `conda-forge::numpy=1.26.4=py311h_0`.
_SPEC: Final = re.compile(
    r"(?:[^:\s\[\]]{1,200}::)?([A-Za-z0-9][\w.-]{0,200})(?:\s*(==?|\s)\s*([\w.!+*]{1,100}))?"
    r"(?:[=\s]\s*([\w.*]{1,100}))?"
)
_RELEASE_PARTS: Final = 3
# Conda packages of which the distribution has another name.
_DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "tensorflow-base": "tensorflow",
}
_MOST_DEPENDENCIES: Final = 20_000


def is_conda(head: str) -> bool:
    """Return whether a text that begins with `head` is a conda or MLflow environment."""
    return bool(_TOP_LEVEL.search(head))


def read_conda(text: str) -> ModelRecord:
    """Return the versions in a conda environment, or in MLflow's `python_env.yaml`.

    A version of two numbers, such as `numpy=1.26`, stands for any patch release.
    """
    document = read_yaml(text)
    dependencies = sequence(document.get("dependencies"))
    if len(dependencies) > _MOST_DEPENDENCIES:
        raise MalformedError(f"it has more than {_MOST_DEPENDENCIES:,} dependencies")
    specs = [each for each in dependencies if isinstance(each, str)]
    pip = [
        line
        for each in dependencies
        for line in sequence(mapping(each).get("pip"))
        if isinstance(line, str)
    ]
    installed = read_requirements("\n".join(pip))
    return _record(specs, installed, string(document.get("python")))


def _record(specs: list[str], installed: ModelRecord, python: str | None) -> ModelRecord:
    versions, packages, implied = {}, set[str](), {}
    for spec in specs:
        name, version, is_exact = _parsed(spec)
        if name == "python":
            python = version or python
        elif version and is_exact:
            versions[name] = version
        elif name:
            packages.add(name)
            implied.update({name: f"=={version}.*"} if version else {})
    # What pip installs replaces packages of conda.
    versions = {each: versions[each] for each in versions if each not in installed.packages}
    versions |= installed.versions
    packages |= {*installed.packages}
    return ModelRecord(
        kind="conda",
        python=python,
        versions=dict(sorted(versions.items())),
        packages=tuple(sorted(packages - versions.keys())),
        implied={name: implied[name] for name in sorted(implied) if name not in versions},
    )


def _parsed(spec: str) -> tuple[str, str | None, bool]:
    """Return the name, the version and whether it is the exact one; no name for an option."""
    match = _SPEC.fullmatch(spec.partition("#")[0].strip())
    if match is None:
        return _without_version(spec), None, False
    name = _distribution(match[1])
    version = match[3] if match[3] != "*" else None
    if version is None or "*" in version:
        return name, version.rstrip(".*") if version else None, False
    is_exact = match[2] == "==" or bool(match[4]) or version.count(".") + 1 >= _RELEASE_PARTS
    return name, version, is_exact


def _without_version(spec: str) -> str:
    """Return the name in a range of versions, such as `pip<=23.2.1`; empty for anything else."""
    try:
        return _distribution(Requirement(spec.rpartition("::")[2]).name)
    except (InvalidRequirement, RecursionError):
        return ""


def _distribution(name: str) -> str:
    return canonicalize_name(_DISTRIBUTIONS.get(name.lower(), name))
