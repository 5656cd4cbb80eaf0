"""The table `image` of a stage: what it means, and every problem that it can have."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import tomlkit

from poetry_fti.config.image.keys import read_image
from poetry_fti.config.table import Table
from poetry_fti.model.images.healthcheck import Healthcheck, HttpProbe
from poetry_fti.model.images.image import Image

if TYPE_CHECKING:
    from poetry_fti.model.problem import Problem


def read(text: str) -> tuple[Image, list[str]]:
    problems: list[Problem] = []
    data = {"image": tomlkit.parse(dedent(text)).unwrap()}
    image = read_image(Table(data, "x", problems))
    return image, [str(problem) for problem in problems]


def test_the_build_context_is_above_the_project() -> None:
    image, problems = read('context = "../.."')
    assert (image.context, problems) == (PurePosixPath("../.."), [])
    for text in ("", ".", "../libs", "/", "libs"):
        assert read(f'context = "{text}"')[1] == [
            f'x.image.context: "{text}" must be a folder above the project, such as "../.."'
        ]


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
    "name", ["credit", "acme/credit__x", "localhost:5000/a-b/c.d", "ghcr.io/acme/credit-inference"]
)
def test_a_name_is_a_repository(name: str) -> None:
    assert read(f'name = "{name}"') == (Image(name=name), [])


@pytest.mark.parametrize(
    "name", ["Credit", "credit:1.0", "credit@sha256:0", "a//b", "-a", "a b", "", "${TAG}", "a_-b"]
)
def test_what_is_no_name(name: str) -> None:
    problem = "is not an image name without tag and digest, such as"
    example = '"ghcr.io/acme/credit-inference"'
    assert read(f'name = "{name}"')[1] == [f'x.image.name: "{name}" {problem} {example}']


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
        'x.image.expose[0]: "0" is not a port such as 8000 or "8125/udp"',
        'x.image.expose[1]: "65536" is not a port such as 8000 or "8125/udp"',
        'x.image.expose[2]: "http" is not a port such as 8000 or "8125/udp"',
        'x.image.expose[4]: "8000/tcp" is listed twice',
        "x.image.entrypoint: is empty; leave it out for an image without an entrypoint",
        'x.image.user: "-1" is not a user name or uid such as "worker" or 1000',
        (
            'x.image.workdir: "srv" must be an absolute path of letters, digits and ._@+~-,'
            ' such as "/srv/app"'
        ),
        "x.image.labels.team: must be a string, not an integer",
        'x.image.labels: "a b" is not a label name such as "com.example.team"',
        'x.image.labels: "poetry-fti.lock" is set by poetry-fti; choose another name',
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
        "x.image.expose[0]: must be a string or an integer, not a boolean",
        "x.image.expose[1]: must be a string or an integer, not a float",
        "x.image.entrypoint: must be an array of strings, not a string",
        "x.image.user: must be a string or an integer, not a boolean",
        "x.image.workdir: must be a string, not an integer",
        "x.image.labels: must be a table, not an array",
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
        'x.image.workdir: "/opt/venv/bin" is where packages are installed; choose another folder'
    ]


def test_a_health_check_by_http() -> None:
    image, problems = read("""
        expose = [8000, "8125/udp"]
        [healthcheck]
        http = "/health?full=1"
        interval = "1m30s"
        timeout = "500ms"
        start-period = "2h"
        retries = 5
        """)
    assert not problems
    assert image.healthcheck == Healthcheck(
        probe=HttpProbe("/health?full=1", 8000),
        interval="1m30s",
        timeout="500ms",
        start_period="2h",
        retries=5,
    )


@pytest.mark.parametrize(
    ("text", "probe"),
    [
        ('{ http = "/", port = 80 }', HttpProbe("/", 80)),
        ('{ command = ["true", ""] }', ("true", "")),
    ],
)
def test_a_health_check(text: str, probe: tuple[str, ...] | HttpProbe) -> None:
    image, problems = read(f"expose = [1, 2]\nhealthcheck = {text}")
    assert (image.healthcheck, problems) == (Healthcheck(probe=probe), [])


def test_problems_of_health_checks() -> None:
    _, problems = read("""
        [healthcheck]
        http = "health"
        port = 65536
        interval = "1.5s"
        timeout = "0m0s"
        start-period = 30
        retries = 0
        retires = 1
        """)
    assert problems == [
        'x.image.healthcheck.retires: unknown key; did you mean "retries"?',
        'x.image.healthcheck.http: "health" must be a path, such as "/health"',
        "x.image.healthcheck.port: must be from 1 to 65535, not 65536",
        'x.image.healthcheck.interval: "1.5s" is not a duration such as "30s" or "1m30s"',
        (
            'x.image.healthcheck.timeout: "0m0s" is zero; leave the key out for the default of'
            " the engine"
        ),
        "x.image.healthcheck.start-period: must be a string, not an integer",
        "x.image.healthcheck.retries: must be from 1 to 1000, not 0",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", ': must have exactly one of the keys "command" and "http"'),
        (
            '{ command = ["a"], http = "/" }',
            ': must have exactly one of the keys "command" and "http"',
        ),
        ('{ http = "/" }', ".port: is missing: the port that the program listens on, such as 8000"),
        ('{ http = "/", port = "80" }', ".port: must be an integer, not a string"),
        ('{ http = "/", port = true }', ".port: must be an integer, not a boolean"),
        ('{ command = ["a"], port = 1 }', '.port: applies to "http" only; remove it'),
        ("{ command = [] }", ".command: is empty; it must name a program"),
        ('{ command = "a" }', ".command: must be an array of strings, not a string"),
        ('"/health"', ": must be a table, not a string"),
    ],
)
def test_a_problem_of_a_health_check(text: str, problem: str) -> None:
    assert read(f"healthcheck = {text}")[1] == [f"x.image.healthcheck{problem}"]


@pytest.mark.parametrize("text", ["", "s", "1", "1s1m", "1h 2m", "-1s", "1234567s", "1µs"])
def test_what_is_no_duration(text: str) -> None:
    [problem] = read(f'healthcheck = {{ command = ["a"], interval = "{text}" }}')[1]
    assert problem.endswith(f'"{text}" is not a duration such as "30s" or "1m30s"')


@pytest.mark.parametrize("text", ["/a b", "/#a", "/ü", "/a\\n"])
def test_what_is_no_path(text: str) -> None:
    assert len(read(f'healthcheck = {{ http = "{text}", port = 1 }}')[1]) == 1


def test_what_the_image_holds_besides() -> None:
    image, problems = read("""
        apt = ["libgomp1"]
        build-apt = ["gcc", "libc6-dev=2.36.*"]
        run-before = ["--mount=type=cache,target=/c echo \\"$HOME\\" && true"]
        run-after = ["python -m spacy download en_core_web_sm", "cat <<< a"]
        [copy]
        models = "/srv/models"
        "conf/a b.yaml" = "conf.yaml"
        """)
    assert not problems
    assert image == Image(
        apt=("libgomp1",),
        build_apt=("gcc", "libc6-dev=2.36.*"),
        run_before=('--mount=type=cache,target=/c echo "$HOME" && true',),
        run_after=("python -m spacy download en_core_web_sm", "cat <<< a"),
        copy=(
            (PurePosixPath("conf/a b.yaml"), PurePosixPath("conf.yaml")),
            (PurePosixPath("models"), PurePosixPath("/srv/models")),
        ),
    )


def test_problems_of_what_the_image_holds_besides() -> None:
    _, problems = read("""
        apt = ["gcc"]
        build-apt = ["gcc", "g c c"]
        run-before = ["", "a\\nb", "a \\\\ "]
        run-after = ["cat <<EOF", 1]
        [copy]
        "../a" = "a"
        "/b" = "../b"
        "c*" = "c"
        "d" = "/d/"
        "e" = "/"
        "f" = "a"
        "g" = 1
        "." = "all"
        "h.txt" = ""
        """)
    inside = 'must be a file or a folder inside the project, such as "models"'
    assert problems == [
        'x.image.build-apt[0]: "gcc" is already in "apt", which is installed for the build as well',
        'x.image.build-apt[1]: "g c c" is not a valid name of a Debian package',
        "x.image.copy.g: must be a string, not an integer",
        f'x.image.copy.".": {inside}',
        f'x.image.copy."../a": {inside}',
        f'x.image.copy."/b": {inside}',
        'x.image.copy."/b": "../b" is not a path in an image such as "/srv/models"',
        f'x.image.copy."c*": {inside}',
        'x.image.copy.d: "/d/" ends in "/"; give the whole path of the copy',
        'x.image.copy.e: "/" ends in "/"; give the whole path of the copy',
        'x.image.copy.f: "a" is already the path of another copy',
        'x.image.copy."h.txt": "" is not a path in an image such as "/srv/models"',
        "x.image.run-before[0]: is empty; it must be a command",
        "x.image.run-before[1]: must be one line; join commands with &&",
        "x.image.run-before[2]: must be one line; join commands with &&",
        "x.image.run-after[1]: must be a string, not an integer",
        "x.image.run-after[0]: can't contain a here-document; copy a script and run it",
    ]


def test_how_the_code_gets_in() -> None:
    assert read("")[0].code == "copy"
    assert read('code = "wheel"') == (Image(code="wheel"), [])
    assert read('code = "whel"')[1] == [
        'x.image.code: unknown "whel"; did you mean "wheel"? (known: copy, wheel)'
    ]


def test_files_of_ones_own() -> None:
    image, problems = read("""
        template = "docker/inference.Dockerfile"
        dockerfile = "docker/base.Dockerfile"
        """)
    assert not problems
    assert image == Image(
        template=PurePosixPath("docker/inference.Dockerfile"),
        dockerfile=PurePosixPath("docker/base.Dockerfile"),
    )


def test_problems_of_files_of_ones_own() -> None:
    _, problems = read("""
        template = "../Dockerfile"
        base = "python:3.12"
        dockerfile = "/Dockerfile"
        """)
    assert problems == [
        (
            'x.image.template: "../Dockerfile" must be a file inside the project,'
            ' such as "docker/inference.Dockerfile"'
        ),
        'x.image.dockerfile: replaces "base"; remove one of the two',
        (
            'x.image.dockerfile: "/Dockerfile" must be a file inside the project,'
            ' such as "docker/base.Dockerfile"'
        ),
    ]


def test_an_interpreter_is_a_path_and_takes_no_packages_for_the_build() -> None:
    image, problems = read('python = "/opt/conda/bin/python3.12"')
    assert (image.python, problems) == ("/opt/conda/bin/python3.12", [])
    _, problems = read('python = "python3"')
    (problem,) = problems
    assert problem == (
        'x.image.python: "python3" must be the path of an interpreter in the base image, such as'
        ' "/opt/conda/bin/python"'
    )
    _, problems = read('python = "/usr/bin/python3"\nbuild-apt = ["gcc"]')
    (problem,) = problems
    assert problem == (
        'x.image.build-apt: has no effect with "python": no virtual environment is built; use "apt"'
    )


def test_images_of_the_build_are_references_or_left_out() -> None:
    image, problems = read("""
        installer-image = "mirror.acme/uv:0.13@sha256:0123"
        syntax = ""
        """)
    assert not problems
    assert image == Image(installer_image="mirror.acme/uv:0.13@sha256:0123", syntax="")
    assert read('installer = "pip"\ninstaller-image = ""\nsyntax = "a b"')[1] == [
        (
            'x.image.installer-image: has no effect with installer = "pip", which belongs to the'
            " Python of the base"
        ),
        (
            'x.image.syntax: "a b" is not an image reference such as "docker/dockerfile:1.18", or'
            " an empty string"
        ),
    ]


def test_certificates_are_files_with_names_of_their_own() -> None:
    image, problems = read('ca-certificates = ["certs/acme.pem", "certs/proxy.crt"]')
    assert not problems
    assert image.ca_certificates == (
        PurePosixPath("certs/acme.pem"),
        PurePosixPath("certs/proxy.crt"),
    )
    assert read('ca-certificates = ["a/x.pem", "b/x.crt", "/etc/ca.pem"]')[1] == [
        (
            'x.image.ca-certificates[1]: "b/x.crt" has the name of another certificate; rename one'
            " of them"
        ),
        (
            'x.image.ca-certificates[2]: "/etc/ca.pem" must be a file inside the project, such as'
            ' "certs/acme.pem"'
        ),
    ]
