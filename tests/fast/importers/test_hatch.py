"""Environments of Hatch: inheritance, overrides, matrices, hatch.toml, and what is left out."""

from __future__ import annotations

from typing import Final

import pytest

from imported_files import imported, requirements
from poetry_fti.errors import FtiError

PROJECT: Final = """\
[project]
name = "ranker"
requires-python = ">=3.11"
dependencies = ["pydantic"]
[project.optional-dependencies]
gpu = ["torch"]
all = ["ranker[gpu]", "mlflow"]
[dependency-groups]
tracking = ["wandb"]
"""
HATCH: Final = """\
[envs.default]
dependencies = ["pytest"]
env-vars = { A = "1" }
python = "3.12"
[envs.base]
template = "base"
dependencies = ["numpy"]
[envs.training]
template = "base"
extra-dependencies = ["ours @ {root:uri}/libs/ours", "other @ {env:OTHER:x}"]
features = ["all"]
dependency-groups = ["tracking"]
platforms = ["linux", "windows"]
[envs.training.overrides]
platform.linux.extra-dependencies = ["uvloop"]
platform.windows.dependencies = ["pywin32"]
platform.macos.env-vars = ["OBJC=1"]
platform.linux.set-features = ["gpu"]
env.CI.dependencies = ["coverage"]
[envs.serving]
dependencies = ["fastapi"]
[envs.docs]
detached = true
dependencies = ["mkdocs"]
[envs.feature]
skip-install = true
[[envs.feature.matrix]]
python = ["3.11", "3.13"]
spark = ["3.5", "4.0"]
[envs.feature.overrides.matrix.spark]
dependencies = [
  { value = "pyspark==3.5.*", if = ["3.5"] },
  { value = "pyspark==4.0.*", if = ["4.0"], platform = ["linux"] },
]
env-vars = "SPARK"
"""


def files(**texts: str | bytes) -> dict[str, str | bytes]:
    return {"old/pyproject.toml": PROJECT, "old/hatch.toml": HATCH, **texts}


@pytest.mark.parametrize("name", ["old/hatch.toml", "old/pyproject.toml"])
def test_a_template_and_overrides_for_systems(name: str) -> None:
    stage = imported(name, files())
    assert requirements(stage) == [
        "pydantic",
        "numpy",
        "ours @ /code/demo/old/libs/ours",
        "uvloop ; sys_platform == 'linux'",
        "torch",
        "wandb",
        "mlflow ; sys_platform != 'linux'",
        "pywin32 ; sys_platform == 'win32'",
    ]
    assert (stage.python, stage.env) == (">=3.11", ())
    where = "old/hatch.toml, envs.training"
    assert stage.notes == (
        f'{where}: "other @ {{env:OTHER:x}}" was left out. Replace the fields in braces.',
        f"{where}: overrides that depend on environment variables were left out.",
        (
            f"{where}: the environment variables OBJC, whose values contain fields or differ"
            " between platforms, were left out."
        ),
        (
            f"{where}: the limit to linux and windows was left out. Set the key `platforms` of the"
            " stage."
        ),
    )


def test_what_an_environment_has_itself_replaces_what_it_inherits() -> None:
    stage = imported("old/hatch.toml", files(), "serving")
    assert requirements(stage) == ["pydantic", "fastapi"]
    assert (stage.python, stage.env) == (">=3.12,<3.13", (("A", "1"),))
    docs = imported("old/hatch.toml", files(), "docs")
    assert (requirements(docs), docs.python, docs.env) == (["mkdocs"], ">=3.11", ())


def test_a_matrix() -> None:
    stage = imported("old/hatch.toml", files(), "feature")
    assert (requirements(stage), stage.python) == (["pytest"], ">=3.11,<3.14,!=3.12.*")
    assert stage.notes == (
        (
            "old/hatch.toml, envs.feature: the values of spark in the matrix were left out. Name"
            " one of its environments, such as `test.py3.12-value`."
        ),
    )
    of_matrix = imported("old/hatch.toml", files(), "feature.py3.13-4.0")
    assert requirements(of_matrix) == ["pytest", "pyspark==4.0.* ; sys_platform == 'linux'"]
    assert (of_matrix.python, of_matrix.env) == (">=3.13,<3.14", (("A", "1"), ("SPARK", "4.0")))


def test_commands_that_run_before_or_after_the_installation() -> None:
    text = """\
[envs.training]
pre-install-commands = ["python prepare.py"]
post-install-commands = ["pip install extra"]
"""
    assert imported("hatch.toml", text).notes == (
        "hatch.toml, envs.training: pre-install-commands were left out.",
        "hatch.toml, envs.training: post-install-commands were left out.",
    )


def test_the_pythons_of_a_matrix() -> None:
    text = "[[envs.training.matrix]]\npython = ['3.11', '3.13']\n"
    assert imported("hatch.toml", text).python == ">=3.11,<3.14,!=3.12.*"


def test_a_matrix_of_too_many_environments() -> None:
    values = [str(number) for number in range(15)]
    text = f"[[envs.training.matrix]]\na = {values}\nb = {values}\n"
    with pytest.raises(FtiError) as refused:
        imported("hatch.toml", text)
    assert str(refused.value) == (
        'The matrix of the environment "training" of Hatch has more than 200 combinations. Shorten'
        " it, and run the command again."
    )


def test_hatch_toml_comes_before_pyproject() -> None:
    text = f"{PROJECT}[tool.hatch.envs.training]\ndependencies = ['pandas']\n"
    assert "pandas" in requirements(imported("old/pyproject.toml", text))
    texts = files(**{"old/pyproject.toml": text})
    assert "pandas" not in requirements(imported("old/pyproject.toml", texts))


def test_extras_of_the_project_itself_are_expanded() -> None:
    stage = imported("old/pyproject.toml", PROJECT, "all")
    assert requirements(stage) == ["pydantic", "torch", "mlflow"]


def test_a_file_that_is_missing() -> None:
    with pytest.raises(FtiError, match=r"^There is no file old/hatch\.toml\.$"):
        imported("old/hatch.toml", {"old/pyproject.toml": PROJECT})
