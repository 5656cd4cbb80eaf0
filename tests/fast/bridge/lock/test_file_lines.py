"""The files of packages, read out of the lines of a lock."""

from __future__ import annotations

from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.bridge.lock.text.file_lines import locked_files
from poetry_fti.model.lock import LockedFile

PACKAGE: Final = """\
[[package]]
name = "Lib"
version = "1.0"
description = "\\"files = [\\""
files = [
    {{file = "lib-1.0-{0}.whl", hash = "sha256:{0}"}},
    {{file = "lib-1.0.tar.gz", hash = "sha256:00"}},
]

[package.source]
type = "legacy"
"""
LOCK: Final = f"""\
# generated

{PACKAGE.format("aa")}
{PACKAGE.format("bb")}
[[package]]
name = "from-git"
version = "2.0"
files = []

[[package]]
name = "damaged"
version = "one"
files = [
    {{file = "damaged-1.tar.gz", hash = "sha256:00"}},
]

[metadata]
lock-version = "2.1"
"""


def test_a_version_has_the_files_of_all_its_entries() -> None:
    source = LockedFile(name="lib-1.0.tar.gz", digest="sha256:00")
    wheels = [
        LockedFile(name=f"lib-1.0-{each}.whl", digest=f"sha256:{each}") for each in ("aa", "bb")
    ]
    lib = (canonicalize_name("lib"), Version("1.0"))
    git = (canonicalize_name("from-git"), Version("2.0"))
    expected = {lib: (wheels[0], source, wheels[1], source), git: ()}
    assert locked_files(LOCK) == expected
    assert locked_files(LOCK.replace("\n", "\r\n")) == expected


def test_other_texts_have_no_files() -> None:
    assert locked_files("") == locked_files("package = []\n") == {}
