"""The summary of a lock, compared with what parsing it as TOML gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.core.version.markers import parse_marker
from poetry.packages.transitive_package_info import TransitivePackageInfo
from poetry.utils._compat import tomllib

from cases import examples
from locks import GROUPS, LOCKED, damaged, lock_of, recorded_lock, some
from poetry_fti.bridge.lock.lock_summary import LockSummary, summarize

if TYPE_CHECKING:
    from collections.abc import Callable

    from locks import Packages

TARGETS = {"platforms": ["linux/amd64"], "rules": [{"level": "exact"}]}


def by_hand() -> Packages:
    package = Package(
        "own", "1.0", source_type="git", source_url="https://x.org/y.git", source_reference="main"
    )
    for constraint in (">=1", "<1"):
        package.add_dependency(Dependency("numpy", constraint, extras=["fast"]))
    markers = {group: parse_marker(f'os_name == "{group}"') for group in GROUPS}
    return {package: TransitivePackageInfo(0, set(GROUPS), markers)}


def project() -> ProjectPackage:
    root = ProjectPackage("project", "1.0")
    root.extras = {canonicalize_name("all"): [Dependency("numpy", "*")]}
    return root


TEXT = lock_of({**some("zipp", "jinja2", "anyio"), **by_hand()}, TARGETS, project())


def read(text: str) -> LockSummary:
    """Return the summary that is expected of a lock, by parsing all of it."""
    lock = tomllib.loads(text)
    metadata: dict[str, Any] = lock["metadata"]
    return LockSummary(
        content_hash=metadata["content-hash"],
        conditions=metadata.get("fti", {}),
        packages=len(lock["package"]),
        lock_version=metadata["lock-version"],
    )


@pytest.mark.sampled
@pytest.mark.parametrize(
    "text",
    [
        lambda: TEXT,
        lambda: TEXT.replace("\n", "\r\n"),
        pytest.param(recorded_lock, marks=pytest.mark.slow),
        lambda: lock_of({}),
        lambda: lock_of({}, TARGETS, project()),
    ],
    ids=["small", "of Windows", "large", "empty", "empty but for the project"],
)
def test_a_lock_is_told_at_a_glance(text: Callable[[], str]) -> None:
    assert summarize(text()) == read(text())


@pytest.mark.slow
@given(LOCKED, st.booleans())
@settings(deadline=None)
def test_whatever_is_locked_is_told(packages: Packages, targets: bool) -> None:  # noqa: FBT001
    text = lock_of(packages, TARGETS if targets else {})
    assert summarize(text) == read(text)


@given(damaged(TEXT))
@settings(max_examples=examples(180), deadline=None)
def test_damage_is_not_overlooked(text: str) -> None:
    seen = summarize(text)
    assert seen is None or seen == read(text)


def in_place_of(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n[metadata]\n",
        f"\ufeff{TEXT}",
        f"{TEXT}\n[[package]]\n",
        f"{TEXT}\n[metadata]\n",
        in_place_of('name = "jinja2"\n', '<<<<<<< ours\nname = "jinja2"\n'),
        in_place_of('name = "jinja2"\n', ""),
        in_place_of("optional = false", "optional = false\noptional = false"),
        in_place_of("[package.dependencies]\n", '[package.dependencies]\nx = "*"\n"x" = "*"\n'),
        in_place_of(", training = ", ', dev = "", training = '),
        in_place_of("\n[extras]\n", '\n[extras]\nall = ["x"]\n'),
        in_place_of('content-hash = "', 'content-hash = 1 # "'),
        in_place_of("lock-version", "version"),
        in_place_of("[metadata.fti]", "[metadata]"),
        in_place_of("[metadata.fti]", "[fti]"),
        lock_of({}).replace("package = []\n", ""),
        lock_of(by_hand()).replace("\n[[package]]\n", "package = []\n\n[[package]]\n"),
    ],
)
def test_what_is_not_quite_a_lock_is_left_to_others(text: str) -> None:
    assert summarize(text) is None
