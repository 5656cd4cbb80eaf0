"""Locked versions: what is the same version with the same content."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest
from packaging.version import Version

from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin

if TYPE_CHECKING:
    from poetry_fti.model.origins import Origin


def locked(version: str, origin: Origin, *digests: str) -> LockedVersion:
    return LockedVersion(Version(version), origin, frozenset(digests))


PYPI: Final = IndexOrigin()
MIRROR: Final = IndexOrigin("mirror", "https://mirror/simple")
REPOSITORY: Final = "https://git/feats.git"
WHEEL: Final = FileOrigin(PurePosixPath("wheels/feats-1.0-py3-none-any.whl"))

SAME: Final = {
    "other spelling": (locked("1.0", PYPI, "a"), locked("1.0.0", PYPI, "a")),
    "files that were uploaded later": (locked("1.0", PYPI, "a"), locked("1.0", PYPI, "a", "b")),
    "a mirror": (locked("1.0", PYPI, "a", "b"), locked("1.0", MIRROR, "b", "c")),
    "an index without known files": (locked("1.0", PYPI), locked("1.0", MIRROR, "a")),
    "local labels": (locked("2.9.0", PYPI, "a"), locked("2.9.0+cpu", MIRROR, "b")),
    "labels of wheels": (
        locked("2.9.0+cpu", UrlOrigin("https://x/cpu.whl"), "a"),
        locked("2.9.0+cu128", UrlOrigin("https://x/cu128.whl"), "b"),
    ),
    "one file at two URLs": (
        locked("1.0", UrlOrigin("https://x/feats.whl"), "a"),
        locked("1.0", UrlOrigin("https://y/feats.whl"), "a"),
    ),
    "a file of the index": (locked("1.0", PYPI, "a", "b"), locked("1.0", WHEEL, "b")),
    "one commit at two URLs": (
        locked("1.0", GitOrigin(REPOSITORY, "5e3181f", "main")),
        locked("1.0", GitOrigin("ssh://git@git/feats.git", "5e3181f", "v1")),
    ),
    "one tree": (
        locked("1.0", DirectoryOrigin(PurePosixPath("libs/feats"))),
        locked("1.0", DirectoryOrigin(PurePosixPath("libs/feats"), editable=True)),
    ),
    "a URL without known files": (
        locked("1.0", UrlOrigin("https://x/feats.whl")),
        locked("1.0", UrlOrigin("https://x/feats.whl"), "a"),
    ),
}
DIFFERENT: Final = {
    "versions": (locked("1.0", PYPI, "a"), locked("1.1", PYPI, "a")),
    "versions with the same label": (locked("1.0+cpu", PYPI, "a"), locked("1.1+cpu", PYPI, "a")),
    "files of two indexes": (locked("1.0", PYPI, "a", "b"), locked("1.0", MIRROR, "c", "d")),
    "builds with the same label": (locked("1.0+cpu", PYPI, "a"), locked("1.0+cpu", MIRROR, "b")),
    "commits": (
        locked("1.0", GitOrigin(REPOSITORY, "5e3181f", "main")),
        locked("1.0", GitOrigin(REPOSITORY, "bf2931f", "main")),
    ),
    "commits with labels": (
        locked("1.0+g5e3181f", GitOrigin(REPOSITORY, "5e3181f")),
        locked("1.0+gbf2931f", GitOrigin(REPOSITORY, "bf2931f")),
    ),
    "folders of a commit": (
        locked("1.0", GitOrigin(REPOSITORY, "5e3181f", None, "old")),
        locked("1.0", GitOrigin(REPOSITORY, "5e3181f", None, "new")),
    ),
    "files at two URLs": (
        locked("1.0", UrlOrigin("https://x/feats.whl"), "a"),
        locked("1.0", UrlOrigin("https://y/feats.whl"), "b"),
    ),
    "files that replaced each other": (locked("1.0", WHEEL, "a"), locked("1.0", WHEEL, "b")),
    "trees": (
        locked("1.0", DirectoryOrigin(PurePosixPath("libs/feats"))),
        locked("1.0", DirectoryOrigin(PurePosixPath("libs/new"))),
    ),
    "a commit and the index": (
        locked("1.0", GitOrigin(REPOSITORY, "5e3181f")),
        locked("1.0", PYPI, "a"),
    ),
    "a tree and a file of it": (
        locked("1.0", DirectoryOrigin(PurePosixPath("libs/feats"))),
        locked("1.0", FileOrigin(PurePosixPath("libs/feats.tar.gz")), "a"),
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_locked_versions_with_the_same_content_agree(
    one: LockedVersion, other: LockedVersion
) -> None:
    assert one.agrees_with(other)
    assert other.agrees_with(one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_locked_versions_with_different_content_do_not_agree(
    one: LockedVersion, other: LockedVersion
) -> None:
    assert not one.agrees_with(other)
    assert not other.agrees_with(one)
