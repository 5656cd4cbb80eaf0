"""Images of stages share layers, and what changes rebuilds no more than it must."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from containers import docker, inspected, require_engine
from harness import Poetry
from loopback.archives import Artifact
from loopback.artifacts import record
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback.catalogue import Catalogue

pytestmark = pytest.mark.docker

MEGABYTES = {"everywhere": 30, "frames": 60, "boosting": 200}
ARTIFACTS = (
    *(Artifact(name=name, version="1.0") for name in MEGABYTES),
    Artifact(name="small", version="1.0"),
    Artifact(name="small", version="1.1"),
)
STAGES = {
    "feature": ("everywhere", "frames"),
    "training": ("everywhere", "frames", "boosting"),
    "inference": ("everywhere", "boosting"),
}
LOOK = "import importlib, sys; print(*[importlib.import_module(n).__name__ for n in sys.argv[1:]])"


@pytest.fixture(scope="module", autouse=True)
def _engine() -> None:
    require_engine()


def catalogue(folder: Path) -> Catalogue:
    """Return packages that an index calls large; in truth they are small."""
    folder.mkdir()
    packages = record(ARTIFACTS, folder)
    for name, size in MEGABYTES.items():
        for file in packages[name]["1.0"]["files"]:
            file["size"] = size * 1_000_000
    path = folder / "record.json"
    path.write_text(json.dumps({"packages": packages}))
    return load(path, archives=folder)


@dataclass(frozen=True, slots=True)
class Images:
    """A project whose stages' images are built."""

    root: Path
    poetry: Poetry
    url: str

    def export(self, **small: str) -> str:
        """Lock and export with a version of the package "small" for each stage that is named."""
        wanted = {
            stage: [*names, f"small=={small.get(stage, '1.0')}"] for stage, names in STAGES.items()
        }
        groups = "".join(f"{stage} = {json.dumps(names)}\n" for stage, names in wanted.items())
        tables = "".join(
            f'[tool.fti.stages.{stage}]\nplatforms = ["linux/amd64"]\n' for stage in STAGES
        )
        (self.root / "pyproject.toml").write_text(
            f'[project]\nname = "credit"\nversion = "1"\nrequires-python = ">=3.12,<3.13"\n'
            f"[dependency-groups]\n{groups}"
            '[tool.poetry]\npackages = [{ include = "credit", from = "src" }]\n'
            f'[[tool.poetry.source]]\nname = "loopback"\nurl = "{self.url}simple/"\n{tables}'
        )
        self.poetry.ok(self.root, "fti", "lock")
        return self.poetry.ok(self.root, "fti", "export")

    def build(self, stage: str) -> set[str]:
        """Build an image, and return the instructions that were run."""
        dockerfile = self.root / "fti" / stage / "Dockerfile"
        options = ("--network=host", "--progress=plain", "-f", dockerfile, "-t", tag(stage))
        printed = docker("build", *options, self.root)
        steps = dict(re.findall(r"^#(\d+) \[(.+ \d+/\d+\] (?:RUN|COPY).*)$", printed, re.MULTILINE))
        cached = set(re.findall(r"^#(\d+) CACHED$", printed, re.MULTILINE))
        return {
            re.sub(r"(stage-)?(\w+) +\d+/\d+\] (\w+).*", r"\2 \3", text).lstrip("0123456789 ")
            for number, text in steps.items()
            if number not in cached
        }

    def layers(self, stage: str) -> list[str]:
        layers: list[str] = inspected(tag(stage))["RootFS"]["Layers"]
        return layers


def tag(stage: str) -> str:
    return f"poetry-fti-test-layers:{stage}"


@pytest.fixture
def images(tmp_path: Path) -> Iterator[Images]:
    with LoopbackIndex(catalogue(tmp_path / "index")) as index:
        root = tmp_path / "project"
        (root / "src/credit").mkdir(parents=True)
        (root / "src/credit/__init__.py").write_text("ANSWER = 42\n")
        environment = isolated_environment(tmp_path / "home", index.url)
        yield Images(root, Poetry(environment), index.url)
    for stage in STAGES:
        docker("image", "rm", "-f", tag(stage), check=False)


def test_images_share_layers_and_rebuild_little(images: Images) -> None:
    printed = images.export()
    assert printed.splitlines()[-1] == (
        "Images share packages: 30 MB in feature, inference and training; 60 MB in feature and"
        " training; 200 MB in inference and training. That saves 320 MB of downloads."
    )
    for stage, names in STAGES.items():
        images.build(stage)
        looked = docker("run", "--rm", tag(stage), "python", "-c", LOOK, "credit", "small", *names)
        assert looked.split() == ["credit", "small", *names]

    # The base's layers, and those that make the user and its folder, are below; code is on top.
    below = len(inspected("python:3.12-slim-bookworm")["RootFS"]["Layers"]) + 2
    feature, training, inference = (images.layers(stage)[below:] for stage in STAGES)
    boosting, frames, everywhere, *_ = training
    assert feature[:2] == [frames, everywhere]
    assert inference[:2] == [boosting, everywhere]
    assert feature[-1] == training[-1] == inference[-1]

    # Never built before, here or by an earlier run.
    (images.root / "src/credit/__init__.py").write_text(f"ANSWER = {uuid4().int}\n")
    run = images.build("training")
    assert run
    assert run <= {"COPY", "code COPY"}

    images.export(training="1.1")
    # They may find the new code in the layer that the training image got.
    assert images.build("feature") | images.build("inference") <= {"COPY", "code COPY"}
    assert images.build("training") == {"COPY", "packages RUN"}
    *packages, code = images.layers("training")[below:]
    assert [layer for layer in packages if layer not in training] == [packages[-1]]
    assert images.layers("inference")[-1] == code, "whatever lies below it"
