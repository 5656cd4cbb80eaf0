"""Check `unpinned-direct`: what an update or another installation may replace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from checked import found, locked, stage
from poetry_fti.model.origins import GitOrigin, UrlOrigin

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.origins import Origin

COMMIT: Final = "5e3181f0c1d2a3b4c5d6e7f8091a2b3c4d5e6f70"
URL: Final = "https://git.example.com/lib.git"


def findings(origin: Origin, *, via: str = "", digests: frozenset[str] = frozenset()) -> list[str]:
    lib = replace(locked("lib", "1.0"), origin=origin, digests=digests)
    packages: list[LockedPackage] = [lib, lib]
    if via:
        packages.append(locked(via, "1.0", ["lib"]))
    checked = stage("training", {}, direct=[via or "lib"])
    return found("unpinned-direct", replace(checked, packages=tuple(packages)))


@pytest.mark.parametrize(
    ("requested", "shown"),
    [
        ("main", "main"),
        ("v1.0", "v1.0"),
        ("HEAD", "the default branch"),
        (None, "the default branch"),
        ("5e3181", "5e3181"),
        ("deadbeef", "deadbeef"),
        ("a\nb", "a\\nb"),
    ],
)
def test_a_branch_or_a_tag_may_move(requested: str | None, shown: str) -> None:
    assert findings(GitOrigin(URL, COMMIT, requested)) == [
        (
            f"training: warning: lib is required at {shown} of {URL}, so an update may replace the"
            " locked commit 5e3181f\n"
            "required by pyproject.toml -> lib\n"
            f"Require lib at a commit, such as the locked {COMMIT}, and run `poetry fti update"
            " training lib`"
        )
    ]


@pytest.mark.parametrize("requested", [COMMIT, COMMIT.upper(), COMMIT[:7]])
def test_a_commit_does_not_move(requested: str) -> None:
    assert findings(GitOrigin(URL, COMMIT, requested)) == []


def test_a_requirement_of_another_package_is_named() -> None:
    url = URL.replace("git.", "me:secret@git.")
    assert findings(GitOrigin(url, COMMIT, "main"), via="shared") == [
        (
            f"training: warning: lib is required at main of {URL}, so an update may replace the"
            " locked commit 5e3181f\n"
            "required by pyproject.toml -> shared -> lib\n"
            f"In shared, require lib at a commit, such as the locked {COMMIT}, and run `poetry fti"
            " update training shared lib`"
        )
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("file://None/srv/git/lib", "file:///srv/git/lib"),  # as Poetry locks it
        ("git@git.example.com:acme/lib.git", "ssh://git@git.example.com/acme/lib.git"),
    ],
)
def test_the_url_of_a_repository_is_shown_as_it_can_be_used(url: str, shown: str) -> None:
    (text,) = findings(GitOrigin(url, COMMIT, "main"))
    assert f"lib is required at main of {shown}, so an update" in text


def test_a_url_is_locked_with_a_hash() -> None:
    url = "https://files.example.com/lib-1.0-py3-none-any.whl"
    assert findings(UrlOrigin(url), digests=frozenset({"sha256:00"})) == []
    assert findings(UrlOrigin(url)) == [
        (
            f"training: error: lib is locked without a hash: {url} may return another file\n"
            "required by pyproject.toml -> lib\n"
            "Run `poetry fti update training lib`, which records the hash"
        )
    ]


def test_packages_of_an_index_are_no_matter() -> None:
    assert found("unpinned-direct", stage("training", {"lib": "1.0"})) == []
