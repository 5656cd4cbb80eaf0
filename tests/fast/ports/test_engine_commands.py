"""The command lines of the engines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

from poetry_fti.model.platforms import Platform
from poetry_fti.ports.engine_commands import (
    BaseImageJob,
    BuildJob,
    BuildOptions,
    bake_command,
    build_commands,
)

JOB: Final = BuildJob(
    stage="training",
    dockerfile=PurePosixPath("fti/training/Dockerfile"),
    tags=("credit-training:inputs-0",),
    inputs=("poetry-fti.inputs", "sha256:1"),
    labels=(("poetry-fti.lock", "sha256:0"),),
)
PRIVATE: Final = BuildJob(
    stage="inference",
    dockerfile=PurePosixPath("fti/inference/Dockerfile"),
    tags=("credit:inputs-0", "credit:1"),
    inputs=("poetry-fti.inputs", "sha256:2"),
    platforms=(Platform("linux", "arm64"),),
    needs_netrc=True,
    needs_ssh=True,
)
BAKE: Final = "docker buildx bake -f temporary/docker-bake.json"
PLACE: Final = Path("temporary")
LABELS: Final = (
    "--set training.tags=credit-training:inputs-0"
    " --set training.labels.poetry-fti.inputs=sha256:1"
    " --set training.labels.poetry-fti.lock=sha256:0"
)


def test_a_context_above_the_project_is_passed() -> None:
    job = replace(JOB, context="../..")
    (command,) = build_commands("podman", job, BuildOptions(definition="{}"))
    assert command[-1] == "../.."


def test_bake_builds_all_images_at_once() -> None:
    command = bake_command(
        [JOB, PRIVATE],
        BuildOptions(definition="{}", push=True, quiet=True, temporary=PLACE),
        needs_permission=True,
    )
    assert " ".join(command) == (
        f"{BAKE} --progress=quiet --allow=ssh --set training.output=type=image,push=true {LABELS}"
        " --set inference.output=type=image,push=true --set inference.platform=linux/arm64"
        " --set inference.tags=credit:inputs-0 --set inference.tags=credit:1"
        " --set inference.labels.poetry-fti.inputs=sha256:2 training inference"
    )


@pytest.mark.parametrize(
    ("push", "output"), [(False, "type=docker"), (True, "type=image,push=true")]
)
def test_bake_builds_as_of_a_time(push: bool, output: str) -> None:  # noqa: FBT001
    command = bake_command(
        [JOB],
        BuildOptions(definition="{}", push=push, epoch="17", temporary=PLACE),
        needs_permission=True,
    )
    assert " ".join(command) == (
        f"{BAKE} --provenance=false --set training.output={output},rewrite-timestamp=true {LABELS}"
        " --set training.args.SOURCE_DATE_EPOCH=17 training"
    )


def test_a_base_comes_first() -> None:
    file = PurePosixPath("base.Dockerfile")
    base = BaseImageJob(
        dockerfile=file, target="_inference", tag="fti-base:inference", context="own-base"
    )
    job = replace(PRIVATE, base=base)
    command = " ".join(bake_command([job], BuildOptions(definition="{}"), needs_permission=False))
    assert "--set _inference.platform=linux/arm64" in command
    first, second = build_commands("docker", job, BuildOptions(definition="{}"))
    platform = "--platform linux/arm64"
    assert " ".join(first) == f"docker build -f {file} -t fti-base:inference {platform} ."
    assert "--build-context own-base=docker-image://fti-base:inference" in " ".join(second)


def test_others_build_one_image_after_the_other() -> None:
    order = BuildOptions(definition="{}", push=True, netrc=Path("netrc"), epoch="17")
    label = "--label poetry-fti.inputs=sha256:2 -t credit:inputs-0 -t credit:1"
    rest = "--platform linux/arm64 --secret id=netrc,src=netrc --ssh default"
    assert [" ".join(words) for words in build_commands("podman", PRIVATE, order)] == [
        f"podman build -f fti/inference/Dockerfile {label} {rest} --timestamp 17 .",
        "podman push credit:inputs-0",
        "podman push credit:1",
    ]
    (docker,) = build_commands(
        "docker", JOB, BuildOptions(definition="{}", netrc=Path("netrc"), epoch="17")
    )
    assert docker[-3:] == ["--build-arg", "SOURCE_DATE_EPOCH=17", "."]
    assert "--secret" not in docker
