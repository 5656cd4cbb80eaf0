"""Requirements in a lock that its own versions do not satisfy, as after a merge by git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from packaging.utils import canonicalize_name

from memory_commands import Ended, run
from poetry_fti.bridge.lock import consistency
from poetry_fti.bridge.lock.consistency import inconsistency
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

RELEASES: Final = {"app 1.0": ["lib"], "app 2.0": ["lib<2"], "lib 1.0": [], "lib 2.0": []}


def merged(demo: MemoryProject) -> None:
    """Have the lock that git merges from an update of app and one of lib, in two branches."""
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["app", "lib"], "inference": ["lib<2"]}))
    demo.lock(aligned=False)
    path = demo.root / "fti/training/poetry.lock"
    text = path.read_text(encoding="utf-8")
    assert demo.locked["training"] == "app 2.0, lib 1.0"
    path.write_text(
        text.replace('name = "lib"\nversion = "1.0"', 'name = "lib"\nversion = "2.0"'),
        encoding="utf-8",
    )


@pytest.mark.slow
def test_a_lock_whose_versions_contradict_each_other_is_stale_and_repaired(
    demo: MemoryProject,
) -> None:
    merged(demo)
    assert run(demo, "lock", "--check") == Ended(
        3,
        "",
        "fti/training/poetry.lock locks lib 2.0, but app 2.0 requires lib <2."
        " Run `poetry fti lock training`.\n",
    )
    assert run(demo, "lock").code == 0
    assert demo.locked["training"] in ("app 1.0, lib 2.0", "app 2.0, lib 1.0")
    assert run(demo, "lock", "--check").code == 0


def test_a_lock_that_has_not_changed_is_examined_once(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    examined: list[str] = []

    def recorded(text: str, _: object) -> str:
        examined.append(text)
        return inconsistency(text)

    monkeypatch.setattr(consistency, "inconsistency", recorded)
    merged(demo)
    path = demo.root / "fti/training/poetry.lock"
    contradicting = path.read_text(encoding="utf-8")
    for text in (contradicting.replace("<2", "<3"), contradicting):
        path.write_text(text, encoding="utf-8")
        examined.clear()
        states = [demo.load().select(["training"])[0].lock.quick_status.state for _ in range(2)]
        is_consistent = text != contradicting
        assert states == ["fresh" if is_consistent else "stale"] * 2
        assert examined == [text] * (1 if is_consistent else 2)


def found(dependencies: str, *locked: str, ignored: str = "") -> str:
    """Return what is wrong in a lock with these packages and one that has these dependencies."""
    packages = [("app", "1.0", dependencies), *((*each.split(), "") for each in locked)]
    text = "# by Poetry\n" + "".join(
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\ndescription = ""\n'
        'optional = false\npython-versions = "*"\ngroups = ["main"]\nfiles = []\n'
        + (f"\n[package.dependencies]\n{lines}\n" if lines else "")
        for name, version, lines in packages
    )
    text += '\n[metadata]\nlock-version = "2.1"\n'
    return inconsistency(text, {canonicalize_name(ignored)})


@pytest.mark.parametrize(
    "dependencies", ['Lib = "<2"', 'lib = {version = "<2", extras = ["fast"]}']
)
def test_a_requirement_that_no_locked_version_satisfies(dependencies: str) -> None:
    assert found(dependencies, "lib 2.0") == "it locks lib 2.0, but app 1.0 requires lib <2"
    assert found(dependencies) == "it does not contain lib, which app 1.0 requires"
    assert found(dependencies, "lib 2.0", ignored="lib") == ""
    assert found(dependencies, "lib 1.0", "lib 2.0") == ""


@pytest.mark.parametrize(
    "dependencies",
    [
        'lib = "*"',
        'lib = {version = "<2", markers = "sys_platform == \\"win32\\""}',
        'lib = {version = "<2", optional = true, markers = "extra == \\"fast\\""}',
        'lib = [\n    {version = "<2", markers = "python_version < \\"3.12\\""},\n]',
        'lib = {path = "../lib"}',
        'lib = ">=damaged"',
    ],
)
def test_what_may_not_apply_or_is_satisfied_is_consistent(dependencies: str) -> None:
    assert found(dependencies, "lib 2.0") == ""


def test_a_lock_that_poetry_has_not_written_so_is_not_examined() -> None:
    assert found('lib = "<2" # changed by hand', "lib 2.0") == ""
