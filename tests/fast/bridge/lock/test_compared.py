"""The packages that stages are compared by: those that are exported, but for their files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.operations.project import load_project
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES: Final = """\
[[package]]
name = "numpy"
version = "1.26.4"
description = ""
optional = false
python-versions = ">=3.9 || >=3.12"
groups = {groups}
markers = "sys_platform == \\"linux\\""
files = [
    {{file = "numpy-1.26.4-py3-none-any.whl", hash = "sha256:{digit}"}},
]

[package.dependencies]
colour = {{version = "*", optional = true, markers = "extra == \\"fancy\\""}}
other = {{version = ">=1,<2", markers = "sys_platform == \\"win32\\""}}
third = [
    {{version = ">=1", markers = "python_version < \\"3.12\\""}},
    {{version = ">=2", markers = "python_version >= \\"3.12\\""}},
]

[package.extras]
fancy = ["colour"]

[[package]]
name = "Of.Groups"
version = "1.0"
description = ""
optional = false
python-versions = "*"
groups = ["main", {more}]
files = []

[package.markers]
main = "python_version < \\"3.12\\""
{stage} = "sys_platform == \\"darwin\\""

[package.source]
type = "legacy"
url = "https://mirror.example/simple"
reference = "mirror"

[[package]]
name = "ours"
version = "0.1"
description = ""
optional = false
python-versions = ">=3.10"
groups = ["{stage}"]
files = []
develop = true

[package.source]
type = "directory"
url = "../../libs/ours"

[[package]]
name = "fork"
version = "2.0"
description = ""
optional = false
python-versions = ">=3.10"
groups = ["{stage}"]
files = []
develop = false

[package.source]
type = "git"
url = "https://git.example/fork.git"
reference = "main"
resolved_reference = "5e3181f"
subdirectory = "python"

[[package]]
name = "elsewhere"
version = "1.0"
description = ""
optional = false
python-versions = ">=3.10"
groups = ["dev"]
files = []

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "0"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    stages = ("feature", "training", "inference")
    (tmp_path / "pyproject.toml").write_text(pyproject({name: [] for name in stages}))
    for digit, stage in enumerate(stages):
        more = f'"{stage}"' if stage != "inference" else '"dev"'
        groups = f'["{stage}"]' if stage != "inference" else '["dev", "inference"]'
        text = PACKAGES.format(groups=groups, more=more, stage=stage, digit=digit)
        lock = tmp_path / "fti" / stage / "poetry.lock"
        lock.parent.mkdir(parents=True)
        lock.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_compared_packages_are_those_that_are_exported(root: Path) -> None:
    for stage in load_project(root).stages:
        compared = sorted(stage.lock.compared, key=lambda each: each.name)
        assert compared == [
            replace(each, files=(), digests=frozenset(file.digest for file in each.files))
            for each in stage.lock.packages
        ]
        assert [each.name for each in compared] == ["fork", "numpy", "of-groups", "ours"]


def test_packages_that_locks_have_in_common_are_the_same_object(root: Path) -> None:
    (feature, training, _) = load_project(root).stages
    same = {
        each.name
        for each in feature.lock.compared
        for other in training.lock.compared
        if each is other
    }
    assert same == {"fork"}  # files, groups or the folder of the lock differ for the others
