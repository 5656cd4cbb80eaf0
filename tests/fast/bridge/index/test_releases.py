"""Releases, out of an index's page and out of their metadata, are those that Poetry makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version
from poetry.inspection.info import PackageInfo
from poetry.repositories.legacy_repository import LegacyRepository
from poetry.repositories.link_sources.json import SimpleJsonPage
from poetry.repositories.pypi_repository import PyPiRepository

from cases import examples
from loopback.pages import project_json
from poetry_fti.bridge.index.monitoring.monitored import http_repositories
from poetry_fti.bridge.index.pages import (
    CachedPages,
    files_by_release,
    offers_metadata,
    read_links_by_release,
    releases_of,
)
from poetry_fti.bridge.index.releases import release
from poetry_fti.bridge.index.requirements import parsed_requirement
from poetry_fti.bridge.markers import clear_marker_caches, parsed_marker
from recorded import recorded, recorded_names
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package

    from loopback.catalogue import Release
    from memory_index import MemoryProject

File = dict[str, Any]


def by_poetry(files: Sequence[File], name: str) -> list[tuple[str, str | bool]]:
    page = SimpleJsonPage("https://x.org/simple/a/", {"files": files})
    project = canonicalize_name(name)
    return [(v.text, page.yanked(project, v)) for v in page.versions(project)]


def by_us(files: Sequence[File], name: str) -> list[tuple[str, str | bool]]:
    found = releases_of(files_by_release(files, canonicalize_name(name)))
    return [(version.text, y) for version, y in found.items()]


@pytest.mark.slow
@pytest.mark.sampled
def test_every_recorded_page() -> None:
    for name in recorded_names()[::2]:
        page = project_json(name, recorded(name))
        files = json.loads(page)["files"]
        assert by_us(files, name) == by_poetry(files, name)


def mostly(usual: list[str], odd: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(usual * (1 + 9 * len(odd) // len(usual)) + odd)


WRITTEN = mostly(["a_b", "A.B", "a__b", "a_B"], ["a-b", "a", "ab", "a_b_c", "a-b-c", "a-1", "é"])
VERSIONS = mostly(
    ["1", "1.0", "1.0.0", "2.0rc1", "1.0+l.1", "3.0.post1"],
    ["v1.0", "2.0-1", "1_0", "1.0-dev", "x", "", "2.0-2.0", "1.0.tar.gz", "1.0.zip", "1.0\n"],
)
TAGS = mostly(
    ["py3-none-any", "cp310-cp310-linux_x86_64", "1-py3-none-any", "1a-py3-none-any"],
    ["b1-py3-none-any", "py3-none", "py3-none-any-more", "1-py3-none-any-more", "-py3-none-any"],
)
ENDINGS = mostly(
    [".tar.gz", ".zip"],
    [
        *(
            ".tar.bz2",
            ".tar",
            ".tgz",
            ".tar.Z",
            ".egg",
            "-py3.8.egg",
            ".exe",
            ".TAR.GZ",
            ".WHL",
            "",
        ),
        *(".tar.gz.asc", ".sdist.tar.gz", ".linux-x86_64.tar.gz", ".win32.zip", "-1.zip"),
    ],
)
STEMS = st.builds("{}{}{}".format, WRITTEN, mostly(["-"], ["_", "", "--"]), VERSIONS)
FILENAMES = st.one_of(
    st.builds("{}-{}.whl".format, STEMS, TAGS), st.builds("{}{}".format, STEMS, ENDINGS)
)
OFFERS = st.sampled_from([True, False, {"sha256": "0"}, {}, None])
MORE = st.fixed_dictionaries(
    {},
    optional={
        "yanked": st.sampled_from([True, False, "", "why", None]),
        "core-metadata": OFFERS,
        "dist-info-metadata": OFFERS,
    },
)
FILES = st.lists(
    st.builds(
        lambda name, more: {"filename": name, "url": f"https://x.org/{quote(name)}", **more},
        FILENAMES,
        MORE,
    ),
    max_size=5,
)


# Several wheels of one release, some of which have names that are not those of wheels.
WHEELS = st.lists(
    st.builds(
        "{}-{}-{}.whl".format,
        st.sampled_from(["a_b", "A.B", "a-b", "a", ""]),
        st.sampled_from(["1", "x", "1-1", ""]),
        mostly(["py3-none-any", "cp310-abi3-any"], ["1-py3-none-any", "-none-any", "py3-none-"]),
    ).map(lambda name: {"filename": name, "url": f"https://x.org/{quote(name)}"}),
    min_size=2,
    max_size=12,
)


@given(WHEELS)
def test_wheels_of_one_release(files: list[File]) -> None:
    assert by_us(files, "a-b") == by_poetry(files, "a-b")


@settings(max_examples=examples(120), deadline=None)
@given(FILES)
def test_any_page(files: list[File]) -> None:
    assert by_us(files, "a-b") == by_poetry(files, "a-b")


@settings(max_examples=examples(120), deadline=None)
@given(FILES)
def test_any_links_and_offer_of_metadata(files: list[File]) -> None:
    page = SimpleJsonPage("https://x.org/simple/a/", {"files": files})
    quick = SimpleJsonPage("https://x.org/simple/a/", {"files": files})
    project = canonicalize_name("a-b")
    by_release = files_by_release(files, project)
    read_links_by_release(quick, by_release)
    for version in page.versions(project):
        links = list(page.links_for_version(project, version))
        found = list(quick.links_for_version(project, version))
        assert list(map(vars, found)) == list(map(vars, links))
        expected = any(link.is_wheel and link.has_metadata for link in links)
        assert offers_metadata(by_release[version]) == expected


def info_of(recorded: Release) -> PackageInfo:
    return PackageInfo(
        name=recorded.header("Name"),
        version=recorded.version,
        summary=recorded.header("Summary"),
        requires_dist=recorded.headers("Requires-Dist") or None,
        requires_python=recorded.header("Requires-Python"),
        files=[
            {"file": file.filename, "hash": f"sha256:{file.sha256}", "url": "", "size": file.size}
            for file in recorded.files
        ],
        yanked=all(file.yanked for file in recorded.files),
    )


def facts(package: Package) -> dict[str, object]:
    """Return all that a solver or a lock can see of a package."""
    groups = sorted(package.dependency_group_names())
    return {
        "package": package,
        "texts": (package.pretty_name, package.pretty_version, package.description),
        "requires": list(map(requirement, package.requires)),
        "groups": {
            group: list(map(requirement, package.dependency_group(group).dependencies))
            for group in groups
        },
        "extras": [(extra, list(map(requirement, its))) for extra, its in package.extras.items()],
        "files": package.files,
        "python": (package.python_versions, package.python_constraint),
        "source": (package.source_type, package.source_url, package.source_reference),
        "yanked": (package.yanked, package.yanked_reason),
        "optional": (package.optional, package.develop, package.is_root()),
    }


def requirement(dependency: Dependency) -> tuple[object, ...]:
    return (
        dependency,
        (dependency.pretty_name, dependency.pretty_constraint, dependency.to_pep_508()),
        (str(dependency.marker), dependency.in_extras, dependency.is_optional()),
    )


class Default(PyPiRepository):
    """Poetry's default index, which says of a release what it is told to."""

    told: PackageInfo

    def get_release_info(self, *_: object) -> PackageInfo:
        return self.told


class Named(LegacyRepository):
    """Any other index."""

    told: PackageInfo

    def get_release_info(self, *_: object) -> PackageInfo:
        return self.told


@pytest.fixture(params=[Default, Named])
def index(request: pytest.FixtureRequest) -> Default | Named:
    if request.param is Default:
        return Default(disable_cache=True)
    return Named("own", "https://x.org/simple/", disable_cache=True)


def check(index: Default | Named, infos: Sequence[PackageInfo]) -> None:
    """Require that Poetry's packages and ours are the same, each made in the same order."""
    forget()
    expected = [facts(packaged(index, info)) for info in infos]
    forget()
    found = [facts(release(index, canonicalize_name(info.name or ""), info)) for info in infos]
    assert found == expected


def forget() -> None:
    # How poetry-core writes a marker depends on those that it has seen before.
    clear_marker_caches()
    parsed_marker.cache_clear()
    parsed_requirement.cache_clear()


def packaged(index: Default | Named, info: PackageInfo) -> Package:
    index.told = info
    return index.package(canonicalize_name(info.name or ""), Version.parse(info.version or ""))


@pytest.mark.slow
@pytest.mark.sampled
def test_recorded_releases(index: Default | Named) -> None:
    # Indexes do not differ in requirements, of which another test reads all.
    names = recorded_names()[:: 3 if isinstance(index, Default) else 30]
    releases = [recorded(name) for name in names]
    check(index, [info_of(each) for all_ in releases for each in (all_[0], all_[-1])])


REQUIREMENTS = (
    "b",
    "B >=1",
    "b>=1",
    "b >=1 ; extra == 'x'",
    "b >=1 ; extra == 'Y_y'",
    "b >=1 ; extra == 'x' or extra == 'y-y'",
    "b[x] ; os_name == 'nt' and extra == 'x'",
    "c ; python_version < '3.9'",
    "c ; python_version < '3.10'",
    "c @ https://x.org/c-1.0-py3-none-any.whl ; extra == 'x'",
    "c (>=1.1.0<1.2)",
    "c ; '3.9' <= python_version",
    "c ; os_name = 'nt'",
    "c[-x]",
    "c ; extra != 'x'",
)


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    requires=st.lists(st.sampled_from(REQUIREMENTS), max_size=6),
    yanked=st.sampled_from([False, True, "why"]),
)
def test_any_release(index: Default | Named, requires: list[str], yanked: bool | str) -> None:  # noqa: FBT001
    told = PackageInfo(name="A_b", version="1.0", requires_dist=requires, yanked=yanked)
    check(index, [told])


def test_the_releases_of_a_cached_page_are_kept_until_the_page_changes(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, first, second = canonicalize_name("lib"), Version.parse("1.0"), Version.parse("2.0")
    demo.index.max_age = 600
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({}))
    (index,) = http_repositories(demo.index.create_poetry(demo.root).pool)
    pages = CachedPages(index)
    assert pages.releases(name) is None  # Poetry has to request it
    index.get_page(name)
    assert pages.releases(name) == {first: False}
    with monkeypatch.context() as patch:
        patch.setattr("poetry_fti.bridge.index.pages.releases_of", pytest.fail)
        assert pages.releases(name) == {first: False}
    demo.index.answers.data.clear()
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    (other,) = http_repositories(demo.index.create_poetry(demo.root).pool)
    other.get_page(name)
    assert CachedPages(other).releases(name) == {first: False, second: False}
