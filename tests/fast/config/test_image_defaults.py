"""The table `[tool.fti.image]`: what stages inherit and replace, and every problem it can have."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import tomlkit
from packaging.utils import canonicalize_name

from poetry_fti.config.read import read_config
from poetry_fti.config.stages import read_stages
from poetry_fti.model.images.image import Image

if TYPE_CHECKING:
    from poetry_fti.config.groups import Groups
    from poetry_fti.model.problem import Problem
    from poetry_fti.model.stage import Stage


def read(text: str) -> tuple[dict[str, Stage], list[str]]:
    problems: list[Problem] = []
    config = read_config(tomlkit.parse(dedent(text)).unwrap(), (), problems)
    groups: Groups = {canonicalize_name(name): () for name in ("training", "inference")}
    stages = read_stages(config, groups, [], problems)
    return {stage.name: stage for stage in stages}, [str(problem) for problem in problems]


def images(text: str) -> dict[str, Image]:
    stages, problems = read(text)
    assert not problems
    return {name: stage.image for name, stage in stages.items()}


def test_stages_without_a_table_have_the_defaults() -> None:
    stages, problems = read("""
        [tool.fti.image]
        registry = "ghcr.io/acme"
        base = "python:3.12-slim"
        user = 1000
        """)
    assert not problems
    image = Image(registry="ghcr.io/acme", base="python:3.12-slim", user="1000")
    assert {name: stage.image for name, stage in stages.items()} == {
        "inference": image,
        "training": image,
    }
    assert stages["training"].image_key("user") == "tool.fti.image.user"


def test_a_stage_replaces_lists_and_adds_to_tables() -> None:
    stages, problems = read("""
        [tool.fti.image]
        apt = ["curl", "libgomp1"]
        env = { A = "default", B = "default", C = "default" }
        labels = { team = "risk" }
        [tool.fti.stages.training]
        env = { C = "stage" }
        [tool.fti.stages.training.image]
        apt = ["git"]
        env = { B = "image" }
        labels = { model = "credit" }
        [tool.fti.stages.inference]
        """)
    assert not problems
    assert stages["training"].image == Image(
        apt=("git",),
        env=(("A", "default"), ("B", "image")),
        labels=(("model", "credit"), ("team", "risk")),
    )
    assert stages["inference"].image.apt == ("curl", "libgomp1")
    assert stages["training"].image_key("apt") == "tool.fti.stages.training.image.apt"


@pytest.mark.parametrize(
    ("default", "own", "expected"),
    [
        ('base = "a"', 'dockerfile = "d"', "dockerfile"),
        ('dockerfile = "d"', 'base = "a"', "base"),
        ('build-apt = ["gcc"]', 'python = "/usr/bin/python3"', "python"),
        ('build-apt = ["gcc"]', 'apt = ["gcc"]', "apt"),
        ('installer-image = "uv"', 'installer = "pip"', "installer"),
    ],
)
def test_a_default_gives_way_to_a_key_that_excludes_it(
    default: str, own: str, expected: str
) -> None:
    both = images(f"[tool.fti.image]\n{default}\n[tool.fti.stages.training.image]\n{own}")
    alone = images(f"[tool.fti.stages.training.image]\n{own}")
    assert both["training"] == alone["training"]
    assert getattr(both["training"], expected)


def test_a_stage_without_linux_has_no_image_by_default() -> None:
    text = '[tool.fti.image]\nuser = 1\n[tool.fti.stages.training]\nplatforms = ["macos/arm64"]\n'
    assert images(text)["training"] == Image()


def test_each_problem_is_listed_once_where_it_is() -> None:
    _, problems = read("""
        [tool.fti.image]
        registry = "ghcr.io/Acme"
        name = "credit"
        command = ["run"]
        apt = ["rm -rf /", "gcc"]
        usr = 1
        base = "a"
        [tool.fti.stages.training.image]
        user = "-"
        registry = "acme"
        build-apt = ["rm -rf /", "gcc"]
        [tool.fti.stages.inference]
        """)
    own = "tool.fti.stages.training.image"
    package = '"rm -rf /" is not a valid name of a Debian package'
    assert problems == [
        (
            'tool.fti.image.name: would give all images the same name; set "registry", or the name'
            " in each stage"
        ),
        (
            "tool.fti.image.command: belongs to the program of one stage; set it in"
            " [tool.fti.stages.<stage>.image]"
        ),
        'tool.fti.image.usr: unknown key; did you mean "user"?',
        'tool.fti.image.registry: "ghcr.io/Acme" is not a registry such as "ghcr.io/acme"',
        f"tool.fti.image.apt[0]: {package}",
        f"{own}.registry: unknown key",
        f"{own}.build-apt[0]: {package}",
        f'{own}.user: "-" is not a user name or uid such as "worker" or 1000',
        f'{own}.build-apt[1]: "gcc" is already in "apt", which is installed for the build as well',
    ]


def test_the_table_is_a_table() -> None:
    assert read('[tool.fti]\nimage = "a"')[1] == ["tool.fti.image: must be a table, not a string"]
