"""Environments of MLflow, Azure Machine Learning, pixi and setuptools as stages."""

from __future__ import annotations

import json
from typing import Final

import pytest

from imported_files import imported, requirements
from poetry_fti.errors import FtiError
from poetry_fti.model.platforms import Platform

CONDA: Final = """\
channels:
- conda-forge
dependencies:
- python=3.10.12
- pip<=23.2.1
- pip:
  - mlflow==2.9.2
name: mlflow-env
"""
PYTHON_ENV: Final = """\
python: 3.11.4
build_dependencies:
- pip==23.2.1
dependencies:
- -r requirements.txt
"""
PIXI: Final = """\
[workspace]
channels = ["conda-forge"]
platforms = ["linux-64", "osx-arm64"]
[dependencies]
python = "3.11.*"
numpy = ">=1.26,<2"
openjdk = "*"
[pypi-dependencies]
fastapi = { version = ">=0.110", extras = ["standard"] }
ours = { path = "./libs/ours", editable = true }
itself = { path = ".", editable = true }
[activation.env]
A = "1"
B = "$HOME/x"
[target.win-64.dependencies]
pywin32 = "*"
[feature.cuda.dependencies]
pytorch = { version = "2.1.0", build = "*cuda*" }
[feature.cuda.pypi-dependencies]
tool = { git = "https://github.com/o/tool", rev = "0123" }
[feature.cuda.activation.env]
CUDA = "1"
[feature.cuda.pypi-options]
extra-index-urls = ["https://pypi.example.org/simple"]
[environments]
training = ["cuda"]
lint = { features = ["cuda"], no-default-feature = true }
"""
SETUP_CFG: Final = """\
[options]
python_requires = >=3.9
install_requires =
    requests>=2  # http
    numpy==1.26.4; python_version < "3.13"
[options.extras_require]
training =
    torch
"""


def test_a_model_of_mlflow() -> None:
    files: dict[str, str | bytes] = {
        "model/MLmodel": "flavors: {}\n",
        "model/conda.yaml": CONDA,
        "model/python_env.yaml": PYTHON_ENV,
        "model/requirements.txt": "mlflow==2.9.2\nscikit-learn==1.3.2\n",
    }
    stage = imported("model/MLmodel", files)
    assert requirements(stage) == ["mlflow==2.9.2", "scikit-learn==1.3.2"]
    assert stage.python == ">=3.11,<3.12"
    del files["model/python_env.yaml"]
    assert imported("model/MLmodel", files).python == ">=3.10,<3.11"
    del files["model/requirements.txt"]
    assert requirements(imported("model/MLmodel", files)) == ["mlflow==2.9.2"]
    del files["model/conda.yaml"]
    with pytest.raises(FtiError, match="has neither requirements"):
        imported("model/MLmodel", files)


@pytest.mark.parametrize(
    ("flavor", "python"),
    [
        ("python_version: 3.12.4", ">=3.12,<3.13"),
        ("python_version: 3.10", ">=3.10,<3.11"),
        ("python_version: nonsense", ""),
        ("loader_module: mlflow.sklearn", ""),
    ],
)
def test_the_python_of_a_model_without_its_own_file(flavor: str, python: str) -> None:
    files: dict[str, str | bytes] = {
        "model/MLmodel": f"flavors:\n  python_function:\n    {flavor}\n",
        "model/requirements.txt": "scikit-learn==1.3.2\n",
    }
    assert imported("model/MLmodel", files).python == python
    files["model/conda.yaml"] = "dependencies: [pip]\n"
    assert imported("model/MLmodel", files).python == python
    files["model/conda.yaml"] = CONDA
    assert imported("model/MLmodel", files).python == ">=3.10,<3.11"
    files["model/python_env.yaml"] = PYTHON_ENV
    assert imported("model/MLmodel", files).python == ">=3.11,<3.12"


@pytest.mark.parametrize("text", ["flavors: []\n", "flavors: {python_function: x}\n", "a: 1\n"])
def test_a_model_without_flavors_has_the_python_of_the_project(text: str) -> None:
    files: dict[str, str | bytes] = {"MLmodel": text, "requirements.txt": "mlflow\n"}
    assert imported("MLmodel", files).python == ""


def test_a_python_env_of_mlflow() -> None:
    files: dict[str, str | bytes] = {"python_env.yaml": PYTHON_ENV, "requirements.txt": "mlflow\n"}
    stage = imported("python_env.yaml", files)
    assert (requirements(stage), stage.python) == (["mlflow"], ">=3.11,<3.12")


def test_an_environment_of_azureml() -> None:
    text = """\
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: train
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04
conda_file: {}
environment_variables:
  A: 1
"""
    files: dict[str, str | bytes] = {
        "jobs/env.yml": text.format("../conda.yaml"),
        "conda.yaml": CONDA,
    }
    stage = imported("jobs/env.yml", files)
    assert requirements(stage) == ["mlflow==2.9.2"]
    assert (stage.python, stage.env) == (">=3.10,<3.11", (("A", "1"),))
    assert stage.notes == (
        (
            'jobs/env.yml: the image "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04" was left'
            " out. Set `image.base` of the stage if its image is to be based on it."
        ),
    )
    inline = text.format("{dependencies: [numpy=1.26.4]}")
    assert requirements(imported("env.yml", inline)) == ["numpy==1.26.4"]
    built = imported("env.yml", "build: {path: docker}\n")
    assert built.notes[0].startswith("env.yml: what the Dockerfile of `build` installs")


def test_the_environment_in_a_deployment_of_azureml() -> None:
    text = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: taxi-fare-online
code_configuration: {code: ., scoring_script: score.py}
environment:
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04
  conda_file: online-conda.yml
environment_variables: {STORAGE: account}
"""
    stage = imported("a/deploy.yml", {"a/deploy.yml": text, "a/online-conda.yml": CONDA})
    assert requirements(stage) == ["mlflow==2.9.2"]
    assert (stage.python, stage.env) == (">=3.10,<3.11", (("STORAGE", "account"),))
    with pytest.raises(FtiError, match=r"has no list of `dependencies`"):
        imported("job.yml", "environment: azureml:known@latest\n")


def test_an_environment_of_azuremls_first_sdk() -> None:
    data = {
        "name": "train",
        "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE", "A": 1},
        "docker": {"baseImage": "mcr.example.org/base"},
        "python": {
            "condaDependencies": {
                "dependencies": ["python=3.8.13", {"pip": ["azureml-defaults==1.50.0"]}],
                "channels": ["anaconda"],
            }
        },
    }
    stage = imported("azureml_environment.json", json.dumps(data))
    assert requirements(stage) == ["azureml-defaults==1.50.0"]
    assert (stage.python, stage.env) == (">=3.8,<3.9", (("A", "1"),))
    assert len(stage.notes) == 2
    with pytest.raises(FtiError) as error:
        imported("package.json", "{}")
    assert str(error.value) == (
        "package.json is neither an Azure Machine Learning environment nor an SBOM of CycloneDX."
    )


def test_an_environment_of_pixi() -> None:
    stage = imported("pixi.toml", PIXI)
    assert requirements(stage) == [
        "numpy<2,>=1.26",
        "torch==2.1.0",
        "fastapi[standard]>=0.110",
        "-e ours @ /code/demo/libs/ours",
        "tool @ git+https://github.com/o/tool@0123",
    ]
    assert stage.python == ">=3.11,<3.12"
    assert stage.platforms == (Platform("linux", "amd64"), Platform("macos", "arm64"))
    assert stage.env == (("A", "1"), ("CUDA", "1"))
    assert [each.url for each in stage.indexes] == ["https://pypi.example.org/simple"]
    assert stage.notes == (
        (
            "pixi.toml: PyPI does not have these conda packages: openjdk. Install those that the"
            " stage needs in its image, for example with the key `apt`."
        ),
        "pixi.toml: these environment variables, whose values refer to others, were left out: B.",
    )
    assert requirements(imported("pixi.toml", PIXI, "lint"))[0] == "torch==2.1.0"
    assert len(requirements(imported("pixi.toml", PIXI, stage="other"))) == 3


def test_pixi_in_a_pyproject() -> None:
    text = """\
[project]
dependencies = ["requests"]
requires-python = ">=3.10"
[tool.pixi.workspace]
platforms = ["linux-64"]
[tool.pixi.dependencies]
pytorch = ">=2"
[tool.pixi.pypi-dependencies]
lib = { path = ".", editable = true }
"""
    stage = imported("old/pyproject.toml", text)
    assert requirements(stage) == ["torch>=2", "-e lib @ /code/demo/old", "requests"]
    assert stage.python == ">=3.10"
    assert stage.platforms == (Platform("linux", "amd64"),)
    assert requirements(imported("pyproject.toml", text)) == ["torch>=2"]


def test_extras_of_setuptools() -> None:
    stage = imported("setup.cfg", SETUP_CFG)
    assert requirements(stage) == [
        "requests>=2",
        'numpy==1.26.4 ; python_version < "3.13"',
        "torch",
    ]
    assert (stage.python, stage.versions) == (">=3.9", (("numpy", "1.26.4"),))
    assert len(requirements(imported("setup.cfg", SETUP_CFG, stage="x"))) == 2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("setup.cfg", "x", "setup.cfg is not valid: File contains no section headers"),
        (
            "setup.cfg",
            "[options]\ninstall_requires = file: r.txt",
            "setup.cfg names files with requirements. Import these.",
        ),
        ("setup.cfg", "[options]\ninstall_requires = a b", "setup.cfg, options: "),
        ("pixi.toml", "[pypi-dependencies]\na = '^^'", "pixi.toml: a: "),
        ("env.yml", "conda_file: nowhere.yml", "There is no file nowhere.yml."),
        ("env.yml", "conda_file: env.yml", "env.yml has no list of `dependencies`."),
    ],
)
def test_errors(name: str, text: str, message: str) -> None:
    with pytest.raises(FtiError) as error:
        imported(name, text)
    assert str(error.value).startswith(message)
