"""Stages for several operating systems, by example: one lock with exact markers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from in_process import catalogue, default_index, lock_training
from loopback.archives import Artifact
from loopback.index import LoopbackIndex

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.newest_only

LINUX: Final = "sys_platform == 'linux'"
MACOS: Final = "sys_platform == 'darwin'"
WINDOWS: Final = "sys_platform == 'win32'"
NEVER_THERE: Final = "platform_system == 'Java'"


def release(name: str, version: str, *requires: str) -> Artifact:
    return Artifact(name=name, version=version, requires=requires)


CATALOGUE: Final = catalogue(
    release(
        *("app", "1.0", f"lib <2 ; {LINUX}", f"lib >=2 ; {MACOS}", f"lib >=3 ; {NEVER_THERE}"),
        *(f"registry ; {WINDOWS}", f"shim ; python_version < '3.12' or {WINDOWS}"),
    ),
    release("lib", "1.0"),
    release("lib", "2.0"),
    release("registry", "1.0"),
    release("shim", "1.0", f"registry ; {WINDOWS} and python_version < '3.11'"),
    release("tool", "1.0"),
    release("tool", "2.0", f"lib <2 ; {MACOS}"),
    Artifact(
        name="both",
        version="1.0",
        extras={"a": ("lib >=1",), "b": ("lib >=1",), "c": ("registry",), "all": ("both[a,c]",)},
    ),
)


def locked(root: Path, requirements: list[str], *platforms: str) -> str:
    """Return what the lock of a stage says of its packages, without files and the like."""
    lines = [
        '[project]\nname = "several"\nversion = "1"\nrequires-python = ">=3.10,<3.14"',
        f"[dependency-groups]\ntraining = {requirements}",
        f"[tool.fti.stages.training]\nplatforms = {list(platforms)}",
    ]
    (root / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
    with LoopbackIndex(CATALOGUE) as index, default_index(index.url, root / "cache"):
        text = lock_training(root)
    packages = text.partition("\n\n")[2].partition("[package.extras]")[0].partition("[metadata]")[0]
    return re.sub(
        r"(?m)^((description|optional|python-versions|groups) = .*|files = \[\n(.*\n)*?\])\n",
        "",
        packages,
    )


def test_a_version_for_each_system(tmp_path: Path) -> None:
    platforms = ("linux/amd64", "macos/arm64", "windows/amd64")
    assert (
        locked(tmp_path, ["app"], *platforms)
        == """\
[[package]]
name = "app"
version = "1.0"

[package.dependencies]
lib = [
    {version = ">=2", markers = "sys_platform == \\"darwin\\""},
    {version = "<2", markers = "sys_platform == \\"linux\\""},
]
registry = {version = "*", markers = "sys_platform == \\"win32\\""}
shim = {version = "*", markers = "python_version < \\"3.12\\" or sys_platform == \\"win32\\""}

[[package]]
name = "lib"
version = "1.0"
markers = "sys_platform == \\"linux\\""

[[package]]
name = "lib"
version = "2.0"
markers = "sys_platform == \\"darwin\\""

[[package]]
name = "registry"
version = "1.0"
markers = "sys_platform == \\"win32\\""

[[package]]
name = "shim"
version = "1.0"
markers = "python_version < \\"3.12\\" and (sys_platform == \\"linux\\"\
 or sys_platform == \\"darwin\\") or sys_platform == \\"win32\\""

[package.dependencies]
registry = {version = "*", markers = "sys_platform == \\"win32\\" and python_version < \\"3.11\\""}

"""
    )


def test_one_system_needs_no_marker_of_it(tmp_path: Path) -> None:
    assert (
        locked(tmp_path, ["app"], "linux/amd64", "linux/arm64")
        == """\
[[package]]
name = "app"
version = "1.0"

[package.dependencies]
lib = {version = "<2", markers = "sys_platform == \\"linux\\""}
shim = {version = "*", markers = "python_version < \\"3.12\\" or sys_platform == \\"win32\\""}

[[package]]
name = "lib"
version = "1.0"

[[package]]
name = "shim"
version = "1.0"
markers = "python_version < \\"3.12\\""

"""
    )


TOOL: Final = """\
[[package]]
name = "tool"
version = "{}"
"""


def test_what_fails_on_one_system_counts_where_the_stage_runs_there(tmp_path: Path) -> None:
    without = locked(tmp_path, ["app", "tool"], "linux/amd64", "windows/arm64")
    assert TOOL.format("2.0") in without
    (tmp_path / "fti" / "training" / "poetry.lock").unlink()
    everywhere = locked(tmp_path, ["app", "tool"], "linux/amd64", "macos/arm64")
    assert TOOL.format("1.0") in everywhere  # on macOS 2.0 contradicts app


def test_a_system_goes_its_own_way_only_if_it_must(tmp_path: Path) -> None:
    requirements = ["app", f"tool >=2 ; {LINUX}", f"tool ; {MACOS}"]
    text = locked(tmp_path, requirements, "linux/amd64", "macos/arm64")
    assert (
        text.partition('name = "tool"')[2]
        == """
version = "1.0"
markers = "sys_platform == \\"darwin\\""

[[package]]
name = "tool"
version = "2.0"
markers = "sys_platform == \\"linux\\""

"""
    )


def test_a_requirement_of_several_extras_is_named_for_each(tmp_path: Path) -> None:
    assert (
        locked(tmp_path, ["both[a,b]"], "linux/amd64")
        == """\
[[package]]
name = "both"
version = "1.0"

[package.dependencies]
lib = [
    {version = ">=1", optional = true, markers = "extra == \\"a\\""},
    {version = ">=1", optional = true, markers = "extra == \\"b\\""},
]

"""
    )


def test_extras_that_an_extra_asks_for_are_named(tmp_path: Path) -> None:
    assert (
        locked(tmp_path, ["both[all]"], "linux/amd64")
        == """\
[[package]]
name = "both"
version = "1.0"

[package.dependencies]
lib = {version = ">=1", optional = true, markers = "extra == \\"a\\""}
registry = {version = "*", optional = true, markers = "extra == \\"c\\""}

"""
    )
