"""The derived project: what of the project belongs to a stage, and where its paths lead."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.config.config import Config
from poetry.factory import Factory

from poetry_fti.bridge.project.derive import derive
from poetry_fti.bridge.project.derived_package import derived_package
from poetry_fti.bridge.project.rebase import rebase_constraint, rebase_path, rebase_requirement
from poetry_fti.bridge.project.sources import usable_sources
from poetry_fti.bridge.project.toml import pyproject_text
from poetry_fti.model.stage import Stage

if TYPE_CHECKING:
    from pathlib import Path

UP = PurePosixPath("../..")


def derived(
    text: str, *groups: str, python: str | None = None, extras: tuple[str, ...] = ()
) -> str:
    names = tuple(canonicalize_name(group) for group in groups)
    stage = Stage(
        name="training",
        kind="training",
        groups=names,
        closure=names,
        python=python,
        extras=tuple(canonicalize_name(extra) for extra in extras),
    )
    data = derive(tomlkit.parse(dedent(text)).unwrap(), stage, UP)
    written = pyproject_text(data)
    assert tomlkit.parse(written).unwrap() == data
    return written


def test_a_standard_project_keeps_what_its_stage_needs() -> None:
    text = """
        [project]
        name = "credit"
        version = "1.2.3"
        description = "Left out: no lock depends on it"
        requires-python = ">=3.11"
        dependencies = ["pydantic>=2", "lib @ file:libs/lib"]
        [project.optional-dependencies]
        All = ["credit[fast,slow]"]
        fast = ["polars"]
        slow = ["pandas"]
        docs = ["sphinx"]
        [dependency-groups]
        training = ["torch", { include-group = "GPU" }]
        GPU = ["nvidia-ml-py"]
        dev = ["pytest"]
        [tool.poetry]
        packages = [{ include = "credit" }]
        requires-poetry = ">=2.3"
        [tool.poetry.dependencies]
        polars = { source = "corp" }
        sphinx = { source = "corp" }
        [tool.poetry.group.training]
        optional = true
        [tool.poetry.group.training.dependencies]
        torch = [{ path = "wheels/torch.whl", markers = "sys_platform == 'linux'" }, "2.0"]
        [tool.poetry.group.dev.dependencies]
        ruff = "*"
        [[tool.poetry.source]]
        name = "corp"
        url = "https://packages.example.com/simple"
        """
    assert derived(text, "training", "gpu", python=">=3.12,<3.13", extras=("all",)) == dedent(
        """\
        [project]
        name = "credit"
        version = "0"
        requires-python = ">=3.12,<3.13"
        dependencies = [
            "lib @ file:../../libs/lib",
            "pandas",
            "polars",
            "pydantic>=2",
        ]

        [dependency-groups]
        GPU = ["nvidia-ml-py"]
        training = [
            "torch",
            {include-group = "GPU"},
        ]

        [tool.poetry]
        package-mode = false
        requires-poetry = ">=2.3"

        [[tool.poetry.source]]
        name = "corp"
        url = "https://packages.example.com/simple"

        [tool.poetry.dependencies]
        polars = {source = "corp"}

        [tool.poetry.group.training.dependencies]
        torch = [
            "2.0",
            {markers = "sys_platform == 'linux'", path = "../../wheels/torch.whl"},
        ]
        """
    )


def test_a_classic_project_stays_classic() -> None:
    text = """
        [tool.poetry]
        name = "classic"
        version = "3"
        [tool.poetry.dependencies]
        python = "^3.10"
        requests = "*"
        polars = { version = "*", optional = true }
        sphinx = { version = "*", optional = true }
        [tool.poetry.extras]
        fast = ["polars"]
        docs = ["sphinx"]
        [tool.poetry.dev-dependencies]
        pytest = "*"
        [tool.poetry.group.training.dependencies]
        torch = "*"
        """
    assert derived(text, "training", python=">=3.11,<3.12", extras=("fast",)) == dedent(
        """\
        [tool.poetry]
        package-mode = false
        name = "classic"

        [tool.poetry.dependencies]
        polars = {version = "*"}
        python = ">=3.11,<3.12"
        requests = "*"

        [tool.poetry.group.training.dependencies]
        torch = "*"
        """
    )


def test_extras_that_the_project_requires_of_itself_are_their_requirements() -> None:
    text = """
        [project]
        name = "Credit.Score"
        dependencies = ["credit_score[base]"]
        [project.optional-dependencies]
        base = ["attrs"]
        fast = ["polars; python_version<'3.13' or os_name=='nt'", "lib @ file:lib"]
        all = ["credit-score[fast, base]; os_name=='posix'", "credit-score[all,cycle]"]
        cycle = ["credit-score[all]", "zoo"]
        [dependency-groups]
        training = ["credit-score[base]>=2", "credit-score", "credit-score[none]"]
        """
    assert derived(text, "training", extras=("all",)) == dedent(
        """\
        [project]
        name = "Credit.Score"
        version = "0"
        dependencies = [
            "attrs",
            "attrs ; os_name=='posix'",
            "lib @ file:../../lib ; os_name=='posix'",
            "polars ; (python_version<'3.13' or os_name=='nt') and (os_name=='posix')",
            "zoo",
        ]

        [dependency-groups]
        training = [
            "attrs",
            "credit-score[none]",
        ]

        [tool.poetry]
        package-mode = false
        """
    )


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    ("project", "tables"),
    [
        ('dependencies = ["numpy>=1"]\noptional-dependencies.fast = ["polars>=1"]', ""),
        (
            'dependencies = ["numpy"]\noptional-dependencies.fast = ["polars"]',
            'numpy = ">=1"\npolars = { version = ">=1", optional = true }',
        ),
        (
            'dynamic = ["dependencies"]\noptional-dependencies.fast = ["polars>=1"]',
            'numpy = ">=1"\nsphinx = { version = "*", optional = true }',
        ),
        (
            'dependencies = ["numpy>=1"]\ndynamic = ["optional-dependencies"]',
            'polars = [{ version = ">=1", optional = true, extras = ["x"] }]\nzoo = "*"',
        ),
        (
            'dynamic = ["dependencies", "optional-dependencies"]',
            'numpy = ">=1"\npolars = { version = ">=1", optional = true }',
        ),
    ],
)
def test_what_a_selected_extra_requires_is_required_in_every_style(
    project: str, tables: str, tmp_path: Path
) -> None:
    extras = "" if "optional-dependencies." in project else '[tool.poetry.extras]\nfast=["polars"]'
    text = (
        f'[project]\nname = "credit"\nrequires-python = ">=3.11"\n{project}\n'
        f"[tool.poetry.dependencies]\n{tables}\n{extras}\n"
    )
    data = tomlkit.parse(derived(text, extras=("fast",))).unwrap()
    requires = derived_package(data, tmp_path, "0").all_requires
    found = {(each.name, str(each.constraint), each.is_optional()) for each in requires}
    assert found == {("numpy", ">=1", False), ("polars", ">=1", False)}


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("sources", "uses", "expected"),
    [
        ("a b", "'*'", "a b"),
        ("a:supplemental b a2:supplemental", "'*'", "b a a2"),
        ("x:explicit a", "'*'", "a"),
        ("y:explicit a X:explicit", "{ source = 'x' }", "a X"),
        ("y:explicit x:explicit z:explicit", "['1', { source = 'y' }, { source = 'X' }]", "x y"),
        ("PyPI:explicit a", "'*'", "a"),
        ("PyPI:explicit a:supplemental", "'*'", "a PyPI"),
    ],
)
def test_a_stage_has_only_sources_that_it_can_use(sources: str, uses: str, expected: str) -> None:
    declared = [
        {"name": name, "priority": priority or "primary"}
        | ({} if name == "PyPI" else {"url": "https://example.com/simple"})
        for name, _, priority in (each.partition(":") for each in sources.split())
    ]
    used = usable_sources(declared, [tomlkit.parse(f"lib = {uses}").unwrap()])
    assert " ".join(source["name"] for source in used) == expected
    searched, whole = (
        [(each.name, type(each)) for each in Factory.create_pool(Config(), each).repositories]
        for each in (used, declared)
    )
    assert searched == whole


def test_the_default_priority_of_a_source_makes_no_difference() -> None:
    source = {"name": "a", "url": "https://example.com/simple"}
    written = {**source, "priority": "primary"}
    assert usable_sources([written], []) == usable_sources([source], []) == [source]


@pytest.mark.parametrize(
    ("table", "is_used"),
    [
        ("dependencies", True),
        ("dev-dependencies", True),
        ("group.training.dependencies", True),
        ("group.other.dependencies", False),
    ],
)
def test_a_source_is_used_by_stages_that_name_it(table: str, *, is_used: bool) -> None:
    text = f"""
        [tool.poetry]
        source = [{{ name = "corp", url = "https://example.com/simple", priority = "explicit" }}]
        [tool.poetry.{table}]
        lib = {{ source = "corp" }}
        """
    assert ('name = "corp"' in derived(text, "training", "dev")) == is_used


def test_an_extra_that_is_not_selected_makes_no_difference() -> None:
    text = "project.name = 'demo'\ndependency-groups.training = ['a']\n"
    assert derived(text, "training") == derived(
        f"{text}[project.optional-dependencies]\nfast = ['b']", "training"
    )


@pytest.mark.slow
def test_the_order_of_requirements_and_tables_makes_no_difference() -> None:
    lines = [
        "project.dependencies = ['a', 'b>1', 'B']",
        "dependency-groups.training = ['c', {include-group = 'x'}, 'd', {include-group = 'dev'}]",
        "dependency-groups.dev = []",
        "tool.poetry.group.x.include-groups = ['dev', 'y']",
        "tool.poetry.group.x.dependencies.e = ['1', { version = '2', extras = ['f', 'g'] }, '0']",
        "tool.poetry.dependencies.a = { allow-prereleases = true, source = 's' }",
        "tool.poetry.source = [{ name = 'r', priority = 'explicit' }, { name = 's' }]",
    ]
    swapped = [
        "tool.poetry.source = [{ name = 's' }, { name = 'r', priority = 'explicit' }]",
        "tool.poetry.dependencies.a = { source = 's', allow-prereleases = true }",
        "tool.poetry.group.x.dependencies.e = ['0', { extras = ['g', 'f'], version = '2' }, '1']",
        "tool.poetry.group.x.include-groups = ['y', 'dev']",
        "dependency-groups.dev = []",
        "dependency-groups.training = [{include-group = 'dev'}, 'd', {include-group = 'x'}, 'c']",
        "project.dependencies = ['B', 'b>1', 'a']",
    ]
    groups = ("training", "x", "dev")
    assert derived("\n".join(lines), *groups) == derived("\n".join(swapped), *groups)


@pytest.mark.slow_after(6)
@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("numpy>=2", "numpy>=2"),
        ("numpy @ https://example.com/numpy.whl", "numpy @ https://example.com/numpy.whl"),
        (
            "lib @ git+ssh://git@example.com/lib.git@v1",
            "lib @ git+ssh://git@example.com/lib.git@v1",
        ),
        ("lib @ file:libs/lib", "lib @ file:../../libs/lib"),
        ("lib @ file:./libs/lib", "lib @ file:../../libs/lib"),
        ("lib @ file:../lib", "lib @ file:../../../lib"),
        ("lib @ file://./libs/lib", "lib @ file:../../libs/lib"),
        ("lib @ file:///opt/lib", "lib @ file:///opt/lib"),
        ("lib @ file:/opt/lib", "lib @ file:/opt/lib"),
        ("lib @ file://localhost/opt/lib", "lib @ file://localhost/opt/lib"),
        ("lib @ libs/lib", "lib @ ../../libs/lib"),
        (
            "lib[a,b] @ ./lib.whl ; os_name == 'posix'",
            "lib[a,b] @ ../../lib.whl ; os_name == 'posix'",
        ),
        ("lib @ file:libs#subdirectory=py", "lib @ file:../../libs#subdirectory=py"),
    ],
)
def test_a_requirement_leads_to_the_same_place_from_below(requirement: str, expected: str) -> None:
    assert rebase_requirement(requirement, UP) == expected


def test_only_paths_of_a_constraint_move() -> None:
    constraint = {"path": "libs/x", "develop": True, "version": "libs/x"}
    assert rebase_constraint([constraint, "libs/x"], UP) == [
        {"path": "../../libs/x", "develop": True, "version": "libs/x"},
        "libs/x",
    ]
    assert rebase_path("C:\\libs\\x", UP) == "C:\\libs\\x"
    assert rebase_path("libs\\x", UP) == "../../libs/x"


@given(st.lists(st.sampled_from(["a", "b", "..", "."]), min_size=1).map("/".join))
def test_a_rebased_path_seen_from_below_is_the_path_itself(path: str) -> None:
    root = PurePosixPath("/x/y/z/w/v/u/t/s/r/q/p")
    below = root / "fti" / "training"

    def resolved(start: PurePosixPath, relative: str) -> PurePosixPath:
        for part in PurePosixPath(relative).parts:
            start = start.parent if part == ".." else start / part
        return start

    assert resolved(below, rebase_path(path, UP)) == resolved(root, path)


def test_a_path_is_a_file_before_the_folder_of_the_stage_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    logger = logging.getLogger("poetry.core.packages.path_dependency")
    monkeypatch.setattr(logger, "warning", lambda text, *_: warnings.append(text))
    wheel = tmp_path / "wheels/ours-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    data = {
        "project": {"name": "demo"},
        "tool": {
            "poetry": {
                "group": {
                    "training": {
                        "dependencies": {
                            "ours": [{"path": "../../wheels/ours-1.0-py3-none-any.whl"}],
                            "lib": {"version": "*", "source": "x"},
                            "theirs": {"path": "../../wheels"},
                        }
                    }
                }
            }
        },
    }
    package = derived_package(data, tmp_path / "fti/training", "0")
    found = {each.name: each.source_type for each in package.all_requires}
    assert found == {"ours": "file", "lib": None, "theirs": "directory"}
    assert not any("expected a directory" in each for each in warnings)
