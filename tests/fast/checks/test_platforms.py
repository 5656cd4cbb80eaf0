"""Check `platforms`: packages without a wheel for a target of their stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from checked_files import marked, report, requiring, targeted
from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

AMD64: Final = "cp312-cp312-manylinux_2_17_x86_64.whl"
BOTH: Final = "linux/amd64 linux/arm64"


def test_packages_with_wheels_for_all_targets_are_silent() -> None:
    files = {
        "pure": ["py3-none-any.whl"],
        "native": [AMD64, "cp312-abi3-manylinux_2_28_aarch64.whl", ".tar.gz"],
        "from-git": [],
    }
    assert report("platforms", targeted("training", files, BOTH)) == ""


def test_a_source_distribution_is_named_with_the_targets_that_build_it() -> None:
    files = {"app": ["py3-none-any.whl"], "native": [AMD64, ".tar.gz"]}
    stage = requiring(
        targeted("training", files, BOTH, ">=3.12,<3.14", direct=["app"]), "app", "native"
    )
    assert report("platforms", stage) == (
        "training: warning: native 1.0 has no wheel for Python 3.13 on linux/amd64, Python 3.12 and"
        " 3.13 on linux/arm64: it is built from source when it is installed\n"
        "required by pyproject.toml -> app -> native\n"
        "Choose a version that has one, make sure that its build works, or leave these targets out"
        " with `platforms` or `python` of tool.fti.stages.training"
    )


def test_a_package_without_any_wheel_is_reported_without_its_targets() -> None:
    assert report("platforms", targeted("training", {"old": [".tar.gz"]})) == (
        "training: warning: old 1.0 has no wheel: it is built from source when it is installed\n"
        "required by pyproject.toml -> old\n"
        "Choose a version that has one, or make sure that its build works"
    )


def test_python_code_that_is_only_published_as_source_is_silent() -> None:
    assert report("platforms", targeted("feature", {"pyspark": [".tar.gz"]})) == ""
    stage = targeted("feature", {"pyspark": [".tar.gz"]}, no_build=True)
    assert "pyspark 1.0 has no wheel, and `no-build` excludes" in report("platforms", stage)


def test_builds_that_a_stage_excludes_are_errors() -> None:
    stage = targeted("training", {"old": [".tar.gz"]}, "linux/amd64", no_build=True)
    assert report("platforms", stage) == (
        "training: error: old 1.0 has no wheel, and `no-build` excludes building it\n"
        "required by pyproject.toml -> old\n"
        "Choose a version that has one, or remove `no-build`"
    )


def test_a_target_without_any_file_is_an_error() -> None:
    assert report("platforms", targeted("training", {"native": [AMD64]}, BOTH)) == (
        "training: error: native 1.0 has no file for Python 3.12 on linux/arm64: it cannot be"
        " installed there\n"
        "required by pyproject.toml -> native\n"
        "Choose another version, or change the stage's `platforms` or `python`"
    )


def test_a_python_without_any_file_is_a_warning_without_platforms() -> None:
    stage = targeted("training", {"native": [AMD64]}, python=">=3.12,<3.14")
    assert report("platforms", stage) == (
        "training: warning: native 1.0 has no file for Python 3.13: it cannot be installed there\n"
        "required by pyproject.toml -> native\n"
        "Choose another version, or change the stage's `platforms` or `python`"
    )
    nowhere = targeted("training", {"native": ["cp311-cp311-win_amd64.whl"]})
    assert report("platforms", nowhere).startswith(
        "training: error: native 1.0 has no file: it cannot be installed\n"
    )


def test_only_targets_that_install_a_package_count() -> None:
    stage = targeted("training", {"native": [AMD64]}, BOTH)
    assert report("platforms", marked(stage, "native", 'platform_machine == "x86_64"')) == ""


def test_a_wheel_for_any_platform_is_enough_without_platforms() -> None:
    windows = targeted("training", {"native": ["cp312-cp312-win_amd64.whl"]})
    assert report("platforms", windows) == ""
    old = targeted("training", {"native": ["cp311-cp311-win_amd64.whl"]})
    assert report("platforms", marked(old, "native", 'sys_platform == "cygwin"')) == ""
    assert "native 1.0" in report("platforms", marked(old, "native", 'sys_platform == "win32"'))


def test_only_the_oldest_python_counts_without_an_upper_bound() -> None:
    assert report("platforms", targeted("training", {"native": [AMD64]}, python=">=3.12")) == ""


@pytest.mark.slow
def test_files_are_read_out_of_the_lock(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["sdist", "wheel cp311-cp311-manylinux_2_17_x86_64"]})
    tables = f"[tool.fti.stages.training]\nplatforms = {BOTH.split()}\n"
    demo.write(pyproject({"training": ["app"]}, tables, python="==3.11.*"))
    demo.lock()
    assert run(demo, "check", "--only", "platforms") == Ended(
        0,
        """\
training
  warning app 1.0 has no wheel for Python 3.11 on linux/arm64: it is built from source when it is\
 installed [platforms]
    required by pyproject.toml -> app
    Choose a version that has one, make sure that its build works, or leave these targets out with\
 `platforms` or `python` of tool.fti.stages.training.

1 check run: 0 errors, 1 warning.
""",
    )
