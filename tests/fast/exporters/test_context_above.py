"""Images whose build context is a folder above the project."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
import yaml

from fast.exporters.canned import package
from fast.exporters.test_monorepo import CODE, monorepo, tree
from poetry_fti.errors import FtiError
from poetry_fti.exporters.images import bake, compose, dockerfile
from poetry_fti.model.images.image import Image
from poetry_fti.model.lock import Code
from poetry_fti.model.origins import FileOrigin

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedPackage, LockedStage

COMMON = tree("../../libs/common")
ARCHIVE = package(
    "archive",
    "1.0",
    "archive-1.0-py3-none-any.whl",
    origin=FileOrigin(PurePosixPath("../../libs/archive-1.0-py3-none-any.whl")),
)
OWN = PurePosixPath("src/serve")
SERVE = replace(CODE, packages=(OWN,), roots=(OWN.parent,), sources=(PurePosixPath("README"),))
PATHS = r"^(?:COPY|WORKDIR) (?!--link --from).*|source=[^/].*(?= )|file:///.*"


def above(
    *packages: LockedPackage,
    image: Image = Image(),
    code: Code = SERVE,
    place: str = "services/credit",
) -> LockedStage:
    image = replace(image, context=PurePosixPath("../.."))
    locked = monorepo(*packages, image=image, code=code)
    return replace(locked, in_context=PurePosixPath(place))


def test_what_the_build_needs_is_named_relative_to_its_context() -> None:
    model = (PurePosixPath("model.bin"), PurePosixPath("model.bin"))
    files = dockerfile.files(above(COMMON, ARCHIVE, image=Image(copy=(model,))))
    text = files["Dockerfile"]
    assert "# Build in the project's root: docker build -f fti/inference/Dockerfile ../..\n" in text
    paths = re.findall(PATHS, text, re.MULTILINE)
    assert paths == [
        "WORKDIR /build/services/credit",
        "source=services/credit/fti/inference/requirements.txt,target=/tmp/requirements.txt",
        "source=libs/archive-1.0-py3-none-any.whl,target=/build/libs/archive-1.0-py3-none-any.whl",
        "COPY --link libs/common /build/libs/common",
        "file:///build/libs/common' \\",
        "COPY --link services/credit/src/serve /layer/app/src/serve",
        "WORKDIR /app",
        "COPY services/credit/model.bin /app/model.bin",
    ]
    assert files["Dockerfile.dockerignore"].split("\n\n")[1].splitlines() == [
        "*",
        "!libs/archive-1.0-py3-none-any.whl",
        "!libs/common",
        "!services/credit/fti/inference/requirements.txt",
        "!services/credit/model.bin",
        "!services/credit/src/serve",
    ]


def test_a_whole_project_is_all_that_is_seen_of_its_context() -> None:
    files = dockerfile.files(above(code=Code()))
    assert "COPY --link services/credit /layer/app\n" in files["Dockerfile"]
    assert files["Dockerfile.dockerignore"].split("\n\n")[1].splitlines() == [
        "*",
        "!services/credit",
        "!services/credit/fti/inference/requirements.txt",
        "services/credit/fti/*",
        "!services/credit/fti/inference/requirements.txt",
    ]


@pytest.mark.parametrize("python", [None, "/usr/local/bin/python"])
def test_a_wheel_is_built_from_the_projects_folder(python: str | None) -> None:
    text = dockerfile.files(above(ARCHIVE, image=Image(code="wheel", python=python)))["Dockerfile"]
    assert re.search(r"services/credit/src/serve.*/project/src/serve", text)
    assert ("&& cd /build/services/credit " in text) == bool(python)


def test_bake_and_compose_name_the_context() -> None:
    locked = above(COMMON)
    targets = json.loads(bake.files([locked])["docker-bake.json"])["target"]
    assert targets["inference"]["context"] == "../.."
    assert targets["inference"]["dockerfile"] == "services/credit/fti/inference/Dockerfile"
    services = yaml.safe_load(compose.files([locked])["compose.yaml"])["services"]
    assert services["inference"]["build"] == {
        "context": "../../..",
        "dockerfile": "services/credit/fti/inference/Dockerfile",
    }


def test_the_base_of_ones_own_is_built_in_the_project() -> None:
    text = dockerfile.files(above(image=Image(dockerfile=PurePosixPath("base"))))["Dockerfile"]
    assert "docker build -f base -t fti-base:inference .\n" in text
    assert "-f fti/inference/Dockerfile ../..\n" in text


def test_special_characters_of_folders_above_are_quoted() -> None:
    text = dockerfile.files(above(COMMON, place="my services/$credit"))["Dockerfile"]
    assert "WORKDIR /build/my services/\\$credit\n" in text


@pytest.mark.parametrize(
    ("context", "place", "folder"),
    [("", "", "the project's folder"), ("..", "credit", 'the folder ".."')],
)
def test_the_error_for_a_path_outside_names_the_context(
    context: str, place: str, folder: str
) -> None:
    image = Image(context=PurePosixPath(context))
    locked = replace(monorepo(COMMON, image=image), in_context=PurePosixPath(place))
    with pytest.raises(FtiError) as raised:
        dockerfile.files(locked)
    assert str(raised.value) == (
        f'A Dockerfile can\'t reach "../../libs/common": the build context is {folder}.'
        ' Set tool.fti.stages.inference.image.context = "../..".'
    )
