"""Imported environments in the text of a pyproject.toml, of which the rest stays as it is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.errors import ConfigError
from poetry_fti.model.imported import ImportedIndex, ImportedRequirement, ImportedStage
from poetry_fti.model.platforms import Platform
from poetry_fti.scaffold.imported_stage import Target, with_imported
from poetry_fti.scaffold.new_project import with_project
from poetry_fti.scaffold.toml_text import parse

if TYPE_CHECKING:
    from poetry_fti.model.stage import Kind

ROOT: Final = PurePosixPath("/code/demo")
PROJECT: Final = '[project]\nname = "demo"\nversion = "1"\n'
PLACES: Final = ImportedStage(
    requirements=(
        ImportedRequirement(name="Torch", specifier="==2.1.0+cu118", index="pt", extras=("a",)),
        ImportedRequirement(name="numpy", specifier="==1.24.4", marker="python_version < '3.9'"),
        ImportedRequirement(name="numpy", specifier="==1.26.4", marker="python_version >= '3.9'"),
        ImportedRequirement(name="ours", path=ROOT / "../libs/ours", editable=True),
        ImportedRequirement(name="tool", url="git+https://e.org/t.git@v1#subdirectory=py"),
        ImportedRequirement(name="plain", url="https://e.org/plain-1.zip"),
        ImportedRequirement(name="free"),
    ),
    indexes=(ImportedIndex(name="pt", url="https://e.org/whl", priority="explicit"),),
)


def edited(
    text: str, stage: ImportedStage, name: str = "training", *, kind: Kind | None = None
) -> tuple[str, tuple[str, ...]]:
    target = Target(name=name, kind=kind, python=">=3.11", pinned=False)
    edit = with_imported(text, stage, target, ROOT, "1.2")
    return edit.text, edit.notes


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (">=1.16,<2", "six>=1.15,<1.16 ; python_version < '3.12'"),
        ("~=1.16", "six>=1.15,<1.16 ; python_version < '3.12'"),
        ("==2.*", "six>=1.15,<2 ; python_version < '3.12'"),
        (">=1.10", "six>=1.15 ; python_version < '3.12'"),
        ("<2", "six>=1.15 ; python_version < '3.12'"),
    ],
)
def test_an_exact_version_stays_below_the_range_for_another_marker(
    other: str, expected: str
) -> None:
    pinned = ImportedRequirement(name="six", specifier="==1.15", marker="python_version < '3.12'")
    later = ImportedRequirement(name="Six", specifier=other, marker="python_version >= '3.12'")
    text, _ = edited(PROJECT, ImportedStage(requirements=(later, pinned)))
    assert parse(text)["dependency-groups"]["training"][1] == expected


def test_a_group_of_the_standard_form() -> None:
    text, notes = edited(PROJECT, PLACES)
    assert notes == ()
    assert (
        text
        == f"""\
{PROJECT}
[dependency-groups]
training = [
    "Torch[a]>=2.1.0",
    "numpy>=1.24.4,<1.26.4 ; python_version < '3.9'",
    "numpy>=1.26.4 ; python_version >= '3.9'",
    "ours",
    "tool @ git+https://e.org/t.git@v1#subdirectory=py",
    "plain @ https://e.org/plain-1.zip",
    "free",
]

[tool.poetry.group.training.dependencies]
Torch = {{ source = "pt" }}
ours = {{ path = "../libs/ours", develop = true }}

[[tool.poetry.source]]
name = "pt"
url = "https://e.org/whl"
priority = "explicit"

[tool.poetry.requires-plugins]
poetry-fti = ">=1.2"

[tool.fti]
isolated = true

[tool.fti.stages.training]
"""
    )


def test_a_group_of_poetrys_form_and_a_source_that_exists() -> None:
    before = f"""\
{PROJECT}
[[tool.poetry.source]]
name = "theirs"
url = "https://e.org/whl/"

[tool.poetry.group.Training.dependencies]
free = "*"  # kept
"""
    text, notes = edited(before, PLACES)
    assert notes == ("training has requirements on free already, which were not changed.",)
    assert (
        text
        == f"""\
{before}Torch = {{ version = ">=2.1.0", source = "theirs", extras = ["a"] }}
numpy = [{{ version = ">=1.24.4,<1.26.4", markers = "python_version < '3.9'" }}, \
{{ version = ">=1.26.4", markers = "python_version >= '3.9'" }}]
ours = {{ path = "../libs/ours", develop = true }}
tool = {{ git = "https://e.org/t.git", rev = "v1", subdirectory = "py" }}
plain = {{ url = "https://e.org/plain-1.zip" }}
"""
    )


def test_settings_of_a_stage() -> None:
    stage = ImportedStage(
        constraints=(
            ImportedRequirement(name="urllib3", specifier="<2"),
            ImportedRequirement(name="exact", specifier="==1"),
        ),
        pins=(ImportedRequirement(name="pinned", specifier="==1"),),
        overrides=(("numpy", "<3,>=2"),),  # type: ignore[arg-type]
        python=">=3.12,<3.13",
        platforms=(Platform("linux", "amd64"),),
        env=(("A", "1"), ("B", "x y")),
    )
    text, _ = edited(PROJECT, stage, "gpu", kind="training")
    assert text.endswith(
        """\
[tool.fti.stages.gpu]
kind = "training"
python = ">=3.12,<3.13"
platforms = ["linux/amd64"]
constraints = ["urllib3<2", "exact==1"]

[tool.fti.stages.gpu.env]
A = "1"
B = "x y"

[tool.fti.stages.gpu.overrides]
numpy = ">=2,<3"
"""
    )
    changed = text.replace("amd64", "arm64").replace('A = "1"', 'A = "0"')
    again, notes = edited(changed.replace('B = "x y"\n', ""), stage, "gpu", kind="training")
    assert again == changed
    assert notes == ("gpu has the key `platforms` already, which was not changed.",)


@pytest.mark.parametrize(("pinned", "kept"), [(False, False), (True, True)])
def test_pins_are_constraints_if_exact_versions_stay(*, pinned: bool, kept: bool) -> None:
    stage = ImportedStage(pins=(ImportedRequirement(name="exact", specifier="==1"),))
    target = Target(name="training", kind=None, python=">=3.11", pinned=pinned)
    text = with_imported(PROJECT, stage, target, ROOT, "1.2").text
    assert ('constraints = ["exact==1"]' in text) == kept


def test_line_ends_are_kept() -> None:
    text, _ = edited(PROJECT.replace("\n", "\r\n"), PLACES)
    assert text.count("\r\n") == text.count("\n")


def test_the_python_of_the_project_is_not_repeated() -> None:
    text, _ = edited(PROJECT, ImportedStage(python=">=3.9"))
    assert "python =" not in text
    text, _ = edited(PROJECT, ImportedStage(python="<3.13"))
    assert 'python = ">=3.11,<3.13"' in text
    text, _ = edited(PROJECT, ImportedStage(python="==3.12.4"))
    assert 'python = "==3.12.4"' in text
    with pytest.raises(ConfigError) as error:
        edited(PROJECT, ImportedStage(python="==3.8.*"))
    assert str(error.value) == (
        "training needs Python ==3.8.*, but the project needs >=3.11. Change requires-python in"
        " pyproject.toml."
    )


@pytest.mark.parametrize(
    ("project", "wanted", "expected"),
    [
        (">=3.11,<3.14", ">=3.12", ">=3.12,<3.14"),
        (">=3.11,<3.14", "<3.13", ">=3.11,<3.13"),
        (">=3.11,<3.14", "!=3.12.*", ">=3.11,<3.14,!=3.12.*"),
        (">=3.11.4,<3.14", ">=3.12", ">=3.11.4,>=3.12,<3.14"),
    ],
)
def test_limits_of_the_project_that_the_stage_has_anyway_are_left_out(
    project: str, wanted: str, expected: str
) -> None:
    target = Target(name="training", kind=None, python=project, pinned=False)
    text = with_imported(PROJECT, ImportedStage(python=wanted), target, ROOT, "1").text
    assert parse(text)["tool"]["fti"]["stages"]["training"]["python"] == expected


def test_a_primary_index_is_pointed_out() -> None:
    index = ImportedIndex(name="corp", url="https://e.org", priority="primary", has_login=True)
    before = f'{PROJECT}\n[[tool.poetry.source]]\nname = "corp"\nurl = "https://other.org"\n'
    text, notes = edited(before, ImportedStage(indexes=(index,)))
    assert 'name = "corp-2"' in text
    assert notes == (
        (
            "The source corp-2 needs a login, which was not imported. Configure it with `poetry"
            " config http-basic.corp-2 USERNAME`."
        ),
        (
            "The source corp-2 replaces PyPI for the whole project, as `--index-url` does. Set its"
            ' `priority` to "supplemental" to search PyPI first.'
        ),
    )


def test_pypi_replaces_no_index() -> None:
    index = ImportedIndex(name="PyPI", url="", priority="primary")
    text, notes = edited(PROJECT, ImportedStage(indexes=(index,)))
    assert 'name = "PyPI"\npriority = "primary"\n' in text
    assert notes == ()


def test_the_first_group_that_a_stage_names_is_extended() -> None:
    before = f"""\
{PROJECT}
[dependency-groups]
torch = []
[tool.fti.stages.training]
groups = ["torch"]
"""
    text, _ = edited(before, ImportedStage(requirements=(ImportedRequirement(name="a"),)))
    assert 'torch = ["a"]' in text


INCLUDED: Final = f"""\
{PROJECT}
[dependency-groups]
common = ["torch", {{ include-group = "Base" }}]
base = ["numpy<3"]
tools = ["six"]
training = [{{ include-group = "common" }}]
[tool.fti.stages.training]
groups = ["training", "tools"]
"""


def test_what_other_groups_of_a_stage_require_is_not_repeated() -> None:
    names = ("numpy", "Torch", "six", "new")
    stage = ImportedStage(requirements=tuple(ImportedRequirement(name=each) for each in names))
    text, notes = edited(INCLUDED, stage)
    assert text == INCLUDED.replace('"common" }]', '"common" }, "new"]')
    assert notes == (
        "training has requirements on numpy, torch and six already, which were not changed.",
    )


def test_a_package_of_an_included_group_is_repeated_with_its_place() -> None:
    stage = ImportedStage(
        requirements=(
            ImportedRequirement(name="torch", index="cpu"),
            ImportedRequirement(name="numpy", url="https://e.org/numpy-2.zip"),
        ),
        indexes=(ImportedIndex(name="cpu", url="https://e.org/cpu", priority="explicit"),),
    )
    text, notes = edited(INCLUDED, stage)
    assert notes == ()
    data = parse(text)
    assert data["dependency-groups"]["training"][1:] == [
        "torch",
        "numpy @ https://e.org/numpy-2.zip",
    ]
    assert data["tool"]["poetry"]["group"]["training"]["dependencies"] == {
        "torch": {"source": "cpu"}
    }


def test_a_project_for_a_folder_without_one() -> None:
    assert with_project("", "My Folder", ">=3.10,<3.12") == (
        '[project]\nname = "my-folder"\nversion = "0.1.0"\nrequires-python = ">=3.10,<3.12"\n\n'
        "[tool.poetry]\npackage-mode = false\n"
    )


@pytest.mark.parametrize("groups", ["", "[tool.poetry.group.training.dependencies]\nfree = '*'\n"])
def test_bounds_are_in_the_order_in_which_people_write_them(groups: str) -> None:
    bounds = "!=2.2.1,<=3,>=2.2"
    stage = ImportedStage(
        requirements=(ImportedRequirement(name="pandas", specifier=bounds),), python="<3.13,>=3.12"
    )
    text, _ = edited(PROJECT + groups, stage)
    assert ">=2.2,<=3,!=2.2.1" in text
    assert '\npython = ">=3.12,<3.13"\n' in text


def test_a_package_of_which_prereleases_are_allowed() -> None:
    numpy = ImportedRequirement(name="numpy", specifier=">=2", index="cpu", prereleases=True)
    stage = ImportedStage(
        requirements=(numpy, ImportedRequirement(name="six", prereleases=True)),
        indexes=(ImportedIndex(name="cpu", url="https://e.org/cpu", priority="explicit"),),
    )
    data = parse(edited(PROJECT, stage)[0])
    assert data["dependency-groups"]["training"] == ["numpy>=2", "six"]
    details = data["tool"]["poetry"]["group"]["training"]["dependencies"]
    assert details == {
        "numpy": {"source": "cpu", "allow-prereleases": True},
        "six": {"allow-prereleases": True},
    }


def test_a_package_from_several_sources() -> None:
    linux, others = "sys_platform == 'linux'", "sys_platform != 'linux'"
    stage = ImportedStage(
        requirements=(
            ImportedRequirement(name="torch", specifier=">=2", marker=linux, index="cuda"),
            ImportedRequirement(name="torch", specifier=">=2", marker=others, index="cpu"),
            ImportedRequirement(name="lib", marker=linux, index="cpu"),
            ImportedRequirement(name="lib", marker=others),
        ),
        indexes=(
            ImportedIndex(name="cuda", url="https://e.org/cuda", priority="explicit"),
            ImportedIndex(name="cpu", url="https://e.org/cpu", priority="explicit"),
        ),
    )
    group = parse(edited(PROJECT, stage)[0])["tool"]["poetry"]["group"]["training"]["dependencies"]
    assert group == {
        "torch": [{"source": "cuda", "markers": linux}, {"source": "cpu", "markers": others}],
        "lib": [{"source": "cpu", "markers": linux}],
    }


def test_variables_for_an_index_are_left_out() -> None:
    names = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX")
    env = (*((name, "https://me:s3cret@e.org") for name in names), ("PIP_INDEX", "x"), ("UV", "x"))
    text, notes = edited(PROJECT, ImportedStage(env=env))
    assert parse(text)["tool"]["fti"]["stages"]["training"]["env"] == {"UV": "x"}
    assert notes == tuple(
        f"{name} sets a package index, and was left out. Add the index with `poetry source add`."
        for name in (*names, "PIP_INDEX")
    )


def test_variables_with_a_login_are_left_out() -> None:
    env = (
        ("PROXY", "https://me:s3cret@e.org/simple"),
        ("BLOB", "https://e.org/x?sig=s3cret"),
        ("PLAIN", "https://e.org"),
    )
    text, notes = edited(PROJECT, ImportedStage(env=env))
    assert parse(text)["tool"]["fti"]["stages"]["training"]["env"] == {"PLAIN": "https://e.org"}
    assert notes == (
        (
            "The value of PROXY contains a login, and was left out. Set the variable where the"
            " stage runs."
        ),
        (
            "The value of BLOB contains a login, and was left out. Set the variable where the stage"
            " runs."
        ),
    )
    assert "s3cret" not in text
