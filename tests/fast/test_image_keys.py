"""The table `image` of a stage: what it means, and every problem that it can have."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import tomlkit

from poetry_fti.image_keys import read_image
from poetry_fti.model import Image
from poetry_fti.table import Table

if TYPE_CHECKING:
    from poetry_fti.model import Problem


def read(text: str) -> tuple[Image, list[str]]:
    problems: list[Problem] = []
    data = {"image": tomlkit.parse(dedent(text)).unwrap()}
    image = read_image(Table(data, "x", problems))
    return image, [str(problem) for problem in problems]


def test_how_the_program_runs() -> None:
    image, problems = read("""
        user = "worker"
        workdir = "/srv/credit"
        labels = { "org.opencontainers.image.vendor" = "Credit & Co" }
        expose = [8000, "9000/tcp", "8125/udp"]
        entrypoint = ["tini", "--"]
        """)
    assert not problems
    assert image == Image(
        user="worker",
        workdir=PurePosixPath("/srv/credit"),
        labels=(("org.opencontainers.image.vendor", "Credit & Co"),),
        expose=("8000", "9000", "8125/udp"),
        entrypoint=("tini", "--"),
    )


@pytest.mark.parametrize(
    ("text", "user"), [("user = 1000", "1000"), ('user = "1000"', "1000"), ("user = 0", "0")]
)
def test_a_user_is_a_number_too(text: str, user: str) -> None:
    assert read(text) == (Image(user=user), [])


def test_problems_of_how_the_program_runs() -> None:
    _, problems = read("""
        user = -1
        workdir = "srv"
        labels = { "a b" = "", "poetry-fti.lock" = "x", team = 1 }
        expose = [0, 65536, "http", 8000, "8000/tcp"]
        entrypoint = []
        """)
    assert problems == [
        "x.image.entrypoint: is empty; leave it out for an image without an entrypoint",
        'x.image.user: "-1" is no user, such as "worker" or 1000',
        (
            'x.image.workdir: "srv" must be an absolute path of letters, digits and ._@+~-,'
            ' such as "/srv/app"'
        ),
        "x.image.labels.team: must be a string, not an integer",
        'x.image.labels: "a b" is no name of a label, such as "com.example.team"',
        'x.image.labels: "poetry-fti.lock" is set by poetry-fti; choose another name',
        'x.image.expose[0]: "0" is no port, such as 8000 or "8125/udp"',
        'x.image.expose[1]: "65536" is no port, such as 8000 or "8125/udp"',
        'x.image.expose[2]: "http" is no port, such as 8000 or "8125/udp"',
        'x.image.expose[4]: "8000/tcp" is named twice',
    ]


def test_problems_of_types() -> None:
    _, problems = read("""
        user = true
        workdir = 1
        labels = []
        expose = [true, 1.0]
        entrypoint = "tini"
        """)
    assert problems == [
        "x.image.entrypoint: must be an array of strings, not a string",
        "x.image.user: must be a string or an integer, not a boolean",
        "x.image.workdir: must be a string, not an integer",
        "x.image.labels: must be a table, not an array",
        "x.image.expose[0]: must be a string or an integer, not a boolean",
        "x.image.expose[1]: must be a string or an integer, not a float",
    ]
    assert read("expose = 8000")[1] == [
        "x.image.expose: must be an array of strings and integers, not an integer"
    ]


@pytest.mark.parametrize("folder", ["/", "/srv/", "/srv/../etc", "/srv/$HOME", "/s rv", "//srv"])
def test_a_folder_that_no_program_starts_in(folder: str) -> None:
    [problem] = read(f'workdir = "{folder}"')[1]
    assert problem.startswith(f'x.image.workdir: "{folder}" must be an absolute path of letters')


def test_a_folder_that_holds_the_packages() -> None:
    assert read('workdir = "/opt/venv/bin"')[1] == [
        'x.image.workdir: "/opt/venv/bin" is where the packages are; choose another folder'
    ]
