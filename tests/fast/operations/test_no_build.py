"""`--no-build` and `no-build`: no code of a package is run to read its metadata."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from poetry.inspection import info
from poetry.inspection.info import PackageInfo

from loopback.catalogue import Catalogue, File, Release
from loopback.site import Site
from memory_index import DEFAULT, Recorder
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from small_index import catalogue, pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.site import Answer
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

STATIC: Final = "Metadata-Version: 2.4\nName: old\nVersion: 1.0\nRequires-Dist: lib\n"
DYNAMIC: Final = "Metadata-Version: 1.2\nName: old\nVersion: 1.0\n"
BUILD: Final = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
FORBIDS: Final = (
    " has no static metadata: locking it would run its build, which `--no-build` or `no-build` in"
    " pyproject.toml forbids. Require a release with a wheel, or allow builds for this stage."
)
FROM_INDEX: Final = f'old 1.0 from the package index "PyPI"{FORBIDS}'
NO_BUILD: Final = "[tool.fti.stages.training]\nno-build = true\n[tool.fti.stages.feature]\n"


class _SiteWithoutMetadata(Site):
    """An index that has no metadata of `old` in a file of its own (PEP 658)."""

    def answer(self, path: str, accept: str = "") -> Answer:
        """Return an answer whose pages announce none."""
        found = super().answer(path, accept)
        if "/old/" not in path:
            return found
        return replace(found, body=found.body.replace(b'"core-metadata"', b'"other"'))


def offer(demo: MemoryProject, metadata: str) -> None:
    """Offer a release of `old` that has a source distribution only, and one of `lib`."""
    archive = demo.root.parent / "old-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in (("PKG-INFO", metadata), ("pyproject.toml", BUILD)):
            entry = tarfile.TarInfo(f"old-1.0/{name}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    data = archive.read_bytes()
    file = File(
        filename=archive.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        requires_python=None,
        upload_time="2026-01-01T00:00:00Z",
        yanked=False,
        archive=archive,
    )
    release = Release("old", "1.0", (("Name", "old"), ("Version", "1.0")), (file,))
    offered = catalogue({"lib 1.0": []}) | Catalogue({"old": (release,)})
    demo.index.sites[DEFAULT] = _SiteWithoutMetadata(offered, f"https://{DEFAULT}/")


def lock(demo: MemoryProject, *, builds: bool = True) -> dict[str, str]:
    """Lock all stages, and return the errors."""
    project = demo.load()
    request = LockRequest(stages=frozenset(s.name for s in project.stages), builds=builds)
    results = lock_stages(project, project.stages, request, Recorder())
    return {name: str(each.error) for name, each in results.items() if each.error}


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders that Poetry has built for their metadata."""
    built: list[str] = []

    def build(path: Path) -> PackageInfo:
        built.append(path.name)
        return PackageInfo(name="old", version="1.0", requires_dist=["lib"])

    monkeypatch.setattr(info, "get_pep517_metadata", build)
    return built


def test_static_metadata_of_a_source_distribution_are_enough(
    demo: MemoryProject, builds: list[str]
) -> None:
    offer(demo, STATIC)
    demo.write(pyproject({"training": ["old"]}))
    assert lock(demo, builds=False) == {}
    assert demo.locked == {"training": "lib 1.0, old 1.0"}
    assert builds == []


def test_a_release_that_would_be_built_is_refused(demo: MemoryProject, builds: list[str]) -> None:
    offer(demo, DYNAMIC)
    demo.write(pyproject({"training": ["old"]}))
    assert lock(demo, builds=False) == {"training": FROM_INDEX}
    assert (builds, demo.locked) == ([], {})
    assert lock(demo) == {}
    assert (builds, demo.locked) == (["old-1.0"], {"training": "lib 1.0, old 1.0"})
    # What an earlier build has left in the cache makes no difference.
    (demo.root / "fti/training/poetry.lock").unlink()
    assert lock(demo, builds=False) == {"training": FROM_INDEX}
    assert builds == ["old-1.0"]


@pytest.mark.parametrize("platforms", ["", 'platforms = ["linux/amd64"]\n'])
def test_a_stage_without_builds_does_not_affect_others(
    platforms: str, demo: MemoryProject, builds: list[str]
) -> None:
    offer(demo, DYNAMIC)
    groups = {"training": ["old"], "feature": ["old"]}
    settings = NO_BUILD.replace("no-build", f"{platforms}no-build")
    demo.write(pyproject(groups, settings))
    assert lock(demo) == {"training": FROM_INDEX}
    assert demo.locked == {"feature": "lib 1.0, old 1.0"}
    assert set(builds) == {"old-1.0"}


def test_a_path_without_static_metadata_is_refused(demo: MemoryProject, builds: list[str]) -> None:
    demo.index.offer({"lib 1.0": []})
    tree = demo.root / "tree"
    tree.mkdir()
    (tree / "pyproject.toml").write_text(BUILD)
    demo.write(
        pyproject({"training": []})
        + '[tool.poetry.group.training.dependencies]\nold = { path = "tree" }\n'
    )
    errors = lock(demo, builds=False)
    assert errors == {"training": f"old ({tree}){FORBIDS}"}
    assert builds == []
    (tree / "PKG-INFO").write_text(STATIC)
    assert lock(demo, builds=False) == {}
    assert (builds, demo.locked) == ([], {"training": "lib 1.0, old 1.0"})


def test_the_lock_is_stale_if_builds_are_not_allowed_any_more(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"training": ["lib"]}))
    assert lock(demo) == {}
    demo.write(pyproject({"training": ["lib"]}, NO_BUILD.partition("[tool.fti.stages.feature]")[0]))
    project = demo.load()
    assert not project.is_fresh(project.stages[0])
    assert replace(project.stages[0].stage, no_build=False) != project.stages[0].stage
    assert lock(demo) == {}
    assert "no-build = true\n" in project.stages[0].path.read_text(encoding="utf-8")
