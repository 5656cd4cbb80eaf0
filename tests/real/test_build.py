"""`poetry fti build` and its formats, with a real Docker engine."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from containers import BASES, docker, inspected, layers, on_host_network
from harness import snapshot
from loopback.index import CREDENTIALS
from poetry_fti.stamp import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry
    from loopback.index import LoopbackIndex

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]

USER, PASSWORD = CREDENTIALS
PYPROJECT = """\
[project]
name = "{name}"
version = "1"
requires-python = ">=3.12,<3.13"

[dependency-groups]
feature = ["alpha"]
training = ["alpha"]
inference = ["alpha", "corp-metrics"]

[tool.poetry]
packages = [{{ include = "credit", from = "src" }}]

[tool.poetry.group.inference.dependencies]
corp-metrics = {{ version = "*", source = "guarded" }}

[[tool.poetry.source]]
name = "loopback"
url = "{url}simple/"

[[tool.poetry.source]]
name = "guarded"
url = "{url}guarded/simple/"
priority = "explicit"

[tool.fti.stages.feature]
platforms = ["macos/arm64"]

[tool.fti.stages.training]
[tool.fti.stages.training.image]
labels = {{ test = "{name}" }}
command = ["python", "-c", "import alpha, credit; print(credit.ANSWER)"]

[tool.fti.stages.inference]
platforms = ["linux/amd64", "linux/arm64"]
[tool.fti.stages.inference.image]
labels = {{ test = "{name}" }}
copy = {{ "model.bin" = "model.bin" }}
expose = [8000]
command = ["python", "-c", "import corp_metrics; print(open('model.bin').read())"]
"""


@dataclass(frozen=True)
class Project:
    """A project whose images are built, and Poetry with the login for its private index."""

    root: Path
    name: str
    poetry: Poetry

    def build(self, *words: str, **environment: str) -> str:
        with_more = {**self.poetry.environment, **environment}
        return replace(self.poetry, environment=with_more).ok(self.root, "fti", "build", *words)

    def verify(self, what: str, *, code: int = 0) -> str:
        result = self.poetry(self.root, "fti", "verify", what)
        assert result.code == code, result.errors
        return result.output

    def image(self, stage: str) -> str:
        found = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
        return next(tag for tag in found if tag.startswith(f"{self.name}-{stage}:inputs-"))

    def states(self, output: str) -> dict[str, str]:
        """Return what is said of each stage, without its tag."""
        lines = (line.partition(": ") for line in output.splitlines())
        return {stage: said.split(f" {self.name}")[0].split(" (")[0] for stage, _, said in lines}


@pytest.fixture
def project(tmp_path: Path, poetry: Poetry, loopback_index: LoopbackIndex) -> Iterator[Project]:
    name = f"poetry-fti-test-{secrets.token_hex(4)}"
    root = tmp_path / "project"
    (root / "src" / "credit").mkdir(parents=True)
    (root / "src" / "credit" / "__init__.py").write_text("ANSWER = 42\n")
    (root / "model.bin").write_text("v1")
    (root / "pyproject.toml").write_text(PYPROJECT.format(name=name, url=loopback_index.url))
    environment = {
        **poetry.environment,
        "PATH": os.pathsep.join(
            [str(on_host_network(tmp_path, "training", "inference")), os.environ["PATH"]]
        ),
        "POETRY_HTTP_BASIC_GUARDED_USERNAME": USER,
        "POETRY_HTTP_BASIC_GUARDED_PASSWORD": PASSWORD,
    }
    project = Project(root, name, replace(poetry, environment=environment))
    project.poetry.ok(root, "fti", "lock")
    yield project
    # Also those that have lost their names to newer ones.
    for image in set(docker("image", "ls", "-aq", "--filter", f"label=test={name}").split()):
        docker("image", "rm", "-f", image)


def test_images_are_built_and_only_again_when_something_has_changed(project: Project) -> None:
    output = project.build()

    files = [
        f"fti/{s}/{f}"
        for s in ("training", "inference")
        for f in (
            "requirements.txt",
            "Dockerfile",
            "Dockerfile.dockerignore",
            "requirements.own.txt",
        )
    ]
    wrote = [line.split()[1] for line in output.splitlines() if line.startswith("wrote")]
    assert wrote == files
    training, inference = project.image("training"), project.image("inference")
    assert output.endswith(f"training: built {training}\ninference: built {inference}\n")
    assert docker("run", "--rm", training) == "42\n"
    assert docker("run", "--rm", inference) == "v1\n"

    assert project.build() == (
        f"training: up to date ({training})\ninference: up to date ({inference})\n"
    )

    (project.root / "model.bin").write_text("v2")
    states = project.states(project.build())
    assert states == {"training": "up to date", "inference": "built"}
    assert docker("run", "--rm", inference) == "v1\n", "a tag is not moved"
    assert docker("run", "--rm", project.image("inference")) == "v2\n"

    (project.root / "src" / "credit" / "__init__.py").write_text("ANSWER = 43\n")
    (project.root / ".env").write_text("nobody sees it")
    assert project.states(project.build("training")) == {"training": "built"}
    training = project.image("training")
    assert docker("run", "--rm", training) == "43\n"
    labels = inspected(training)["Config"]["Labels"]
    assert labels["poetry-fti.inputs"].startswith(f"sha256:{training.split(':inputs-')[1]}")
    assert labels["poetry-fti.lock"].startswith("sha256:")

    assert project.states(project.build("training", "--force")) == {"training": "built"}
    tags = f"{training}, {project.name}-training:1.0"
    assert project.build("training", TAG="1.0") == f"training: built {tags}\n"
    assert project.build("training", TAG="1.0") == f"training: up to date ({tags})\n"


def test_an_image_is_as_locked_until_it_or_the_lock_changes(project: Project) -> None:
    project.build("training")
    image = project.image("training")
    digest = inspected(image)["Config"]["Labels"]["poetry-fti.lock"]
    assert project.verify(f"image:{image}") == "1 check run: nothing found.\n"

    (project.root / "changed.Dockerfile").write_text(
        f"FROM {image}\nUSER root\n"
        "RUN cd /opt/venv/lib/python*/site-packages && mv alpha-2.0.dist-info alpha-1.5.dist-info"
        " && sed -i 's/^Version: 2.0$/Version: 1.5/' alpha-1.5.dist-info/METADATA\n"
    )
    changed = f"{project.name}-training:changed"
    docker("build", "-t", changed, "-f", project.root / "changed.Dockerfile", project.root)
    assert project.verify(f"image:{changed}", code=3) == (
        "training\n"
        f"  error alpha 1.5 is installed in {changed}, not 2.0 [image]\n"
        "    Build the image again with `poetry fti build training`.\n\n"
        "1 check run: 1 error, 0 warnings.\n"
    )

    text = (project.root / "pyproject.toml").read_text()
    older = text.replace('training = ["alpha"]', 'training = ["alpha<2"]')
    (project.root / "pyproject.toml").write_text(older)
    project.poetry.ok(project.root, "fti", "lock")
    own = stamp(project.root / "fti" / "training")["poetry_fti.lock"]
    assert project.verify(f"image:{image}", code=3) == (
        "training\n"
        f"  warning {image} was built from the lock {digest[:19]}, not from"
        f" fti/training/poetry.lock ({own[:19]}) [image]\n"
        "    Build the image again with `poetry fti build training`.\n"
        f"  error alpha 2.0 is installed in {image}, not 1.5 [image]\n"
        "    Build the image again with `poetry fti build training`.\n\n"
        "1 check run: 1 error, 1 warning.\n"
    )


def test_an_image_contains_its_sbom(project: Project) -> None:
    output = project.build("training", "--sbom")
    assert "wrote     fti/training/training.cdx.json\n" in output
    image = project.image("training")
    text = (project.root / "fti/training/training.cdx.json").read_text(encoding="utf-8")
    path = "/usr/share/sbom/training.cdx.json"
    assert docker("run", "--rm", "--entrypoint", "cat", image, path) == text
    # A build without the option updates the SBOM, too.
    assert project.build("training") == f"training: up to date ({image})\n"
    project.poetry.ok(project.root, "fti", "export", "training")
    assert project.build("training") == f"training: up to date ({image})\n"


def test_a_dockerfile_of_ones_own_is_built_first(project: Project) -> None:
    text = (project.root / "pyproject.toml").read_text()
    table = "[tool.fti.stages.training.image]\n"
    own = text.replace(table, f'{table}dockerfile = "base.Dockerfile"\n')
    (project.root / "pyproject.toml").write_text(own)
    base = f"FROM {BASES[1]}\nLABEL base={project.name}\nCOPY model.bin /from-the-base\n"
    (project.root / "base.Dockerfile").write_text(base)

    project.build("--platform", "linux/amd64")

    def read() -> str:
        return docker("run", "--rm", project.image("training"), "cat", "/from-the-base")

    assert read() == "v1"
    based = f"label=base={project.name}"
    assert docker("image", "ls", "-aq", "--filter", based, "--filter", "dangling=true") == ""
    (project.root / "model.bin").write_text("v2")
    assert project.states(project.build("training")) == {"training": "built"}
    assert read() == "v2"


def test_a_password_is_found_nowhere(project: Project) -> None:
    shown = project.poetry(project.root, "fti", "build", "inference", "-vvv")
    assert shown.code == 0, shown.errors

    image = project.image("inference")
    assert docker("run", "--rm", image) == "v1\n"
    assert PASSWORD not in shown.output + shown.errors
    assert PASSWORD not in docker("history", "--no-trunc", image)
    assert PASSWORD not in docker("image", "inspect", image)
    assert not [name for name, data in layers(image) if PASSWORD.encode() in data]
    assert not [n for n, data in snapshot(project.root).items() if PASSWORD.encode() in data]


def test_an_image_is_built_with_the_time_of_its_sources(project: Project) -> None:
    project.build("training", SOURCE_DATE_EPOCH="1700000000")

    created = docker("image", "inspect", "--format", "{{.Created}}", project.image("training"))
    assert created == "2023-11-14T22:13:20Z\n"
    assert project.states(project.build("training")) == {"training": "built"}


def test_two_builds_of_the_same_input_are_the_same_image(project: Project) -> None:
    if "containerd" not in docker("info", "--format", "{{.DriverStatus}}"):
        pytest.skip("the engine has no containerd image store")
    found = []
    for _ in range(2):
        project.build("training", "--force", SOURCE_DATE_EPOCH="1700000000", NO_CACHE="1")
        found.append(inspected(project.image("training"))["Id"])
        docker("image", "rm", "-f", project.image("training"))
    first, second = found
    assert first == second


def printed(root: Path, **variables: str) -> dict[str, Any]:
    words = ["docker", "buildx", "bake", "-f", "fti/docker-bake.json", "--print"]
    environment = {**os.environ, **variables}
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_bake_reads_what_is_exported(project: Project, tmp_path: Path) -> None:
    project.poetry.ok(project.root, "fti", "export", "training", "--format", "bake")

    plain = printed(project.root)
    assert plain["group"] == {"default": {"targets": ["training", "inference"]}}
    inference = plain["target"]["inference"]
    assert inference.pop("tags") == [f"{project.name}-inference:latest"]
    assert inference == {
        "context": ".",
        "dockerfile": "fti/inference/Dockerfile",
        "platforms": ["linux/amd64", "linux/arm64"],
    }
    netrc = tmp_path / "netrc"
    netrc.touch()
    told = printed(project.root, TAG="1.0", CACHE="r.example/cache", NETRC=str(netrc))
    cache = "type=registry,ref=r.example/cache:inference"
    assert told["target"]["inference"] == {
        **inference,
        "tags": [f"{project.name}-inference:1.0"],
        "cache-from": [cache],
        "cache-to": [f"{cache},mode=max"],
        "secret": [f"id=netrc,src={netrc}"],
    }


def test_compose_reads_what_is_exported(project: Project) -> None:
    project.poetry.ok(project.root, "fti", "export", "--format", "compose")

    compose = ("compose", "-f", project.root / "fti" / "compose.yaml")
    read = json.loads(docker(*compose, "--profile", "*", "config", "--format", "json"))
    assert read["name"] == project.name
    assert read["services"]["training"]["profiles"] == ["training"]
    build = read["services"]["inference"]["build"]
    assert build["context"] == str(project.root)
    assert build["dockerfile"] == "fti/inference/Dockerfile"
    assert docker(*compose, "config", "--services") == "inference\n"

    project.build("training", TAG="latest")
    try:
        assert docker(*compose, "run", "--rm", "training") == "42\n"
    finally:
        docker(*compose, "down")
