"""Reading what is installed in environments, also hostile ones."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import pytest

from installed import install, virtual_environment
from poetry_fti.errors import FtiError
from poetry_fti.model.installed import InstalledFrom
from poetry_fti.ports.installed.environment import read_installed
from poetry_fti.ports.installed.locations import find_python
from poetry_fti.ports.installed.locations import virtual_environment as located

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of POSIX")

ARCHIVE: Final = InstalledFrom(digests=frozenset({"sha256:aa"}))


def contents(folder: Path, *, deep: bool = False) -> tuple[list[str], list[str]]:
    """Return the packages of an environment, and what is wrong with them."""
    found = read_installed(located(folder), deep=deep)
    return (
        [f"{each.name} {each.version}" for each in found.packages],
        [f"{each.package} {each.problem}" for each in found.damage],
    )


def test_packages_are_read_from_their_metadata(tmp_path: Path) -> None:
    site = virtual_environment(tmp_path / "env")
    install(site, "Beta_Pkg", "2.0+cpu")
    install(site, "alpha", "1", {"url": "https://x", "vcs_info": {"commit_id": "a" * 40}})
    (site / "old.egg-info").write_text("Name: old\nVersion: 3\n", encoding="utf-8")
    (site / "~eft-1.dist-info").mkdir()
    assert contents(tmp_path / "env") == (["beta-pkg 2.0+cpu", "alpha 1", "old 3"], [])
    (_, alpha, _) = read_installed(located(tmp_path / "env")).packages
    assert alpha.source == InstalledFrom(commit="a" * 40)


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            '{"archive_info": {"hash": "sha256=aa"}}',
            InstalledFrom(digests=frozenset({"sha256:aa"})),
        ),
        ('{"archive_info": {"hashes": {"sha256": "aa"}}}', ARCHIVE),
        ('{"dir_info": {"editable": true}}', InstalledFrom(is_folder=True)),
        ('{"vcs_info": {"commit_id": "<b>"}}', InstalledFrom()),
        ("[]", None),
        ('{"vcs_info": 1}', None),
        ("[" * 99_999, None),
        ("\0", None),
    ],
)
def test_the_source_of_a_package_is_read(
    tmp_path: Path, text: str, source: InstalledFrom | None
) -> None:
    metadata = install(virtual_environment(tmp_path), "alpha", "1")
    (metadata / "direct_url.json").write_text(text, encoding="utf-8")
    assert read_installed(located(tmp_path)).packages[0].source == source


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "has no METADATA"),
        ("", "has no valid name in METADATA"),
        ("Name: <b>\nVersion: 1\n", "has no valid name in METADATA"),
        ("Name: alpha\n\nVersion: 1\n", "has no valid version in METADATA"),
        ("Name: alpha\nVersion: one\n", "has no valid version in METADATA"),
    ],
)
def test_broken_metadata_is_reported(tmp_path: Path, text: str | None, problem: str) -> None:
    metadata = virtual_environment(tmp_path) / "alpha-1.dist-info"
    metadata.mkdir()
    if text is not None:
        (metadata / "METADATA").write_text(text, encoding="utf-8")
    assert contents(tmp_path) == ([], [f"alpha-1.dist-info {problem}"])


def test_devices_and_huge_files_are_not_read(tmp_path: Path) -> None:
    site = virtual_environment(tmp_path)
    for name in ("huge", "pipe", "zero"):
        (site / f"{name}-1.dist-info").mkdir()
    os.mkfifo(site / "pipe-1.dist-info/METADATA")
    (site / "zero-1.dist-info/METADATA").symlink_to("/dev/zero")
    with (site / "huge-1.dist-info/METADATA").open("wb") as file:
        file.truncate(2 << 30)
    cannot = "has a METADATA that cannot be read:"
    assert contents(tmp_path)[1] == [
        f"huge-1.dist-info {cannot} Larger than 16 MiB",
        f"pipe-1.dist-info {cannot} Not a regular file",
        f"zero-1.dist-info {cannot} Not a regular file",
    ]


def test_files_are_compared_with_their_hashes(tmp_path: Path) -> None:
    site = virtual_environment(tmp_path / "env")
    for name in ("same", "edited", "grown", "removed", "leaving"):
        install(site, name, "1")
    assert contents(tmp_path / "env", deep=True)[1] == []
    (site / "edited.py").write_text("ANSWER = 43\n", encoding="utf-8")
    with (site / "grown.py").open("ab") as file:
        file.truncate(2 << 30)
    (site / "removed.py").unlink()
    record = site / "leaving-1.dist-info/RECORD"
    record.write_text("../../../../secret,sha256=aa,1\n/etc/passwd,sha256=aa,\n", encoding="utf-8")
    (tmp_path / "secret").write_text("1", encoding="utf-8")
    assert contents(tmp_path / "env")[1] == []
    assert contents(tmp_path / "env", deep=True)[1] == [
        "edited 1 has been modified since it was installed: edited.py",
        "grown 1 has been modified since it was installed: grown.py",
        (
            "leaving 1 lists files outside of the environment in RECORD: ../../../../secret,"
            " /etc/passwd"
        ),
        "removed 1 lacks files that were installed: removed.py",
    ]


def test_recorded_bytecode_may_be_compiled_again(tmp_path: Path) -> None:
    site = virtual_environment(tmp_path)
    metadata = install(site, "alpha", "1")
    (site / "__pycache__").mkdir()
    (site / "__pycache__/alpha.cpython-312.pyc").write_bytes(b"compiled again")
    lines = "".join(f"__pycache__/{name}.cpython-312.pyc,sha256=aa,1\n" for name in ("alpha", "x"))
    (metadata / "RECORD").write_text(lines, encoding="utf-8")
    assert contents(tmp_path, deep=True)[1] == []


def test_many_modified_files_are_counted(tmp_path: Path) -> None:
    metadata = install(virtual_environment(tmp_path), "alpha", "1")
    lines = "".join(f"{name}.py,sha256=aa,1\n" for name in "abcde")
    (metadata / "RECORD").write_text(lines, encoding="utf-8")
    assert contents(tmp_path, deep=True)[1] == [
        "alpha 1 lacks files that were installed: a.py, b.py, c.py and 2 more"
    ]


def test_a_missing_or_damaged_record_is_reported(tmp_path: Path) -> None:
    site = virtual_environment(tmp_path)
    (install(site, "alpha", "1") / "RECORD").unlink()
    (install(site, "beta", "1") / "RECORD").write_bytes(b"\xff")
    assert contents(tmp_path, deep=True)[1] == [
        "alpha 1 has no RECORD",
        "beta 1 has a RECORD that cannot be read",
    ]


def test_packages_of_the_base_are_only_found_where_they_are_included(tmp_path: Path) -> None:
    virtual_environment(tmp_path / "env", more="include-system-site-packages = true\n")
    base = virtual_environment(tmp_path / "base")
    install(base, "alpha", "1")
    found = read_installed(located(tmp_path / "env"))
    assert [each.name for each in found.base] == ["alpha"]
    assert found.packages == ()
    (tmp_path / "env/pyvenv.cfg").write_text("home = x\nversion = 3.12.1\n", encoding="utf-8")
    assert read_installed(located(tmp_path / "env")).base == ()


@pytest.mark.slow
def test_an_environment_is_found_by_its_folder_or_its_python_which_is_not_started(
    tmp_path: Path,
) -> None:
    site = virtual_environment(tmp_path / "env")
    python = tmp_path / "env/bin/python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    for name in (tmp_path / "env", python):
        found = find_python(str(name))
        assert (found.sites, found.markers["python_full_version"]) == ((site,), "3.12.1")


@pytest.mark.slow
def test_another_python_is_started_without_its_packages(tmp_path: Path) -> None:
    found = find_python(os.path.realpath(sys.executable))
    assert found.markers["python_version"] == ".".join(map(str, sys.version_info[:2]))
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no\n", encoding="utf-8")
    broken.chmod(0o755)
    with pytest.raises(FtiError, match="is not a Python that can be started: it printed no"):
        find_python(str(broken))
    broken.write_text('#!/bin/sh\necho "no $4" >&2\nexit 2\n', encoding="utf-8")
    with pytest.raises(FtiError) as caught:
        find_python(str(broken))
    assert (
        str(caught.value)
        == f"{broken} is not a Python that can be started: it ended with exit code 2"
    )
    with pytest.raises(FtiError, match='There is no Python "no-such-python"'):
        find_python("no-such-python")


@pytest.mark.slow
def test_a_folder_with_a_python_of_its_own_is_an_environment(tmp_path: Path) -> None:
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    assert find_python(str(tmp_path)).markers["python_version"] == ".".join(
        map(str, sys.version_info[:2])
    )


def test_folders_that_are_no_environments_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FtiError, match="is not a virtual environment"):
        located(tmp_path)
    (tmp_path / "pyvenv.cfg").write_text("home = x\n", encoding="utf-8")
    with pytest.raises(FtiError, match="contains no version of Python"):
        located(tmp_path)
    (tmp_path / "pyvenv.cfg").write_text("version = 3.12.1\n", encoding="utf-8")
    with pytest.raises(FtiError, match="has no folder site-packages for Python"):
        located(tmp_path)
