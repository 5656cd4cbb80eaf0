"""`poetry fti image`: what images are made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.newest_only

LISTED = """\
Stage      Base                       Layers    Packages  Download
feature    python:3.10-slim-bookworm  packages  3         3 kB
training   python:3.10-slim-bookworm  packages  6         7 kB
inference  python:3.10-slim-bookworm  packages  8         18 kB
"""
EXPLAINED = """\
inference: 18 kB of packages to download
  Layer     Download  Packages  Contents                                             Reason
  base      -         -         python:3.10-slim-bookworm                            the oldest Python that the stage supports
  packages  18 kB     8         sourceonly 10 kB, webby 1 kB, boosting 1 kB, 5 more  too small to divide into layers
  code      -         -         src/tiny                                             changes most often, so no layer is above it
  The build can read 0 kB of files:
    src/tiny  0 kB
"""  # noqa: E501


def test_images_are_listed_and_explained(poetry: Poetry, locked_tiny: Path) -> None:
    assert poetry.ok(locked_tiny, "fti", "image") == LISTED
    assert poetry.ok(locked_tiny, "fti", "image", "inference", "--explain") == EXPLAINED
    (image,) = json.loads(poetry.ok(locked_tiny, "fti", "image", "inference", "--format", "json"))[
        "images"
    ]
    assert (image["stage"], image["not_shared"]) == ("inference", [])
    assert [each["path"] for each in image["context"]] == ["src/tiny"]
    base, packages, _ = image["layers"]
    assert base == {
        "layer": "base",
        "size": 0,
        "holds": "python:3.10-slim-bookworm",
        "reason": "the oldest Python that the stage supports",
        "packages": [],
    }
    sizes = [each["size"] for each in packages["packages"]]
    assert image["size"] == packages["size"] == sum(sizes)
    assert packages["packages"][0] == {"package": "sourceonly", "size": max(sizes)}
    assert not (locked_tiny / "fti/inference/Dockerfile").exists()
