"""`[tool.fti]`: what it means, and every problem that it can have."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from poetry_fti.config.image.keys import IMAGE_KEYS
from poetry_fti.config.pyproject import written_constraints
from poetry_fti.config.read import Config, read_config
from poetry_fti.config.stage_table import StageConfig
from poetry_fti.model.images.image import Image
from poetry_fti.model.platforms import PLATFORMS, Libc, Platform, Targets
from poetry_fti.model.rule import Rule

if TYPE_CHECKING:
    from poetry_fti.model.problem import Problem

FORMATS = ("requirements", "pylock", "dockerfile")


def read(text: str) -> tuple[Config, list[str]]:
    problems: list[Problem] = []
    data = tomlkit.parse(dedent(text)).unwrap()
    config = read_config(data, FORMATS, problems)
    return config, [str(problem) for problem in problems]


def test_nothing_has_to_be_configured() -> None:
    config, problems = read("")
    assert not problems
    assert config == Config()
    assert config.exports == ("requirements", "pylock", "dockerfile")
    assert config.directory == PurePosixPath("fti")


def test_every_key_is_read() -> None:
    config, problems = read("""
        [tool.fti]
        directory = "deploy/stages"
        exports = ["pylock"]
        isolated = true
        sync-on-run = true
        [tool.fti.stages.training]
        [tool.fti.stages.batch-inference]
        kind = "inference"
        python = ">=3.12,<3.13"
        groups = ["training", "gpu"]
        extras = ["fast"]
        platforms = ["linux/arm64", "linux/amd64"]
        libc = "musl-1.2"
        macos = "14.0"
        isolated = false
        env = { B = "2", A = "1" }
        [tool.fti.stages.batch-inference.image]
        base = "python:3.12-alpine@sha256:0123"
        installer = "pip"
        apt = ["libgomp1", "curl=7.88.1-10"]
        env = { C = "$x" }
        command = ["python", "-m", "batch"]
        [tool.fti.stages.batch-inference.overrides]
        urllib3 = "*"
        "Zope.Interface" = ">=6,<8"
        [[tool.fti.align]]
        packages = ["xgboost", "nvidia_*", "Scikit_Learn"]
        [[tool.fti.align]]
        stages = ["training", "batch-inference"]
        packages = ["numpy"]
        level = "minor"
        """)
    assert not problems
    assert config == Config(
        directory=PurePosixPath("deploy/stages"),
        exports=("pylock",),
        stages=(
            StageConfig(name="training"),
            StageConfig(
                name="batch-inference",
                kind="inference",
                python=">=3.12,<3.13",
                groups=("training", "gpu"),
                extras=("fast",),
                targets=Targets(
                    platforms=(Platform("linux", "amd64"), Platform("linux", "arm64")),
                    libc=Libc("musl", (1, 2)),
                    macos=(14, 0),
                ),
                env=(("A", "1"), ("B", "2")),
                image=Image(
                    base="python:3.12-alpine@sha256:0123",
                    installer="pip",
                    apt=("curl=7.88.1-10", "libgomp1"),
                    env=(("C", "$x"),),
                    command=("python", "-m", "batch"),
                ),
                overrides=(("Zope.Interface", ">=6,<8"), ("urllib3", "*")),
                isolated=False,
            ),
        ),
        isolated=True,
        sync_on_run=True,
        align=(
            Rule((), ("nvidia-*", "scikit-learn", "xgboost")),
            Rule(("training", "batch-inference"), ("numpy",), "minor"),
        ),
    )
    assert list(written_constraints(config)) == [
        ("tool.fti.stages.batch-inference.python", ">=3.12,<3.13"),
        ('tool.fti.stages.batch-inference.overrides."Zope.Interface"', ">=6,<8"),
        ("tool.fti.stages.batch-inference.overrides.urllib3", "*"),
    ]


def test_all_problems_are_told_at_once_each_with_its_path() -> None:
    _, problems = read("""
        [tool.fti]
        directory = "../elsewhere"
        exprts = []
        isolated = 1
        exports = ["requirement", "pylock", "pylock"]
        [tool.fti.stages."a.b"]
        kind = "trainin"
        [tool.fti.stages.x]
        kind = 3
        python = "^3.11"
        groups = "training"
        extras = ["fast", 1]
        platforms = ["linux/x86_64", "darwin/arm64", "linux/amd65"]
        libc = "glibc"
        macos = "14"
        env = { A = 1, "1B" = "" }
        max-download-size = "400"
        [tool.fti.stages.x.image]
        base = "python: 3.12"
        installer = "conda"
        apt = ["rm -rf /"]
        command = []
        usr = "me"
        [tool.fti.stages.y]
        platforms = []
        isolated = "yes"
        image = "python"
        """)
    platforms = ", ".join(map(str, PLATFORMS))
    assert problems == [
        'tool.fti.exprts: unknown key; did you mean "exports"?',
        (
            'tool.fti.exports[0]: unknown "requirement"; did you mean "requirements"?'
            " (known: requirements, pylock, dockerfile)"
        ),
        'tool.fti.exports[2]: "pylock" is listed twice',
        'tool.fti.directory: "../elsewhere" must be a folder inside the project, such as "fti"',
        'tool.fti.stages."a.b": a stage\'s name may contain only letters, digits, - and _',
        (
            'tool.fti.stages."a.b".kind: unknown "trainin"; did you mean "training"?'
            " (known: feature, training, inference)"
        ),
        "tool.fti.stages.x.kind: must be a string, not an integer",
        'tool.fti.stages.x.python: "^3.11" is not a version specifier such as ">=3.11,<3.14"',
        "tool.fti.stages.x.groups: must be an array of strings, not a string",
        "tool.fti.stages.x.extras[1]: must be a string, not an integer",
        (
            'tool.fti.stages.x.platforms[0]: unknown "linux/x86_64"; did you mean "linux/amd64"?'
            f" (known: {platforms})"
        ),
        (
            'tool.fti.stages.x.platforms[1]: unknown "darwin/arm64"; did you mean "macos/arm64"?'
            f" (known: {platforms})"
        ),
        (
            'tool.fti.stages.x.platforms[2]: unknown "linux/amd65"; did you mean "linux/amd64"?'
            f" (known: {platforms})"
        ),
        'tool.fti.stages.x.libc: "glibc" is not a C library such as "glibc-2.36" or "musl-1.2"',
        'tool.fti.stages.x.macos: "14" is not a version such as "14.0"',
        "tool.fti.stages.x.env.A: must be a string, not an integer",
        'tool.fti.stages.x.env: "1B" is not a valid name of an environment variable',
        'tool.fti.stages.x.image.usr: unknown key; did you mean "user"?',
        (
            'tool.fti.stages.x.image.base: "python: 3.12" is not an image reference such as'
            ' "python:3.12-slim"'
        ),
        'tool.fti.stages.x.image.apt[0]: "rm -rf /" is not a valid name of a Debian package',
        "tool.fti.stages.x.image.command: is empty; leave it out for an image without a command",
        'tool.fti.stages.x.image.installer: unknown "conda" (known: uv, pip)',
        ('tool.fti.stages.x.max-download-size: "400" is not a size such as "400 MB" or "1.5 GiB"'),
        (
            "tool.fti.stages.y.platforms: is empty; leave it out for a stage that runs on every"
            " platform"
        ),
        "tool.fti.stages.y.image: must be a table, not a string",
        "tool.fti.stages.y.isolated: must be true or false, not a string",
        "tool.fti.isolated: must be true or false, not an integer",
    ]


def test_problems_of_rules() -> None:
    _, problems = read("""
        [[tool.fti.align]]
        stages = []
        pakages = ["numpy"]
        level = "mino"
        [[tool.fti.align]]
        stages = ["training"]
        packages = []
        [[tool.fti.align]]
        stages = ["training", "inference", "training"]
        packages = ["Foo_Bar", "foo bar", "foo.bar", "foo[0-9]", ""]
        level = 1
        [[tool.fti.align]]
        stages = [1, "training"]
        packages = "numpy"
        """)
    named = 'is not a package name such as "numpy" or "nvidia-*"'
    assert problems == [
        'tool.fti.align[0].pakages: unknown key; did you mean "packages"?',
        "tool.fti.align[0].stages: is empty; leave it out for a rule that binds every stage",
        (
            "tool.fti.align[0].packages: is missing: names of packages, such as"
            ' "numpy" or "nvidia-*"'
        ),
        (
            'tool.fti.align[0].level: unknown "mino"; did you mean "minor"?'
            " (known: exact, minor, major, none)"
        ),
        "tool.fti.align[1].packages: is empty; a rule must name a package",
        'tool.fti.align[1].stages: has no effect: "training" is the only stage that it names',
        'tool.fti.align[2].stages[2]: "training" is listed twice',
        f'tool.fti.align[2].packages[1]: "foo bar" {named}',
        'tool.fti.align[2].packages[2]: "foo.bar" is listed twice',
        f'tool.fti.align[2].packages[3]: "foo[0-9]" {named}',
        f'tool.fti.align[2].packages[4]: "" {named}',
        "tool.fti.align[2].level: must be a string, not an integer",
        "tool.fti.align[3].stages[0]: must be a string, not an integer",
        "tool.fti.align[3].packages: must be an array of strings, not a string",
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("{ packages = ['numpy'] }", "tool.fti.align: must be an array of tables, not a table"),
        ("[{ packages = ['numpy'] }, 'numpy']", "tool.fti.align[1]: must be a table, not a string"),
    ],
)
def test_rules_are_an_array_of_tables(value: str, problem: str) -> None:
    config, problems = read(f"[tool.fti]\nalign = {value}")
    assert problems == [problem]
    assert config.align == ()


def test_problems_of_overrides() -> None:
    _, problems = read("""
        [tool.fti.stages.x.overrides]
        numpy = ">=2"
        NumPy = ">=1"
        zope.interface = "*"
        pandas = 2
        "nvidia-*" = "*"
        python = ">=3.12"
        [tool.fti.stages.y]
        overrides = ["numpy"]
        """)
    path = "tool.fti.stages.x.overrides"
    assert problems == [
        f"{path}.zope: must be a string, not a table",
        f"{path}.pandas: must be a string, not an integer",
        f'{path}.numpy: is the same package as "NumPy"',
        f'{path}."nvidia-*": is not a package name',
        f"{path}.python: is not a package; set the stage's Python with its key `python`",
        "tool.fti.stages.y.overrides: must be a table, not an array",
    ]


def test_problems_of_constraints() -> None:
    config, problems = read("""
        [tool.fti]
        constraints = [
            "Urllib3>=2.6.3,<3", "numpy", "numpy[x]>=2", "numpy @ https://host/numpy.whl",
            "numpy>=2; extra == 'x'", "numpy==", "python>=3.12", "numpy<2; python_version<'3.12'",
        ]
        [tool.fti.stages.x]
        constraints = ["numpy>=2", 2]
        """)
    path = "tool.fti.constraints"
    is_none = 'is not a requirement (PEP 508) such as "urllib3>=2.6.3"'
    has_extra = "has an extra; a constraint only limits versions"
    assert problems == [
        "tool.fti.stages.x.constraints[1]: must be a string, not an integer",
        f'{path}[1]: "numpy" allows every version; add a bound, such as ">=2"',
        f'{path}[2]: "numpy[x]>=2" {has_extra}',
        f'{path}[3]: "numpy @ https://host/numpy.whl" has a URL; a constraint only limits versions',
        f"{path}[4]: \"numpy>=2; extra == 'x'\" {has_extra}",
        f'{path}[5]: "numpy==" {is_none}',
        f'{path}[6]: "python>=3.12" is not a package; set a stage\'s Python with its key `python`',
    ]
    assert list(map(str, config.constraints)) == [
        f"{path}[0] requires urllib3 <3,>=2.6.3",
        f'{path}[7] requires numpy <2 ; python_version < "3.12"',
    ]
    assert next(iter(written_constraints(config))) == (f"{path}[0]", "<3,>=2.6.3")


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(["directory", "exports", "image", "stages", "align"]) | st.text()
STAGE_KEYS = st.sampled_from(
    ["kind", "python", "groups", "platforms", "libc", "env", "image", "overrides", "constraints"]
)
RULES = st.lists(
    st.dictionaries(st.sampled_from(["stages", "packages", "level"]), VALUES | st.lists(st.text()))
)
IMAGES = st.dictionaries(st.sampled_from([*IMAGE_KEYS, "registry"]), VALUES | st.text())
STAGES = st.dictionaries(st.text(), VALUES | st.dictionaries(STAGE_KEYS, VALUES | IMAGES))


@settings(max_examples=examples(30))
@given(st.dictionaries(KEYS, VALUES | IMAGES | STAGES | RULES) | VALUES)
def test_whatever_the_table_holds_is_read_or_told(table: object) -> None:
    problems: list[Problem] = []
    config = read_config({"tool": {"fti": table}}, FORMATS, problems)
    assert isinstance(config, Config)
    assert all(problem.path.startswith("tool.fti") for problem in problems)


def test_two_stages_have_two_images() -> None:
    problems: list[Problem] = []
    stages = {name: {"image": {"name": "acme/credit"}} for name in ("a", "b")}
    read_config({"tool": {"fti": {"stages": stages}}}, FORMATS, problems)
    assert [str(problem) for problem in problems] == [
        'tool.fti.stages.b.image.name: "acme/credit" is already the image of the stage "a"'
    ]


@pytest.mark.parametrize(
    ("settings", "installer"),
    [
        ('platforms = ["linux/amd64", "linux/arm64", "macos/arm64"]', "uv"),
        ('platforms = ["linux/amd64", "linux/ppc64le"]', "pip"),
        ('platforms = ["linux/s390x"]\nimage = { installer-image = "mirror.example/uv" }', "uv"),
    ],
)
def test_pip_installs_where_there_is_no_image_of_uv(settings: str, installer: str) -> None:
    config, problems = read(f"[tool.fti.stages.training]\n{settings}")
    assert not problems
    assert config.stages
    assert config.stages[0].image.installer == installer
