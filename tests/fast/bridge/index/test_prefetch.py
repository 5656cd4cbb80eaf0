"""What is requested ahead of the solver."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package

from poetry_fti.bridge.index.monitoring.monitored import monitored
from poetry_fti.bridge.index.pool import shared_pool
from poetry_fti.bridge.index.prefetch.prefetcher import Prefetcher, environments
from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay
from poetry_fti.model.platforms import Platform, Targets
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from memory_index import MemoryProject

PATIENCE: Final = 10  # seconds, for threads that need milliseconds
RELEASES: Final = {
    "app 1.0": ["old"],
    "app 2.0": [
        "lib[fast]",
        'on-windows; sys_platform == "win32"',
        "by-url @ https://example.com/by_url-1-py3-none-any.whl",
    ],
    **{f"lib {major}.0": [] for major in range(1, 10)},
    "lib 10.0": ['quick; extra == "fast"', 'slow; extra == "slow"'],
    **{f"{name} 1.0": [] for name in ("old", "on-windows", "by-url", "quick", "slow")},
}


@contextmanager
def prefetching(demo: MemoryProject) -> Iterator[Prefetcher]:
    """Yield a prefetcher that has been started for `app` on Linux."""
    demo.index.offer(RELEASES)
    demo.write(pyproject({}))
    pool = demo.index.create_poetry(demo.root).pool
    with monitored(pool) as monitor:
        shared = shared_pool(pool, monitor, RequestsUnderWay())
        prefetcher = Prefetcher(shared, monitor)
        where = environments(Targets(platforms=(Platform("linux", "amd64"),)), ">=3.11,<3.14")
        prefetcher.add_requirements([Dependency("app", "*")], where)
        prefetcher.start()
        try:
            yield prefetcher
        finally:
            prefetcher.stop()


def require_requests(demo: MemoryProject, *expected: str) -> None:
    """Wait until these pages and releases have been requested; fail if others have been, too."""
    deadline = time.monotonic() + PATIENCE
    while not (found := requested(demo)) >= set(expected) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(found) == sorted(expected)


def requested(demo: MemoryProject) -> set[str]:
    return {path for path in demo.index.requests if not path.startswith("/files/")}


ASSUMED: Final = (
    *("/simple/app/", "/pypi/app/2.0/json"),
    *("/simple/lib/", "/pypi/lib/10.0/json"),
    *("/simple/quick/", "/pypi/quick/1.0/json"),
)


def test_the_newest_releases_are_assumed(demo: MemoryProject) -> None:
    with prefetching(demo):
        require_requests(demo, *ASSUMED)


@pytest.mark.slow
def test_another_release_that_the_solver_reads_is_followed(demo: MemoryProject) -> None:
    with prefetching(demo) as prefetcher:
        require_requests(demo, *ASSUMED)
        prefetcher.follow_release(Package("app", "1.0"), RELEASES["app 1.0"])
        require_requests(demo, *ASSUMED, "/simple/old/", "/pypi/old/1.0/json")
        prefetcher.follow_release(Package("app", "2.0"), RELEASES["app 2.0"])
        require_requests(demo, *ASSUMED, "/simple/old/", "/pypi/old/1.0/json")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "ahead"),
    [
        ((9,), ()),
        ((9, 8), (7, 6)),
        ((9, 8, 5), (7, 6, 4, 3, 2)),
    ],
)
def test_older_releases_are_read_ahead_of_a_solver_that_goes_from_one_to_the_next(
    demo: MemoryProject, read: Sequence[int], ahead: Sequence[int]
) -> None:
    with prefetching(demo) as prefetcher:
        require_requests(demo, *ASSUMED)
        for major in read:
            prefetcher.follow_release(Package("lib", f"{major}.0"), ())
        require_requests(demo, *ASSUMED, *(f"/pypi/lib/{major}.0/json" for major in ahead))
