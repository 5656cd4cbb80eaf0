"""The requirements of a selection that a change of one of its packages leaves unmet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package

from poetry_fti.bridge.solving.attempts.selection import Selection, needs_by_extra

if TYPE_CHECKING:
    from poetry_fti.bridge.solving.attempts.selection import NeedsByExtra

RELEASES = {
    "app 1.0": ["lib"],
    "app 2.0": ["lib[fast]"],
    "app 3.0": ["lib[fast]", "mid"],
    "lib 1.0": ["mid ; extra == 'fast'"],
    "lib 2.0": ["zoo>=2 ; extra == 'fast'"],
    "zoo 1.0": [],
}


def release(text: str) -> Package:
    name, version = text.split()
    return Package(name, version)


def needs_of(package: Package) -> NeedsByExtra:
    texts = RELEASES[f"{package.name} {package.version}"]
    return needs_by_extra(package.name, [Dependency.create_from_pep_508(text) for text in texts])


@pytest.mark.parametrize(
    ("change", "lib", "unmet"),
    [
        ("app 1.0", "lib 1.0", set()),
        ("app 2.0", "lib 1.0", {"lib", "mid"}),
        ("app 2.0", "lib 2.0", {"lib", "zoo"}),
        ("app 3.0", "lib 1.0", {"app", "lib", "mid"}),
    ],
)
def test_an_extra_that_a_change_activates_is_followed(
    change: str, lib: str, unmet: set[str]
) -> None:
    releases = map(release, ("app 1.0", lib, "zoo 1.0"))
    selected = {package.name: (package,) for package in releases}
    selection = Selection([Dependency("app", "*")], selected, needs_of)
    changed = release(change)
    assert selection.unmet_with({changed.name: (changed,)}) == unmet
