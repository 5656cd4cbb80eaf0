"""Where versions of a package are locked, as text."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.agreement.places import origin_texts, places, places_text
from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.origins import Origin

FEATS: Final = canonicalize_name("feats")
PYPI: Final = IndexOrigin()
PRIVATE: Final = IndexOrigin("private", "https://private/simple")
URL: Final = UrlOrigin("https://me:secret@x.org/feats-0.3.0.whl")


def locked(version: str, origin: Origin, *hexes: str) -> LockedVersion:
    return LockedVersion(Version(version), origin, frozenset(f"sha256:{each}" for each in hexes))


def commit(digits: str, version: str = "0.3.0", subdirectory: str | None = None) -> LockedVersion:
    origin = GitOrigin("https://git/feats.git", digits.ljust(40, "0"), "main", subdirectory)
    return locked(version, origin)


CASES: Final[Mapping[str, tuple[Mapping[str, tuple[LockedVersion, ...]], str]]] = {
    "versions": (
        {"feature": (locked("1.0", PYPI),), "inference": (locked("2.0", PRIVATE),)},
        "2.0 in inference, 1.0 in feature",
    ),
    "commits": (
        {
            "feature": (commit("5e3181f"),),
            "training": (commit("bf2931f"),),
            "inference": (commit("5e3181f"),),
        },
        "0.3.0 at 5e3181f in feature and inference, at bf2931f in training",
    ),
    "commits with other versions": (
        {"feature": (commit("5e3181f"),), "inference": (commit("bf2931f", "0.4.0"),)},
        "0.4.0 in inference, 0.3.0 in feature",
    ),
    "commits of two versions": (
        {
            "feature": (commit("5e3181f"),),
            "training": (commit("bf2931f", "0.4.0"),),
            "inference": (commit("abcdef1"),),
        },
        "0.4.0 in training, 0.3.0 at 5e3181f in feature, at abcdef1 in inference",
    ),
    "folders of one commit": (
        {
            "feature": (commit("5e3181f", subdirectory="old"),),
            "inference": (commit("5e3181f"),),
        },
        "0.3.0 at 5e3181f (old) in feature, at 5e3181f (.) in inference",
    ),
    "indexes": (
        {
            "feature": (locked("1.0", PYPI, "a", "b"),),
            "training": (locked("1.0", PRIVATE, "c"),),
        },
        "1.0 from PyPI in feature, from private in training",
    ),
    "mirrors": (
        {
            "feature": (locked("1.0", PYPI, "a", "b"),),
            "training": (locked("1.0", PRIVATE, "b"),),
        },
        "1.0 in feature and training",
    ),
    "replaced files": (
        {
            "feature": (locked("1.0", PYPI, "1f2e3d4c5b", "2"),),
            "training": (locked("1.0", PYPI, "a0b1c2d3e4"),),
        },
        "1.0 from PyPI (1f2e3d4) in feature, from PyPI (a0b1c2d) in training",
    ),
    "a URL, a path, a tree and a commit": (
        {
            "a": (locked("0.3.0", URL, "a"),),
            "b": (locked("0.3.0", FileOrigin(PurePosixPath("wheels/feats.whl")), "b"),),
            "c": (locked("0.3.0", DirectoryOrigin(PurePosixPath("libs/feats"))),),
            "d": (commit("5e3181f"),),
        },
        (
            "0.3.0 at https://x.org/feats-0.3.0.whl in a, at wheels/feats.whl in b,"
            " at libs/feats in c, at 5e3181f in d"
        ),
    ),
    "labels": (
        {"feature": (locked("2.9.0", PYPI, "a"),), "training": (locked("2.9.0+cpu", PYPI, "b"),)},
        "2.9.0+cpu in training, 2.9.0 in feature",
    ),
    "several versions in a stage": (
        {
            "feature": (commit("5e3181f"), locked("1.0", PYPI)),
            "training": (commit("bf2931f"), locked("1.0", PYPI)),
            "inference": (commit("5e3181f"), commit("bf2931f")),
        },
        (
            "0.3.0 at 5e3181f and 1.0 in feature, 0.3.0 at bf2931f and 1.0 in training,"
            " 0.3.0 at 5e3181f and at bf2931f in inference"
        ),
    ),
}


@pytest.mark.parametrize(("stages", "text"), CASES.values(), ids=CASES)
def test_an_origin_is_named_where_the_version_does_not_identify_the_content(
    stages: Mapping[str, tuple[LockedVersion, ...]], text: str
) -> None:
    assert (
        places_text(places(FEATS, {name: {FEATS: each} for name, each in stages.items()})) == text
    )


def test_stages_without_the_package_are_left_out() -> None:
    found = places(FEATS, {"feature": {}, "training": {FEATS: (commit("5e3181f"),)}})
    assert found == (((commit("5e3181f"),), ("training",)),)


def test_the_origins_of_a_change() -> None:
    before, after, other = commit("5e3181f"), commit("bf2931f"), locked("1.0", PYPI)
    assert origin_texts([before, after, other]) == {before: "5e3181f", after: "bf2931f", other: ""}
