"""A package index as companies and old servers have it, and a project that locks from it."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from harness import Poetry
from loopback.catalogue import Catalogue, metadata_text
from loopback.clients import isolated_environment
from loopback.in_tree_backend import write_wheel
from loopback.index import CREDENTIALS, Further, LoopbackIndex
from loopback.negotiation import TEXT_HTML
from loopback.site import NOT_FOUND, Answer
from small_index import catalogue, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness import Result
    from loopback.catalogue import Release
    from small_index import Releases

REQUIREMENTS: Final = 24


def wide(number: int = REQUIREMENTS) -> dict[str, list[str]]:
    """Return an app that requires so many packages, each of which requires `base`."""
    names = [f"part{index:02}" for index in range(number)]
    return {
        "app 1.0": names,
        **{f"{name} {version}": ["base"] for name in names for version in ("1.0", "2.0")},
        "base 1.0": [],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What an index can do and what it bears.

    Those who want to read a `guarded` one must know ``CREDENTIALS``. `allowance` is in requests a
    second. `latency` is in seconds, and long enough for the threads that prefetch to be needed.
    """

    guarded: bool = False
    json: bool = True
    metadata: bool = True
    ranges: bool = False
    allowance: float = float("inf")
    retry_after: str = "1"
    latency: float = 0.05


PLAIN: Final = Manners()


class AwkwardIndex(LoopbackIndex):
    """An index with manners of its own; `most` is how many requests were there at once."""

    def __init__(self, catalogue: Catalogue, manners: Manners) -> None:
        super().__init__(catalogue, further={"guarded": Further(catalogue, CREDENTIALS)})
        self._manners = manners
        self._lock = Lock()
        self._present = 0
        self._allowed = Counter[int]()
        self.most = 0

    @property
    def asked(self) -> Counter[str]:
        """How often each URL was asked for."""
        return Counter(request.path for request in self.requests)

    @property
    def refused(self) -> int:
        """How many requests were too many."""
        return sum(each.status == HTTPStatus.TOO_MANY_REQUESTS for each in self.requests)

    def respond(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a request, such as this index gives it."""
        manners = self._manners
        with self._counted() as allowed:
            time.sleep(manners.latency)
            if not allowed:
                later = {"Retry-After": manners.retry_after}
                return Answer(HTTPStatus.TOO_MANY_REQUESTS, headers=later)
            asked = headers if manners.json else {**headers, "Accept": TEXT_HTML}
            answer = super().respond(path, asked)
        if not manners.metadata:
            if path.endswith(".metadata"):
                return NOT_FOUND
            answer = replace(answer, body=answer.body.replace(b"core-metadata", b"nothing"))
        return _part(answer, headers) if manners.ranges and path.endswith(".whl") else answer

    @contextmanager
    def _counted(self) -> Iterator[bool]:
        with self._lock:
            self._present += 1
            self.most = max(self.most, self._present)
            second = int(time.monotonic())
            self._allowed[second] += 1
            allowed = self._allowed[second] <= self._manners.allowance
        try:
            yield allowed
        finally:
            with self._lock:
                self._present -= 1


def _part(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """Return the part of a file that a Range header asks for."""
    offered = {**answer.headers, "Accept-Ranges": "bytes"}
    wanted = headers.get("Range", "").removeprefix("bytes=")
    if answer.status is not HTTPStatus.OK or not wanted:
        return replace(answer, headers=offered)
    first, _, last = wanted.partition("-")
    size = len(answer.body)
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) if first and last else size - 1, size - 1)
    offered["Content-Range"] = f"bytes {start}-{end}/{size}"
    body = answer.body[start : end + 1]
    return replace(answer, status=HTTPStatus.PARTIAL_CONTENT, body=body, headers=offered, etag="")


def with_wheels(releases: Releases, folder: Path) -> Catalogue:
    """Return the releases with wheels that can be downloaded."""
    found = catalogue(releases)
    return Catalogue(
        {
            name: tuple(_with_wheel(release, folder) for release in each)
            for name, each in found.projects.items()
        }
    )


def _with_wheel(release: Release, folder: Path) -> Release:
    (file,) = release.files
    wheel = folder / file.filename
    # Longer than what is read of a wheel to find its metadata.
    modules = {f"{release.name}.py": b"#" * 50_000}
    write_wheel(wheel, modules, metadata_text(release.metadata).encode())
    content = wheel.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    built = replace(file, sha256=digest, size=len(content), archive=wheel)
    return replace(release, files=(built,))


@dataclass(frozen=True, slots=True)
class Desk:
    """A project in the folder `root`, whose stages are locked from an awkward index."""

    root: Path
    poetry: Poetry
    index: AwkwardIndex

    def run(self, *words: str) -> Result:
        """Run `poetry WORDS`."""
        return self.poetry(self.root, *words)

    def lock(self, *words: str) -> bytes:
        """Lock, require that nothing but success is told, and return the lock of `feature`."""
        result = self.run("fti", "lock", *words)
        assert (result.code, result.errors) == (0, ""), result
        return self.path.read_bytes()

    def with_new_cache(self) -> Desk:
        """Return the same with nothing in any cache."""
        home = self.root.parent / "new-home"
        environment = isolated_environment(home, self.index.url)
        return replace(self, poetry=Poetry({**self.poetry.environment, **environment}))

    def plain(self) -> bytes:
        """Return the lock of `feature` as plain Poetry writes it."""
        self.poetry.ok(self.root, "fti", "export", "--format", "pyproject", "--quiet")
        self.path.unlink()
        self.poetry.ok(self.path.parent, "lock", "--no-plugins")
        return self.path.read_bytes()

    @property
    def path(self) -> Path:
        """The lock of `feature`."""
        return self.root / "fti" / "feature" / "poetry.lock"


@contextmanager
def desk(
    folder: Path,
    offered: Releases | Catalogue,
    manners: Manners = PLAIN,
    *,
    stages: Mapping[str, Sequence[str]] = MappingProxyType({"feature": ["app"]}),
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Desk]:
    """Yield a project with empty caches and settings such as ``POETRY_SOLVER_LAZY_WHEEL``.

    Its only source is the index.
    """
    found = offered if isinstance(offered, Catalogue) else catalogue(offered)
    with AwkwardIndex(found, manners) as index:
        root = folder / "demo"
        root.mkdir()
        source = f"{index.url}{'guarded/' if manners.guarded else ''}simple/"
        table = f'[[tool.poetry.source]]\nname = "corp"\nurl = "{source}"'
        (root / "pyproject.toml").write_text(pyproject(stages, table), encoding="utf-8")
        environment = isolated_environment(folder / "home", index.url)
        # Plain Poetry would take half of its time to make one.
        environment["POETRY_VIRTUALENVS_CREATE"] = "false"
        yield Desk(root, Poetry({**environment, **settings}), index)
