"""Images of stages: their layers, and what would be built, with an engine that never runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from fast.conftest import filled, project_in
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.model.platforms import Platform
from poetry_fti.operations.export import write
from poetry_fti.operations.images.build import Builder, build_images, build_jobs, render_images
from poetry_fti.operations.images.jobs import wanted_platforms
from poetry_fti.operations.images.report import report_images
from poetry_fti.ports.container_engine import ContainerEngine
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memory_index import MemoryProject
    from poetry_fti.ports.engine_commands import BuildJob
    from small_index import Releases

pytestmark = pytest.mark.slow

AMD: Final = Platform("linux", "amd64")
ARM: Final = Platform("linux", "arm64")
DOCKER: Final = ContainerEngine(program="docker", platform="linux/amd64", can_bake=True)
PODMAN: Final = ContainerEngine(program="podman", platform="linux/amd64")
LARGE: Final[Releases] = {
    "torch 1.0": ["size 90000000"],
    "cuda 1.0": ["size 60000000"],
    "app 1.0": [],
    "app 2.0": ["size 30000000"],
}
PLATFORMS: Final = """\
[tool.fti.stages.feature]
platforms = ["windows/amd64"]
[tool.fti.stages.training]
platforms = ["linux/amd64", "linux/arm64"]
[tool.fti.stages.inference]
platforms = ["linux/arm64"]
[tool.fti.stages.inference.image]
dockerfile = "Dockerfile.base"
"""


def builder(engine: ContainerEngine = DOCKER, *platforms: Platform, push: bool = False) -> Builder:
    return Builder(engine=engine, platforms=platforms, push=push)


def jobs(
    demo: MemoryProject, names: Sequence[str], chosen: Builder, *, sbom: bool = False
) -> list[BuildJob]:
    project = demo.load()
    export = render_images(project, names, chosen, sbom=sbom)
    write(project, export.rendered)
    return build_jobs(project, export, chosen)


@pytest.fixture(scope="module")
def _several_once(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("several")) as project:
        project.index.offer({"lib 1.0": []})
        groups = {name: ["lib"] for name in ("feature", "training", "inference")}
        project.write(pyproject(groups, PLATFORMS))
        base = "FROM python:3.12-slim\n"
        (project.root / "Dockerfile.base").write_text(base, encoding="utf-8")
        project.lock()
    return project


@pytest.fixture
def several(_several_once: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """Stages for Windows, for two kinds of Linux and for one."""
    return filled(demo, _several_once)


def test_small_images_have_one_layer_of_packages(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    report = report_images(project, project.stages)
    assert [image.stage for image in report.images] == ["feature", "training", "inference"]
    assert [image.size for image in report.images] == [2000, 2000, 3000]
    assert [layer.name for layer in report.images[0].layers] == ["base", "packages", "code"]
    assert (report.shared, report.warnings) == ("", ())


def test_large_packages_are_shared_in_layers(demo: MemoryProject) -> None:
    demo.index.offer(LARGE)
    groups = {
        "feature": ["torch", "cuda", "app<2"],
        "training": ["torch", "cuda", "app>1"],
        "inference": ["torch"],
    }
    demo.write(pyproject(groups))
    demo.lock()
    project = demo.load()
    report = report_images(project, project.select(["feature", "training"]))
    assert report.shared == (
        "Images share packages: 90 MB in feature, inference and training;"
        " 60 MB in feature and training. That saves 240 MB of downloads."
    )
    assert [layer.name for layer in report.images[1].layers] == [
        *("base", "shared-torch", "shared-cuda", "shared-app", "packages", "code")
    ]
    alone = report_images(project, project.select(["inference"]))
    assert alone.shared == (
        "Images share packages: 90 MB in feature, inference and training."
        " That saves 180 MB of downloads."
    )


def test_many_images_that_share_a_layer_are_counted(demo: MemoryProject) -> None:
    demo.index.offer(LARGE)
    tables = "".join(f'[tool.fti.stages.{name}]\nkind = "training"\n' for name in "abcd")
    demo.write(pyproject({name: ["torch"] for name in "abcd"}, tables))
    demo.lock()
    project = demo.load()
    assert report_images(project, project.stages).shared == (
        "Images share packages: 90 MB in 4 stages. That saves 270 MB of downloads."
    )


def test_packages_of_other_systems_are_in_no_image(demo: MemoryProject) -> None:
    demo.index.offer(LARGE)
    elsewhere = "torch ; sys_platform == 'darwin'"
    demo.write(pyproject({"training": [elsewhere, "cuda"], "inference": [elsewhere, "app<2"]}))
    demo.lock()
    project = demo.load()
    report = report_images(project, project.stages)
    assert [image.size for image in report.images] == [60_000_000, 1000]
    assert [layer.name for layer in report.images[1].layers] == ["base", "packages", "code"]
    assert report.shared == ""
    write(project, render_images(project, ["inference"], builder()).rendered)
    texts = [path.read_text() for path in demo.root.glob("fti/inference/requirements*.txt")]
    assert sorted("torch" in text for text in texts) == [False, True]


LIBRARY: Final = """\
[project]
name = "common"
version = "1"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""
BESIDE: Final = """\
[tool.poetry]
package-mode = false
[tool.poetry.group.training.dependencies]
common = { path = "../libs/common", develop = true }
[tool.fti.stages.training.image]
context = ".."
"""


def test_a_library_beside_the_project_is_an_input_of_the_image(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"feature": ["lib"]}, BESIDE))
    library = demo.root.parent / "libs/common"
    library.mkdir(parents=True)
    (library / "pyproject.toml").write_text(LIBRARY, encoding="utf-8")
    demo.lock()
    (job,) = jobs(demo, ["training"], builder())
    assert job.context == ".."
    (library.parent / "other.py").touch()
    (demo.root / "other.py").touch()
    assert jobs(demo, ["training"], builder()) == [job]
    (library / "common.py").touch()
    (edited,) = jobs(demo, ["training"], builder())
    assert edited.inputs != job.inputs


def test_a_context_is_not_the_root_of_the_file_system(demo: MemoryProject) -> None:
    up = "/".join([".."] * (len(demo.root.resolve().parts) - 1))
    settings = f'[tool.fti.stages.training.image]\ncontext = "{up}"\n'
    demo.write(pyproject({"training": []}, settings))
    demo.lock()
    with pytest.raises(ConfigError) as error:
        jobs(demo, ["training"], builder())
    assert str(error.value) == (
        f'tool.fti.stages.training.image.context: "{up}" is the root of the file system. Name a'
        " folder of your repository."
    )


def test_platforms_are_checked() -> None:
    assert wanted_platforms(["linux/arm64", "linux/amd64", "linux/arm64"]) == (AMD, ARM)
    with pytest.raises(ConfigError) as error:
        wanted_platforms(["linux/arm6"])
    assert str(error.value) == (
        'Unknown platform "linux/arm6"; did you mean "linux/arm64"?'
        " (images run on: linux/amd64, linux/arm64, linux/ppc64le, linux/s390x, linux/riscv64)."
    )


def test_an_image_is_built_for_the_engines_own_platform(several: MemoryProject) -> None:
    (job,) = jobs(several, ["training"], builder())
    assert (job.stage, job.platforms, job.base) == ("training", (AMD,), None)
    assert job.tags[0].startswith("demo-training:inputs-")
    assert not job.needs_netrc
    (again,) = jobs(several, ["training"], builder())
    assert again == job
    with (several.root / "fti/training/poetry.lock").open("a", encoding="utf-8") as lock:
        lock.write("# a comment\n")
    (relocked,) = jobs(several, ["training"], builder())
    assert (relocked.inputs, relocked.tags) == (job.inputs, job.tags)
    assert relocked.labels != job.labels
    (several.root / "new.py").write_text("print()\n", encoding="utf-8")
    (changed,) = jobs(several, ["training"], builder())
    assert changed.inputs != job.inputs
    assert changed.tags != job.tags


def test_an_image_contains_the_sbom_that_has_been_exported(several: MemoryProject) -> None:
    dockerfile, sbom = (
        several.root / "fti/training" / name for name in ("Dockerfile", "training.cdx.json")
    )
    (before,) = jobs(several, ["training"], builder())
    assert not sbom.exists()
    (with_it,) = jobs(several, ["training"], builder(), sbom=True)
    assert "COPY fti/training/training.cdx.json" in dockerfile.read_text(encoding="utf-8")
    text = sbom.read_text(encoding="utf-8")
    sbom.write_text(text.replace("lib", "old"), encoding="utf-8")
    (updated,) = jobs(several, ["training"], builder())
    assert sbom.read_text(encoding="utf-8") == text
    assert updated == with_it
    sbom.unlink()
    (after,) = jobs(several, ["training"], builder())
    assert after == before
    assert with_it.tags != before.tags


def test_an_image_is_pushed_for_all_of_its_platforms(
    several: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAG", "v1")
    training, inference = jobs(several, [], builder(push=True))
    assert training.platforms == (AMD, ARM)
    assert training.tags[1] == "demo-training:v1"
    assert inference.base is not None
    assert str(inference.base.dockerfile) == "Dockerfile.base"


@pytest.mark.parametrize(
    ("names", "chosen", "error"),
    [
        (
            ["feature"],
            builder(),
            (
                'The stage "feature" has no image: none of its platforms is Linux.'
                " Add linux/amd64 or linux/arm64, and lock it again."
            ),
        ),
        (
            ["inference"],
            builder(),
            (
                'The stage "inference" runs on linux/arm64, the engine on linux/amd64.'
                " Pass a --platform that the engine can emulate."
            ),
        ),
        (
            ["inference"],
            builder(DOCKER, AMD),
            (
                'The stage "inference" does not run on linux/amd64, only on linux/arm64.'
                " Add it to tool.fti.stages.inference.platforms, and lock it again."
            ),
        ),
        (
            ["training"],
            builder(PODMAN, AMD, ARM),
            (
                "podman without buildx builds for one platform at a time,"
                " not for linux/amd64, linux/arm64. Select one with --platform."
            ),
        ),
    ],
)
def test_what_cannot_be_built(
    several: MemoryProject, names: list[str], chosen: Builder, error: str
) -> None:
    with pytest.raises(FtiError) as raised:
        render_images(several.load(), names, chosen)
    assert str(raised.value) == error


def test_without_a_job_no_engine_is_started(several: MemoryProject) -> None:
    project = several.load()
    missing = builder(ContainerEngine(program="no-such-engine", platform="linux/amd64"))
    export = render_images(project, ["training"], missing)
    build_images(project, export, [], missing, quiet=True)
