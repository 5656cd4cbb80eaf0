"""Origins of locked packages: a lock's pins have the same as the packages that were solved."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from poetry.core.packages.package import Package

from poetry_fti.bridge.lock.origins import package_origin, pinned_locked_versions
from poetry_fti.bridge.lock.pins import Pin
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin

if TYPE_CHECKING:
    from poetry_fti.model.origins import Origin

ROOT = Path("/src/demo")
LOCKS = ROOT / "fti/training"
LIBS = ROOT.parent / "libs"


@pytest.mark.parametrize(
    ("source", "written", "origin"),
    [
        ((None, None, None, None, None), None, IndexOrigin()),
        (
            ("legacy", "https://x.org/simple", "private", None, None),
            None,
            IndexOrigin("private", "https://x.org/simple"),
        ),
        (
            ("git", "https://x.org/a.git", "main", "5e3181f", "libs/a"),
            None,
            GitOrigin("https://x.org/a.git", "5e3181f", "main", "libs/a"),
        ),
        (
            ("url", "https://x.org/a.zip", None, None, "libs/a"),
            None,
            UrlOrigin("https://x.org/a.zip", "libs/a"),
        ),
        (
            ("file", str(LIBS / "a.whl"), None, None, None),
            "../../../libs/a.whl",
            FileOrigin(PurePosixPath("../libs/a.whl")),
        ),
        (
            ("directory", str(ROOT / "libs/a"), None, None, None),
            "../../libs/a",
            DirectoryOrigin(PurePosixPath("libs/a")),
        ),
    ],
)
def test_a_pin_has_the_origin_of_its_package(
    source: tuple[str | None, ...], written: str | None, origin: Origin
) -> None:
    kind, url, reference, resolved, subdirectory = source
    package = Package(
        "a",
        "1.0",
        source_type=kind,
        source_url=url,
        source_reference=reference,
        source_resolved_reference=resolved,
        source_subdirectory=subdirectory,
    )
    pin = Pin(package.name, "1.0", kind, written or url, reference, resolved, subdirectory)
    assert package_origin(package, ROOT) == origin
    ((found,),) = pinned_locked_versions([pin], LOCKS, ROOT).values()
    assert found.origin == origin
