"""Locks that plain Poetry, or a bot that runs it, has updated in the folder of a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from cleo.io.null_io import NullIO
from poetry.installation.installer import Installer
from poetry.utils._compat import tomllib
from poetry.utils.env import NullEnv

from memory_commands import run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = pytest.mark.slow

RELEASES: Final[Releases] = {
    "app 1.0": ["lib", "big", "win; sys_platform == 'win32'"],
    "big 1.0": [],
    "lib 1.0": [],
    "mid 1.0": [],
    "win 1.0": [],
}
GROUPS: Final = {"training": ["app"], "inference": ["lib", "mid"]}
PLATFORMS: Final = '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]\n'
SETTINGS: Final = {
    "platforms and exclude": PLATFORMS + 'exclude = ["big"]\n',
    "rules": (
        '[[tool.fti.align]]\nstages = ["training", "inference"]\npackages = ["mid"]\nlevel="exact"'
    ),
}


def conditions(demo: MemoryProject) -> dict[str, Any]:
    text = (demo.root / "fti/training/poetry.lock").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["metadata"].get("fti", {})
    return found


def update_with_plain_poetry(demo: MemoryProject, package: str) -> None:
    """Run what `poetry update --lock PACKAGE` does on the exported derived project."""
    assert run(demo, "export", "training", "--format", "pyproject").code == 0
    poetry = demo.index.create_poetry(demo.root / "fti/training")
    installer = Installer(
        NullIO(), NullEnv(), poetry.package, poetry.locker, poetry.pool, poetry.config
    )
    installer.set_locker(poetry.locker).update(update=True)
    installer.whitelist([package])
    assert installer.execute_operations(execute=False).run() == 0


@pytest.mark.parametrize("missing", SETTINGS)
def test_an_update_by_plain_poetry_is_kept(demo: MemoryProject, missing: str) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject(GROUPS, SETTINGS[missing]))
    demo.lock()
    before = conditions(demo)
    newer = {f"{name} 1.1": needs for name, needs in {"lib": [], "app": ["lib", "big"]}.items()}
    demo.index.offer({**RELEASES, **newer})
    update_with_plain_poetry(demo, "lib")
    assert conditions(demo) == {}
    checked = run(demo, "lock", "--check")
    assert checked.code == 3
    assert checked.errors == (
        f"fti/training/poetry.lock does not record the stage's {missing} (new in pyproject.toml,"
        " or removed by plain Poetry with the table [metadata.fti])."
        " Run `poetry fti lock training`.\n"
    )
    assert run(demo, "lock").code == 0
    assert conditions(demo) == before
    others = "" if "exclude" in missing else "big 1.0, "
    windows = "" if "platforms" in missing else ", win 1.0"
    assert demo.locked["training"] == f"app 1.0, {others}lib 1.1{windows}"
    assert run(demo, "lock", "--check").code == 0


def test_an_update_that_breaks_a_constraint_is_undone(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject(GROUPS, PLATFORMS + 'constraints = ["lib<1.1"]\n'))
    demo.lock()
    demo.index.offer({**RELEASES, "lib 1.1": [], "big 1.1": []})
    update_with_plain_poetry(demo, "lib")
    assert run(demo, "lock").code == 0
    assert demo.locked["training"] == "app 1.0, big 1.0, lib 1.0"
