"""Exports of locked stages: the files of every format, what is written, and what is refused."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest
from poetry.utils._compat import tomllib

from fast.conftest import filled, project_in
from memory_index import DEFAULT
from poetry_fti.errors import ConfigError, FtiError, StaleLockError
from poetry_fti.model.formats import FORMATS
from poetry_fti.operations.export import (
    ExportRequest,
    differences,
    formats_without_hashes,
    formats_without_markers,
    is_project_format,
    render,
    render_stage,
    require_formats,
    write,
)
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memory_index import MemoryProject
    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project

FILES: Final = {
    "airflow": ["airflow_dag.py"],
    "azureml": ["training/azureml-environment.yml", "training/azureml-job.yml"],
    "bake": ["docker-bake.json"],
    "bentoml": [],
    "compose": ["compose.yaml"],
    "conda": ["training/environment.yml"],
    "constraints": ["training/constraints.txt"],
    "cyclonedx": ["training/training.cdx.json"],
    "dagster": ["dagster_definitions.py"],
    "devcontainer": [".devcontainer/training/devcontainer.json"],
    "dockerfile": [
        "training/Dockerfile",
        "training/Dockerfile.dockerignore",
        "training/requirements.own.txt",
    ],
    "github": ["github-workflow.yml"],
    "gitlab": ["gitlab-ci.yml"],
    "kfp": ["kfp_pipeline.py"],
    "kserve": [],
    "kubernetes": ["training/kubernetes.yaml", "training/kustomization.yaml"],
    "mlflow": [
        "training/requirements.mlflow.txt",
        "training/conda.yaml",
        "training/python_env.yaml",
    ],
    "prefect": ["prefect_flow.py"],
    "pylock": ["training/pylock.training.toml"],
    "pyproject": ["training/pyproject.toml"],
    "ray": ["training/runtime_env.yaml"],
    "requirements": ["training/requirements.txt"],
    "script": ["training/install.sh", "training/install.ps1"],
    "stamp": ["training/fti_stamp.py"],
}

# No file, several, one for all stages, one elsewhere, and images.
SHAPES: Final = {"bake", "bentoml", "devcontainer", "dockerfile", "mlflow"}
# Kubeflow needs them, and a job of Azure Machine Learning is written for a stage that has one.
_COMMANDS: Final = "".join(
    f'[tool.fti.stages.{name}.image]\ncommand = ["python"]\n'
    for name in ("feature", "training", "inference")
)


def rendered(project: Project, *formats: str, stage: str = "training", **options: bool) -> Rendered:
    request = ExportRequest(stages=project.select([stage]), formats=formats, **options)
    return render(project, request)


def text(project: Project, format_name: str, stage: str = "training", **options: bool) -> str:
    """Return the only text of a format, without its header."""
    (found,) = rendered(project, format_name, stage=stage, **options).texts.values()
    return found.partition("\n\n")[2]


@pytest.fixture(scope="module")
def with_commands(
    _locked_before: MemoryProject, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    with project_in(tmp_path_factory.mktemp("commands")) as demo:
        filled(demo, _locked_before)
        demo.write((demo.root / "pyproject.toml").read_text(encoding="utf-8") + _COMMANDS)
        yield demo.load()


# The exporters have fast tests of their own: here, one format of each shape is enough for them.
@pytest.mark.parametrize(
    "format_name",
    [pytest.param(each, marks=[] if each in SHAPES else [pytest.mark.slow]) for each in FORMATS],
)
def test_the_files_of_a_format(format_name: str, with_commands: Project) -> None:
    found = rendered(with_commands, format_name)
    paths = [str(path).removeprefix("fti/") for path in found.texts]
    assert paths == FILES[format_name]
    assert all(each.endswith("\n") for each in found.texts.values())
    assert bool(found.images) == (format_name == "dockerfile")


@pytest.mark.slow
def test_requirements_with_and_without_hashes_and_markers(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    assert text(project, "requirements", hashes=False) == (
        "lib==1.0\n    # via mid\nmid==1.0\n    # via demo (pyproject.toml)\n"
    )
    assert "--hash=sha256:" in text(project, "requirements")
    marked = text(project, "requirements", "feature", hashes=False)
    assert 'win==1.0 ; sys_platform == "win32"' in marked
    with pytest.raises(FtiError, match="cannot be written without markers"):
        text(project, "requirements", "feature", markers=False)
    assert text(project, "constraints", markers=False) == "lib==1.0\nmid==1.0\n"


@pytest.mark.slow
def test_a_pylock_has_urls_and_sizes_from_the_index(locked_demo: MemoryProject) -> None:
    lock: dict[str, Any] = tomllib.loads(text(locked_demo.load(), "pylock"))
    (wheel,) = lock["packages"][0]["wheels"]
    assert wheel["url"] == f"https://{DEFAULT}/files/lib-1.0-py3-none-any.whl"
    assert wheel["size"] == 1000


@pytest.mark.slow
def test_a_pylock_is_checked_without_an_index(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    missing = rendered(project, "pylock", check=True)
    (difference,) = differences(project, missing)
    assert difference.diff.startswith("--- fti/training/pylock.training.toml (missing)\n")
    write(project, rendered(project, "pylock"))
    locked_demo.clear_cache()
    locked_demo.index.sites.clear()
    project = locked_demo.load()
    assert differences(project, rendered(project, "pylock", check=True)) == []


def test_a_merged_pylock_has_all_stages(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    request = ExportRequest(stages=project.stages, formats=(), merged=True)
    ((path, merged),) = render(project, request).texts.items()
    assert path == PurePosixPath("fti/pylock.toml")
    assert set(tomllib.loads(merged)["dependency-groups"]) == {"feature", "training", "inference"}


@pytest.mark.slow
def test_files_are_written_once(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    formats = ("requirements", "dockerfile")
    first = write(project, rendered(project, *formats))
    assert first.replaced == set(first.paths)
    requirements = locked_demo.root / "fti/training/requirements.txt"
    requirements.write_text("changed\n", encoding="utf-8")
    assert len(differences(project, rendered(project, *formats))) == 1
    second = write(project, rendered(project, *formats))
    assert second.paths == first.paths
    assert second.replaced == {PurePosixPath("fti/training/requirements.txt")}
    assert differences(project, rendered(project, *formats)) == []


def test_requirements_of_a_layer_that_is_gone_are_removed(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    folder = locked_demo.root / "fti/training"
    header = "# Generated by poetry-fti from x; do not edit."
    (folder / "requirements.large.txt").write_text(header, encoding="utf-8")
    (folder / "requirements.own.txt").write_text("lib\n", encoding="utf-8")
    found = rendered(project, "dockerfile")
    assert list(map(str, found.obsolete)) == ["fti/training/requirements.large.txt"]
    assert write(project, found).removed == (PurePosixPath("fti/training/requirements.large.txt"),)
    assert not (folder / "requirements.large.txt").exists()
    assert (folder / "requirements.own.txt").exists()


def test_an_export_needs_fresh_locks(locked_demo: MemoryProject) -> None:
    (locked_demo.root / "fti/feature/poetry.lock").unlink()
    project = locked_demo.load()
    message = "fti/feature/poetry.lock is missing. Run `poetry fti lock feature`."
    with pytest.raises(StaleLockError) as error:
        rendered(project, "requirements", stage="feature")
    assert str(error.value) == message
    assert rendered(project, "requirements").texts
    with pytest.raises(StaleLockError):
        rendered(project, "bake")  # it describes all stages


def test_a_stage_is_rendered_without_being_written(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    (training,) = project.select(["training"])
    files = render_stage(project, training, "dockerfile")
    assert list(files) == ["Dockerfile", "Dockerfile.dockerignore", "requirements.own.txt"]
    with pytest.raises(ConfigError) as error:
        render_stage(project, training, "bake")
    assert str(error.value) == 'The format "bake" describes all stages in one file.'


def test_formats_are_checked() -> None:
    with pytest.raises(ConfigError) as error:
        require_formats(["requirement"])
    assert str(error.value).startswith('Unknown format "requirement"; did you mean "requirements"?')
    of_projects = [name for name in FORMATS if is_project_format(name)]
    assert of_projects == [
        "airflow",
        "bake",
        "compose",
        "dagster",
        "github",
        "gitlab",
        "kfp",
        "prefect",
    ]
    installed_by_pip = [
        "azureml",
        "bentoml",
        "conda",
        "constraints",
        "mlflow",
        "ray",
        "requirements",
    ]
    assert formats_without_hashes() == installed_by_pip
    assert formats_without_markers() == installed_by_pip


def test_a_dockerfile_from_a_template(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    settings = '[tool.fti.stages.training.image]\ntemplate = "Dockerfile.template"\n'
    demo.write(pyproject({"training": ["lib"]}, settings))
    demo.lock()
    with pytest.raises(ConfigError) as error:
        rendered(demo.load(), "dockerfile")
    assert str(error.value) == (
        'tool.fti.stages.training.image.template: the file "Dockerfile.template" does not exist.'
        " Create it or remove the key."
    )
    template = demo.root / "Dockerfile.template"
    template.write_text("FROM python:3.12\n# {{ requirements }}\n", encoding="utf-8")
    assert any(
        "FROM python:3.12\n" in t for t in rendered(demo.load(), "dockerfile").texts.values()
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "does not exist. Create it or remove it from the key."),
        pytest.param(
            "\x30\x82",
            "contains no certificate in PEM format. Convert it with `openssl x509 -inform der`.",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n",
            "contains a private key, which would be in the image. Remove it from the file.",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_certificates_are_checked(demo: MemoryProject, content: str | None, problem: str) -> None:
    demo.index.offer({"lib 1.0": []})
    settings = '[tool.fti.image]\nca-certificates = ["acme.pem"]\n'
    demo.write(pyproject({"training": ["lib"]}, settings))
    demo.lock()
    if content is not None:
        (demo.root / "acme.pem").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        rendered(demo.load(), "dockerfile")
    assert str(error.value) == (f'tool.fti.image.ca-certificates[0]: the file "acme.pem" {problem}')
