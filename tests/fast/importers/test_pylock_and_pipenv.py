"""pylock.toml and Pipfile as stages."""

from __future__ import annotations

import json
from typing import Final

import pytest

from imported_files import imported, requirements
from memory_index import DEFAULT
from poetry_fti.errors import FtiError
from poetry_fti.model.imported import ImportedIndex

PYLOCK: Final = """\
lock-version = "1.0"
requires-python = ">=3.11"
created-by = "pip"

[[packages]]
name = "torch"
version = "2.1.0+cpu"
index = "https://download.pytorch.org/whl/cpu"
dependencies = [{ name = "sympy" }]
[[packages.wheels]]
name = "torch-2.1.0+cpu-py3-none-any.whl"
url = "https://e.org/torch-2.1.0+cpu-py3-none-any.whl"
hashes = { sha256 = "00" }

[[packages]]
name = "sympy"
version = "1.12"
index = "https://DEFAULT/simple"
[[packages.wheels]]
name = "sympy-1.12-py3-none-any.whl"
url = "https://e.org/sympy-1.12-py3-none-any.whl"
hashes = { sha256 = "00" }

[[packages]]
name = "ours"
[packages.directory]
path = "../ours"
editable = true

[[packages]]
name = "tool"
marker = "sys_platform == 'linux'"
[packages.vcs]
type = "git"
url = "https://user:secret@github.com/o/tool"
commit-id = "0123"
subdirectory = "py"

[[packages]]
name = "self"
[packages.directory]
path = "."
""".replace("DEFAULT", DEFAULT)
PIPFILE: Final = """\
[[source]]
url = "https://${USER}:${PASS}@pypi.example.org/simple"
verify_ssl = true
name = "corp"
[[source]]
url = "https://DEFAULT/simple"
name = "pypi"
[packages]
requests = "*"
numpy = "==1.26.4"
torch = { version = ">=2", index = "corp", extras = ["opt"], markers = "sys_platform == 'linux'" }
pywin32 = { version = "*", sys_platform = "== 'win32'" }
ours = { path = "./libs/ours", editable = true }
itself = { path = ".", editable = true, extras = ["web"] }
tool = { git = "https://github.com/o/tool.git", ref = "main" }
[dev-packages]
pytest = "*"
[serving]
fastapi = "~=0.110.0"
[requires]
python_version = "3.11"
""".replace("DEFAULT", DEFAULT)
LOCK: Final = json.dumps(
    {
        "_meta": {"requires": {"python_version": "3.11"}, "sources": []},
        "default": {
            "requests": {"version": "==2.31.0"},
            "urllib3": {"version": "==2.1.0", "markers": "python_version >= '3.8'"},
            "tool": {"git": "https://github.com/o/tool.git", "ref": "0123"},
        },
        "develop": {"pytest": {"version": "==8.0.0"}},
    }
)


def test_settings_of_pipenv_without_a_counterpart() -> None:
    text = """\
[[source]]
name = "corp"
url = "https://pypi.example.org/simple"
verify_ssl = false
[pipenv]
allow_prereleases = true
"""
    assert imported("Pipfile", text).notes == (
        (
            'Pipfile: the certificate of the source "corp" will be verified. Set `poetry config'
            " certificates.corp.cert false` if it cannot be."
        ),
        (
            "Pipfile: `allow_prereleases` was left out. Add `allow-prereleases = true` to the"
            " requirements that need it."
        ),
    )


def test_a_pylock() -> None:
    stage = imported("pylock.training.toml", PYLOCK)
    assert requirements(stage) == [
        "torch==2.1.0+cpu from pytorch-cpu",
        "-e ours @ /code/ours",
        'tool @ git+https://github.com/o/tool@0123#subdirectory=py ; sys_platform == "linux"',
    ]
    assert stage.versions == (("torch", "2.1.0+cpu"), ("sympy", "1.12"))
    assert stage.python == ">=3.11"


def test_a_pylock_that_does_not_record_dependencies() -> None:
    text = PYLOCK.replace('dependencies = [{ name = "sympy" }]', "")
    stage = imported("pylock.toml", text)
    assert "sympy" in stage.packages
    assert stage.notes == (
        (
            "pylock.toml does not record what its packages require, so that all of them were"
            " imported. Remove what the code does not import from the stage's group."
        ),
    )


def test_a_pylock_with_extras() -> None:
    text = PYLOCK.replace("sys_platform == 'linux'", "'cli' in extras")
    assert imported("pylock.toml", text).notes == (
        "pylock.toml: packages of all extras and dependency groups were imported.",
    )


def test_a_pipfile_with_its_lock() -> None:
    stage = imported("Pipfile", {"Pipfile": PIPFILE, "Pipfile.lock": LOCK})
    assert requirements(stage) == [
        "requests",
        "numpy==1.26.4",
        "torch[opt]>=2 ; sys_platform == 'linux' from corp",
        "pywin32 ; sys_platform == 'win32'",
        "-e ours @ /code/demo/libs/ours",
        "tool @ git+https://github.com/o/tool.git@main",
    ]
    assert stage.extras == ("web",)
    assert stage.notes == ("Pipfile: itself is the project itself, which is in every stage.",)
    assert stage.versions == (("requests", "2.31.0"), ("urllib3", "2.1.0"), ("numpy", "1.26.4"))
    assert stage.python == ">=3.11,<3.12"
    assert stage.indexes == (
        ImportedIndex(
            name="corp",
            url="https://pypi.example.org/simple",
            priority="primary",
            has_login=True,
        ),
        ImportedIndex(name="PyPI", url="", priority="supplemental"),
    )


def test_only_packages_that_name_a_further_source_of_a_pipfile_come_from_it() -> None:
    stage = imported(
        "Pipfile",
        """\
[[source]]
url = "https://DEFAULT/simple"
name = "pypi"
[[source]]
url = "https://pypi.example.org/simple"
name = "corp"
[packages]
numpy = "*"
ours = { version = "*", index = "corp" }
""".replace("DEFAULT", DEFAULT),
    )
    assert requirements(stage) == ["numpy", "ours from corp"]
    assert stage.indexes == (
        ImportedIndex(name="corp", url="https://pypi.example.org/simple", priority="explicit"),
    )


def test_a_category_of_a_pipfile() -> None:
    assert requirements(imported("Pipfile", PIPFILE, "serving")) == ["fastapi~=0.110.0"]
    assert requirements(imported("Pipfile", PIPFILE, stage="serving")) == ["fastapi~=0.110.0"]


def test_a_lock_of_pipenv_alone() -> None:
    stage = imported("Pipfile.lock", LOCK)
    assert requirements(stage) == [
        "requests==2.31.0",
        "urllib3==2.1.0 ; python_version >= '3.8'",
        "tool @ git+https://github.com/o/tool.git@0123",
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pylock.toml", "lock-version = '1.0'", "pylock.toml is not valid: "),
        ("Pipfile.lock", "[]", "Pipfile.lock is not a JSON object."),
        ("Pipfile.lock", "{", "Pipfile.lock is not valid JSON: "),
        ("Pipfile", "packages = {a = 'x'}", 'Pipfile: a: "x" is not a version constraint.'),
        ("Pipfile", b"\xff", "Pipfile is not UTF-8 text."),
    ],
)
def test_errors(name: str, text: str | bytes, message: str) -> None:
    with pytest.raises(FtiError) as error:
        imported(name, text)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("requires", "python"),
    [
        ('python_version = "3.11"', ">=3.11,<3.12"),
        ('python_full_version = "3.11.4"', ">=3.11,<3.12"),
        ('python_version = "3"', ""),
        ("", ""),
    ],
)
def test_the_python_of_a_pipfile(requires: str, python: str) -> None:
    assert imported("Pipfile", f"[packages]\n[requires]\n{requires}\n").python == python
