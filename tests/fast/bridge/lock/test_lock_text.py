"""The text of a lock, against Poetry's own writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.packages.transitive_package_info import TransitivePackageInfo
from poetry.utils._compat import tomllib

from locks import LOCKED, ROOT, TEXTS, lock_of, name, recorded_packages, some
from poetry_fti.bridge.index.releases import with_requires
from poetry_fti.bridge.lock.locker import StageLocker
from poetry_fti.bridge.lock.text import common_tables
from poetry_fti.bridge.lock.text.lock_text import lock_text
from poetry_fti.bridge.lock.written_lock import written_content_hash, written_text

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from poetry.packages.locker import Locker

    from locks import Packages

TARGETS = st.dictionaries(
    TEXTS,
    st.one_of(
        TEXTS,
        st.lists(TEXTS, max_size=3),
        st.dictionaries(TEXTS, TEXTS, max_size=2),
        st.lists(st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=2), max_size=2)),
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


def poetrys_text(locker: Locker, root: ProjectPackage, packages: Packages) -> str:
    locker.lock.unlink(missing_ok=True)
    locker.set_lock_data(root, packages)
    return locker.lock.read_bytes().decode().replace("\r\n", "\n")


def project(extras: dict[str, list[str]]) -> ProjectPackage:
    root = ProjectPackage("project", "1.0")
    root.python_versions = ">=3.10,<4"
    root.extras = {
        canonicalize_name(extra): [Dependency(name, "*") for name in names]
        for extra, names in extras.items()
    }
    return root


@given(LOCKED, st.randoms(use_true_random=True))
@settings(deadline=None)
def test_a_lock_is_what_poetry_writes(folder: Path, packages: Packages, chance: Random) -> None:
    locker = StageLocker(folder / "poetry.lock", {"project": {"dependencies": ["x"]}}, {})
    extras = {name(chance): [name(chance) for _ in range(each)] for each in range(1, 3)}
    root = project(extras if chance.random() < 0.7 else {})
    expected = poetrys_text(locker, root, packages)
    assert lock_text(locker, root, packages) == expected
    assert lock_text(locker, root, packages) == expected, "as rendered before"


def test_requirements_without_markers_on_the_same_package_are_lines(folder: Path) -> None:
    package = Package("app", "1.0")
    for constraint in (">=1", "<3"):
        package.add_dependency(Dependency("lib", constraint))
    packages = {package: TransitivePackageInfo(depth=0, groups=set(), markers={})}
    locker = StageLocker(folder / "poetry.lock", {}, {})
    text = lock_text(locker, ROOT, packages)
    assert 'lib = [\n    ">=1",\n    "<3",\n]\n' in text
    assert text == poetrys_text(locker, ROOT, packages)


@pytest.mark.slow
@pytest.mark.sampled
def test_the_recorded_index_is_locked_as_poetry_does(folder: Path) -> None:
    locker, packages = StageLocker(folder / "poetry.lock", {}, {}), recorded_packages()
    assert lock_text(locker, ROOT, packages) == poetrys_text(locker, ROOT, packages)


@pytest.mark.slow
def test_another_stage_has_other_groups_markers_and_requirements(folder: Path) -> None:
    locker, packages = StageLocker(folder / "poetry.lock", {}, {}), recorded_packages()
    lock_text(locker, ROOT, packages)
    infos = list(packages.values())
    others = {each: infos[index - 1] for index, each in enumerate(packages)}
    fewer = {with_requires(each, each.requires[1:]): info for each, info in packages.items()}
    for other in (others, fewer):
        assert lock_text(locker, ROOT, other) == poetrys_text(locker, ROOT, other)


@pytest.mark.slow
def test_what_is_forgotten_while_a_lock_is_written_is_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locker, packages = StageLocker(folder / "poetry.lock", {}, {}), recorded_packages()
    new, *others = packages
    monkeypatch.setattr(common_tables, "_COMMON", {})
    monkeypatch.setattr(common_tables, "_MOST", len(others))
    lock_text(locker, ROOT, {each: packages[each] for each in others})
    assert lock_text(locker, ROOT, packages) == poetrys_text(locker, ROOT, packages), new


def test_a_lock_is_read_from_what_poetry_writes(folder: Path) -> None:
    data = {"project": {"dependencies": ["x"]}}
    locker, packages = StageLocker(folder / "poetry.lock", data, {}), some("anyio", "numpy")
    text = written_text(locker.lock, data, ROOT, packages)
    assert text == poetrys_text(locker, ROOT, packages)
    assert [path.name for path in folder.iterdir()] == ["poetry.lock"]
    assert written_content_hash(data) == locker.content_hash


def test_an_empty_lock(folder: Path) -> None:
    locker = StageLocker(folder / "poetry.lock", {}, {})
    assert lock_text(locker, ROOT, {}) == poetrys_text(locker, ROOT, {})


@given(TARGETS)
def test_targets_follow_and_are_read_back(targets: dict[str, Any]) -> None:
    text = lock_of({}, targets)
    assert text.startswith(f"{lock_of({})}\n[metadata.fti]\n")
    assert tomllib.loads(text)["metadata"].pop("fti") == targets
    assert tomlkit.parse(text).unwrap()["metadata"]["fti"] == targets


def test_targets_are_written_in_order() -> None:
    rules = [{"stages": ["training", "inference"], "level": "exact"}]
    targets = {"rules": rules, "platforms": ["linux/amd64"], "groups": {"dev": "b", "a.b": ""}}
    text = lock_of({}, targets)
    assert text.partition("[metadata.fti]\n")[2] == (
        'groups = {"a.b" = "", dev = "b"}\n'
        'platforms = ["linux/amd64"]\n'
        "rules = [\n"
        '    {level = "exact", stages = ["training", "inference"]},\n'
        "]\n"
    )
    assert text == lock_of({}, dict(reversed(targets.items())))
