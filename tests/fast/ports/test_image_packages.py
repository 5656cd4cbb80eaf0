"""Reading what is installed in an image from an archive of its files."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.errors import FtiError
from poetry_fti.ports.installed.archive import read_archive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.ports.installed.archive import ImagePackages

SITE: Final = "opt/venv/lib/python3.12/site-packages"
SYSTEM: Final = "usr/local/lib/python3.12/site-packages"
VENV: Final = {
    "opt/venv/pyvenv.cfg": "home = /usr/local/bin\nversion = 3.12.4\n",
    "opt/venv/bin/python": "-> /usr/local/bin/python3",
    f"{SITE}/alpha-1.0.dist-info/METADATA": "Name: alpha\nVersion: 1.0\n",
    f"{SITE}/alpha/__init__.py": "",
}
BASE: Final = {
    "usr/local/bin/python3": "-> python3.12",
    "usr/local/bin/python3.12": "",
    f"{SYSTEM}/pip-25.0.dist-info/METADATA": "Name: pip\nVersion: 25.0\n",
}
VARIABLES: Final = {"PATH": "/opt/venv/bin:/usr/local/bin:/bin"}


def packages(files: Mapping[str, str], variables: Mapping[str, str] = VARIABLES) -> ImagePackages:
    """Return the packages of an image with these files; `-> ` stands for a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            if text.startswith("-> "):
                member.type, member.linkname, member.size = tarfile.SYMTYPE, text[3:], 0
            archive.addfile(member, io.BytesIO(text.encode()))
    buffer.seek(0)
    with tarfile.open(fileobj=buffer, mode="r|") as archive:
        return read_archive(archive, variables)


def named(found: ImagePackages) -> tuple[str, list[str], list[str]]:
    return (
        found.python,
        [f"{each.name} {each.version}" for each in found.packages],
        [f"{each.name} {each.version}" for each in found.base],
    )


def test_the_python_that_the_image_runs_is_read() -> None:
    found = packages({**BASE, **VENV})
    assert named(found) == ("3.12.4", ["alpha 1.0"], [])
    assert found.is_virtual
    found = packages({**BASE, **VENV}, {"PATH": "/usr/bin:/usr/local/bin"})
    assert named(found) == ("3.12", ["pip 25.0"], [])
    assert not found.is_virtual
    only = {"PATH": "/usr/local/bin", "VIRTUAL_ENV": "/opt/venv"}
    assert named(packages({**BASE, **VENV}, only))[0] == "3.12.4"


@pytest.mark.parametrize("target", ["/opt/venv", "../opt/venv"])
def test_an_environment_is_found_by_a_link_to_its_folder(target: str) -> None:
    files = {**BASE, "app/current": f"-> {target}", **VENV}
    found = packages(files, {"PATH": "/app/current/bin:/usr/local/bin"})
    assert named(found) == ("3.12.4", ["alpha 1.0"], [])
    assert found.is_virtual
    files["app/current"] = "-> current"
    assert named(packages(files, {"PATH": "/app/current/bin:/usr/local/bin"}))[0] == "3.12"


def test_packages_of_the_base_are_found_where_they_are_included() -> None:
    name = "opt/venv/pyvenv.cfg"
    text = f"{VENV[name]}include-system-site-packages = true\n"
    found = packages({**BASE, **VENV, name: text})
    assert named(found) == ("3.12.4", ["alpha 1.0"], ["pip 25.0"])


def test_packages_of_debian_are_found() -> None:
    files = {
        "usr/bin/python3": "-> python3.11",
        "usr/lib/python3/dist-packages/six-1.0.egg-info": "Name: six\nVersion: 1.0\n",
        "usr/local/lib/python3.11/dist-packages/six-2.0.dist-info/METADATA": (
            "Name: six\nVersion: 2.0\n"
        ),
        "usr/lib/python3/dist-packages/seven.egg-info/PKG-INFO": "Name: seven\nVersion: 7\n",
        "usr/lib/python3.9/site-packages/eight-8.dist-info/METADATA": "Name: eight\nVersion: 8\n",
    }
    found = packages(files, {"PATH": "/usr/local/bin:/usr/bin"})
    assert named(found) == ("3.11", ["six 2.0", "seven 7"], [])


@pytest.mark.slow
def test_hostile_files_are_reported() -> None:
    huge = "x" * ((16 << 20) + 1)
    found = packages(
        {
            **VENV,
            f"{SITE}/link-1.dist-info/METADATA": "-> /etc/passwd",
            f"{SITE}/huge-1.dist-info/METADATA": huge,
            f"{SITE}/../../../escaping-1.dist-info/METADATA": "Name: escaping\nVersion: 1\n",
            f"{SITE}/empty-1.dist-info/direct_url.json": "{}",
        }
    )
    assert [f"{each.package} {each.problem}" for each in found.damage] == [
        "empty-1.dist-info has no METADATA",
        "huge-1.dist-info has a METADATA that is a link or too large",
        "link-1.dist-info has a METADATA that is a link or too large",
    ]
    assert named(found)[1] == ["alpha 1.0"]


def test_an_image_without_a_known_python_is_an_error() -> None:
    with pytest.raises(FtiError, match="The image contains no Python on its PATH"):
        packages({**BASE, **VENV}, {"PATH": "/bin"})
    with pytest.raises(FtiError, match="The version of the Python in /x of the image is not known"):
        packages({"x/bin/python3": ""}, {"PATH": "/x/bin"})
