"""Generated stages, installed by uv and pip for each of their targets from each export."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags, mac_platforms
from poetry.utils._compat import tomllib

from cases import seeds
from harness import Poetry
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from narrowed_worlds import PROJECT_PYTHON, world
from small_index import catalogue, pyproject
from truth import environments, installed, locked_packages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from narrowed_worlds import World
    from truth import Environment

pytestmark = [pytest.mark.generated, pytest.mark.newest_only]

UV: Final = {
    "linux/amd64": "x86_64-manylinux_2_36",
    "linux/arm64": "aarch64-manylinux_2_36",
    "macos/amd64": "x86_64-apple-darwin",
    "macos/arm64": "aarch64-apple-darwin",
    "windows/amd64": "x86_64-pc-windows-msvc",
    "windows/arm64": "aarch64-pc-windows-msvc",
}
PIP: Final = {
    "linux/amd64": "manylinux_2_17_x86_64",
    "linux/arm64": "manylinux_2_17_aarch64",
    "macos/amd64": "macosx_11_0_x86_64",
    "macos/arm64": "macosx_11_0_arm64",
    "windows/amd64": "win_amd64",
    "windows/arm64": "win_arm64",
}
PLATFORM_TAGS: Final = {
    **{platform: [tag] for platform, tag in PIP.items()},
    "macos/amd64": list(mac_platforms((11, 0), "x86_64")),
    "macos/arm64": list(mac_platforms((11, 0), "arm64")),
}


@pytest.mark.parametrize("seed", seeds(4))
def test_a_stage_is_installed_for_each_target(seed: int, tmp_path: Path) -> None:
    made = world(seed)
    root = tmp_path / "demo"
    root.mkdir()
    (root / "pyproject.toml").write_text(written(made), encoding="utf-8")
    with LoopbackIndex(catalogue(made.releases)) as index:
        environment = isolated_environment(tmp_path / "home", index.url)
        poetry = Poetry(environment)
        if poetry(root, "fti", "lock", "training").code:
            return  # no release fits, or requirements conflict
        assert poetry(root, "fti", "export", "training").code == 0
        folder = root / "fti" / "training"
        packages = locked_packages((folder / "poetry.lock").read_text(encoding="utf-8"))
        for platform in made.platforms:
            # One patch release of each Python: they differ in little.
            wanted = {e["python_version"]: e for e in environments([platform], made.allowed_python)}
            requirements = folder / "requirements.txt"
            for there in wanted.values():
                expected = installed(packages, there)
                assert by_uv(requirements, platform, there, environment) == expected
                assert selected(folder / "pylock.training.toml", platform, there) == expected
            oldest = next(iter(wanted.values()))  # a run of pip takes ten times as long
            expected = installed(packages, oldest)
            assert by_pip(requirements, platform, oldest, environment) == expected


def written(made: World) -> str:
    python = f"python = {made.python!r}\n" if made.python else ""
    settings = f"[tool.fti.stages.training]\nplatforms = {made.platforms}\n{python}"
    return pyproject({"training": made.requires}, settings, python=PROJECT_PYTHON)


def run(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], env=environment, capture_output=True, text=True, check=False
    )


def by_uv(
    file: Path, platform: str, target: Environment, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return what uv would install on a target."""
    version = target["python_full_version"]
    options = ("--python-platform", UV[platform], "--python-version", version, "--dry-run")
    words = ("uv", "pip", "install", *options, "--target", str(file.parent / "target"))
    done = run(environment, *words, "--requirement", str(file))
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith(" + ")]
    return dict(line.removeprefix(" + ").split("==") for line in lines)


def by_pip(
    file: Path, platform: str, target: Environment, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return what pip would install on a target, of which it knows no markers."""
    required, report = file.parent / "required.txt", file.parent / "report.json"
    required.write_text("\n".join(lines_for(file, target)), encoding="utf-8")
    options = ("--platform", PIP[platform], "--python-version", target["python_version"])
    words = ("pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:", *options)
    into = ("--target", str(file.parent / "target"), "--ignore-installed", "--quiet")
    done = run(environment, *words, *into, "--report", str(report), "-r", str(required))
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {each["metadata"]["name"]: each["metadata"]["version"] for each in found}


def lines_for(file: Path, target: Environment) -> list[str]:
    """Return what is required on a target, without markers and hashes."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.partition(" --hash")[0] for line in text.splitlines() if " --hash" in line]
    found = [Requirement(line) for line in lines]
    return [
        f"{each.name}{each.specifier}"
        for each in found
        if each.marker is None or each.marker.evaluate(dict(target))
    ]


def selected(file: Path, platform: str, target: Environment) -> dict[str, str]:
    """Return what an installer selects from a pylock.toml on a target, by PEP 751."""
    lock = Pylock.from_dict(tomllib.loads(file.read_text(encoding="utf-8")))
    major, minor = map(int, target["python_version"].split("."))
    interpreter = f"cp{major}{minor}"
    tags = [
        *cpython_tags((major, minor), abis=[interpreter], platforms=PLATFORM_TAGS[platform]),
        *compatible_tags((major, minor), interpreter, PLATFORM_TAGS[platform]),
    ]
    found = lock.select(environment=cast("Any", target), tags=tags)
    return {package.name: str(package.version) for package, _ in found}
