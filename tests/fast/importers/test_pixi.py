"""Environments of pixi: targets, features of a pyproject.toml, locks, and what is left out."""

from __future__ import annotations

from typing import Final

import pytest

from imported_files import imported, requirements
from poetry_fti.importers.shared.platform_markers import platform_marker
from poetry_fti.model.imported import ImportedIndex
from poetry_fti.model.platforms import PLATFORMS, Platform

TARGETS: Final = """\
[workspace]
channels = ["conda-forge", "pytorch"]
platforms = ["linux-64", "linux-aarch64", "osx-arm64", "win-64"]
[dependencies]
numpy = ">=2"
scipy = ">=1"
[pypi-dependencies]
tqdm = "*"
[target.unix.dependencies]
uvloop = "*"
[target.win.dependencies]
NumPy = "<2"
[target.linux-64.dependencies]
faiss-gpu = "1.9.0"
[target.linux.pypi-dependencies]
tqdm = ">=4"
[target.linux.activation.env]
LINUX = "1"
[activation.env]
ALL = "1"
CACHE = "$HOME/cache"
[feature.cuda]
platforms = ["linux-64", "linux-aarch64"]
[feature.cuda.system-requirements]
cuda = "12"
[feature.cuda.target.linux-64.dependencies]
pytorch-gpu = "2.1.*"
[feature.cuda.target.linux-aarch64.pypi-dependencies]
torch = { version = "==2.2.0", index = "https://me:secret@e.org/simple" }
[feature.cuda.activation]
scripts = ["setup.sh"]
[feature.cuda.pypi-options]
no-build = true
dependency-overrides = { protobuf = "<6" }
[environments]
training = ["cuda"]
"""


def test_targets_become_markers() -> None:
    stage = imported("pixi.toml", TARGETS, stage="feature")
    assert requirements(stage) == [
        "numpy>=2 ; sys_platform != 'win32'",
        "scipy>=1",
        "uvloop ; sys_platform != 'win32'",
        "faiss-gpu==1.9.0 ; sys_platform == 'linux' and platform_machine == 'x86_64'",
        "tqdm>=4 ; sys_platform == 'linux'",
        "tqdm ; sys_platform != 'linux'",
        "numpy<2 ; sys_platform == 'win32'",
    ]
    assert stage.env == (("ALL", "1"),)
    assert stage.notes == (
        "pixi.toml: packages come from PyPI, not from these channels: pytorch.",
        (
            "pixi.toml: these environment variables, whose values refer to others, were left out:"
            " CACHE."
        ),
        (
            "pixi.toml: these environment variables, which are set on some platforms only, were"
            " left out: LINUX."
        ),
    )


def test_targets_of_features_limit_the_platforms() -> None:
    stage = imported("pixi.toml", TARGETS)
    assert stage.platforms == (Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert requirements(stage)[-2:] == [
        "tqdm>=4",
        "torch==2.2.0 ; sys_platform == 'linux' and platform_machine == 'aarch64' from e-org",
    ]
    assert (
        "torch==2.1.* ; sys_platform == 'linux' and platform_machine == 'x86_64'"
        in requirements(stage)
    )
    assert stage.overrides == (("protobuf", "<6"),)
    assert stage.env == (("ALL", "1"), ("LINUX", "1"))
    assert stage.indexes == (
        ImportedIndex(
            name="e-org", url="https://e.org/simple", priority="explicit", has_login=True
        ),
    )
    assert stage.notes[1:] == (
        (
            "pixi.toml: these system requirements were left out: cuda. See the keys `libc` and"
            " `macos` of the stage, and `base` of its image."
        ),
        "pixi.toml: these activation scripts were left out: setup.sh.",
        (
            "pixi.toml: these environment variables, whose values refer to others, were left out:"
            " CACHE."
        ),
        (
            "pixi.toml: `no-build` of pypi-options was left out. See the key `no-build` of the"
            " stage."
        ),
    )


@pytest.mark.parametrize(
    ("mode", "notes"),
    [
        (
            "allow",
            (
                (
                    "pixi.toml: `prerelease-mode` of pypi-options was left out. Add"
                    " `allow-prereleases = true` to the requirements that need it."
                ),
            ),
        ),
        ("if-necessary-or-explicit", ()),
    ],
)
def test_the_pre_releases_of_pixi(mode: str, notes: tuple[str, ...]) -> None:
    text = f'[pypi-dependencies]\nlib = "*"\n[pypi-options]\nprerelease-mode = "{mode}"\n'
    assert imported("pixi.toml", text).notes == notes


def test_different_pythons_and_packages_from_source() -> None:
    text = """\
[project]
platforms = ["linux-64", "win-64"]
[dependencies]
python = "3.12.*"
ours = { path = "ours" }
[target.win-64.dependencies]
python = "3.11.*"
"""
    stage = imported("pixi.toml", text)
    assert (requirements(stage), stage.python) == ([], "")
    assert stage.notes == (
        (
            "pixi.toml: these packages, which pixi builds from source, were left out: ours. Add"
            " those with Python code with `poetry fti add`."
        ),
        (
            "pixi.toml: the versions of Python differ between the platforms (>=3.11,<3.12 and"
            " >=3.12,<3.13), and were left out. Set the key `python` of the stage."
        ),
    )


PROJECT: Final = """\
[project]
name = "ranker"
requires-python = ">=3.11"
dependencies = ["requests"]
[dependency-groups]
train = ["torch>=2"]
docs = ["mkdocs"]
[tool.pixi.workspace]
platforms = ["linux-64", "win-64"]
[tool.pixi.target.win-64.pypi-dependencies]
pywin32 = "*"
[tool.pixi.dependencies]
numpy = "*"
[tool.pixi.environments]
training = ["train"]
lint = { features = ["train"], no-default-feature = true }
"""
LOCK: Final = """\
version: 6
environments:
  training:
    channels: [{url: "https://conda.anaconda.org/conda-forge/"}]
    packages:
      linux-64:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-2.1.3-py312h58c1407_0.conda
      - conda: https://conda.anaconda.org/conda-forge/linux-64/libblas-3.9.0-20_openblas.conda
      - conda: https://conda.anaconda.org/conda-forge/noarch/pytorch-2.4.0-pyhd8ed1ab_0.tar.bz2
      - pypi: https://files.example/packages/requests-2.32.3-py3-none-any.whl
      win-64:
      - conda: https://conda.anaconda.org/conda-forge/win-64/numpy-2.1.3-py312h1234567_0.conda
packages:
- conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-2.1.3-py312h58c1407_0.conda
- pypi: https://files.example/packages/requests-2.32.3-py3-none-any.whl
  name: requests
  version: 2.32.3
"""


def test_features_of_a_pyproject_are_its_groups() -> None:
    stage = imported("old/pyproject.toml", PROJECT)
    assert requirements(stage) == [
        "numpy",
        "requests",
        "torch>=2",
        "pywin32 ; sys_platform == 'win32'",
    ]
    assert stage.python == ">=3.11"
    assert requirements(imported("old/pyproject.toml", PROJECT, "lint")) == ["torch>=2"]
    assert requirements(imported("old/pyproject.toml", PROJECT, "docs")) == ["requests", "mkdocs"]
    assert "requests" not in requirements(imported("pyproject.toml", PROJECT))


@pytest.mark.parametrize("name", ["old/pixi.lock", "old/pyproject.toml"])
def test_versions_of_a_lock(name: str) -> None:
    files: dict[str, str | bytes] = {"old/pyproject.toml": PROJECT, "old/pixi.lock": LOCK}
    stage = imported(name, files)
    assert requirements(stage)[:3] == ["numpy", "requests", "torch>=2"]
    assert stage.versions == (("numpy", "2.1.3"), ("torch", "2.4.0"), ("requests", "2.32.3"))
    assert imported(name, files, "docs" if name.endswith("toml") else "lint").versions == ()


def test_versions_of_a_lock_of_format_5() -> None:
    lock = """\
version: 5
environments:
  default:
    packages:
      linux-64:
      - conda: https://c.org/linux-64/numpy-1.26.4-py312h1_0.conda
      - pypi: https://e.org/requests-2.32.3-py3-none-any.whl
packages:
- kind: pypi
  name: requests
  version: 2.32.3
  url: https://e.org/requests-2.32.3-py3-none-any.whl
"""
    files: dict[str, str | bytes] = {"pixi.toml": "", "pixi.lock": lock}
    versions = imported("pixi.toml", files).versions
    assert versions == (("numpy", "1.26.4"), ("requests", "2.32.3"))


def test_a_lock_beside_a_manifest() -> None:
    manifest = "[dependencies]\nnumpy = '*'\n[environments]\ntraining = []\n"
    files: dict[str, str | bytes] = {"pixi.toml": manifest, "pixi.lock": LOCK}
    for name in files:
        stage = imported(name, files)
        assert (requirements(stage), stage.versions[0]) == (["numpy"], ("numpy", "2.1.3"))


@pytest.mark.parametrize(
    ("some", "marker"),
    [
        ("linux/amd64 linux/arm64 macos/amd64 macos/arm64 windows/amd64 windows/arm64", ""),
        ("linux/amd64 linux/arm64", "sys_platform == 'linux'"),
        ("linux/amd64 linux/arm64 macos/amd64 macos/arm64", "sys_platform != 'win32'"),
        (
            "macos/arm64 windows/amd64 windows/arm64",
            ("sys_platform == 'darwin' and platform_machine == 'arm64' or sys_platform == 'win32'"),
        ),
    ],
)
def test_markers_of_some_platforms(some: str, marker: str) -> None:
    every = [each for each in PLATFORMS if each.arch in {"amd64", "arm64"}]
    chosen = [each for each in every if str(each) in some.split()]
    assert platform_marker(chosen, every) == marker


def test_extras_of_the_project_itself() -> None:
    text = "[pypi-dependencies]\nours = { path = '.', editable = true, extras = ['gpu'] }\n"
    stage = imported("pixi.toml", text)
    assert (requirements(stage), stage.extras) == ([], ("gpu",))
