"""Reads what is installed in an image, from an archive of its files that is read once."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.model.installed import Damage
from poetry_fti.ports.installed.environment import MOST_PACKAGES, imported
from poetry_fti.ports.installed.locations import (
    CONFIGURATION,
    parse_configuration,
    site_pattern,
)
from poetry_fti.ports.installed.metadata import (
    DIRECT_URL,
    LARGEST,
    METADATA,
    DamagedMetadataError,
    metadata_file,
    parse_package,
)

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.installed import InstalledPackage

_READ: Final = frozenset({*METADATA.values(), DIRECT_URL})
_SITE: Final = re.compile(r"(?:site|dist)-packages")
_PYTHON: Final = re.compile(r"python3?|python3\.\d+")
_MINOR: Final = re.compile(r"python(3\.\d+)")
_ROOT: Final = PurePosixPath("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePackages:
    """The packages of the Python that an image runs.

    `python` is its version, without the patch release (`3.12`) if that is not known.
    """

    python: str
    packages: tuple[InstalledPackage, ...]
    base: tuple[InstalledPackage, ...]
    damage: tuple[Damage, ...]
    is_virtual: bool


@dataclass(slots=True)
class _Files:
    """What is read of an image.

    Attributes:
        metadata: by folder of packages and name of metadata the files in it; None for a file that
            is a link or too large.
        configurations: the texts of the `pyvenv.cfg` of virtual environments, by their folders.
        interpreters: what the name of each interpreter is a link to, by its path.
        searched: the folders on the `PATH`, and those that contain them.
        links: what those of `searched` that are links lead to.
    """

    searched: frozenset[PurePosixPath]
    metadata: defaultdict[PurePosixPath, dict[str, dict[str, bytes | None]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    configurations: dict[PurePosixPath, str] = field(default_factory=dict)
    interpreters: dict[PurePosixPath, str] = field(default_factory=dict)
    links: dict[PurePosixPath, PurePosixPath] = field(default_factory=dict)

    def add(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = _ROOT / member.name.removeprefix("./")
        if ".." in path.parts:
            return
        if member.issym() and path in self.searched:
            self.links[path] = PurePosixPath(posixpath.normpath(path.parent / member.linkname))
        elif path.parent.name == "bin" and _PYTHON.fullmatch(path.name):
            self.interpreters[path] = PurePosixPath(member.linkname).name
        elif path.name == CONFIGURATION:
            content = _content(archive, member)
            self.configurations[path.parent] = (content or b"").decode("utf-8", "replace")
        elif member.isfile() and _SITE.fullmatch(path.parent.name) and metadata_file(path.name):
            # An egg-info may be a file itself.
            file = metadata_file(path.name)
            self._of(path)[file] = _content(archive, member)
        elif _SITE.fullmatch(path.parent.parent.name) and metadata_file(path.parent.name):
            files = self._of(path.parent)
            if path.name in _READ:
                files[path.name] = _content(archive, member)

    def _of(self, metadata: PurePosixPath) -> dict[str, bytes | None]:
        site = self.metadata[metadata.parent]
        if len(site) > MOST_PACKAGES:
            raise FtiError(f"{metadata.parent} in the image contains too many packages.")
        return site.setdefault(metadata.name, {})


def read_archive(archive: tarfile.TarFile, variables: Mapping[str, str]) -> ImagePackages:
    """Return the packages of the first Python on the `PATH` of an image with these files.

    `VIRTUAL_ENV` comes before `PATH`. Raises FtiError if the image contains no Python.
    """
    folders = _folders(variables)
    files = _Files(frozenset(each for folder in folders for each in (folder, *folder.parents)))
    for member in archive:
        files.add(archive, member)
        # The archive would otherwise keep a record of each of its files.
        archive.members = []  # type: ignore[attr-defined]
    found = {interpreter.parent for interpreter in files.interpreters}
    existing = (_without_links(folder, files.links) for folder in folders)
    prefix = next((folder.parent for folder in existing if folder in found), None)
    if prefix is None:
        raise FtiError("The image contains no Python on its PATH.")
    configuration = parse_configuration(files.configurations.get(prefix, ""))
    if configuration is None:
        return _packages(files, prefix, _minor(files, prefix), None)
    base = PurePosixPath(configuration.home).parent if configuration.has_base else None
    return _packages(files, prefix, configuration.version, base)


def _folders(variables: Mapping[str, str]) -> list[PurePosixPath]:
    """Return the folders in which an image with these variables searches for Python."""
    folders = [PurePosixPath(each) for each in variables.get("PATH", "").split(":") if each]
    if environment := variables.get("VIRTUAL_ENV"):
        folders.insert(0, PurePosixPath(environment) / "bin")
    return folders


def _without_links(
    folder: PurePosixPath, links: Mapping[PurePosixPath, PurePosixPath]
) -> PurePosixPath:
    """Return the path of a folder with the targets of links in it; one link is followed once."""
    for link, target in sorted(links.items()):
        if folder.is_relative_to(link):
            folder = target / folder.relative_to(link)
    return folder


def _minor(files: _Files, prefix: PurePosixPath) -> str:
    """Return the minor version of the Python with a prefix that is no virtual environment."""
    name = "python3"
    for _ in range(3):  # python -> python3 -> python3.12
        name = files.interpreters.get(prefix / "bin" / name) or name
    if version := _MINOR.fullmatch(name):
        return version[1]
    raise FtiError(f"The version of the Python in {prefix} of the image is not known.")


def _packages(
    files: _Files, prefix: PurePosixPath, python: str, base: PurePosixPath | None
) -> ImagePackages:
    minor = ".".join(python.split(".")[:2])
    damage: list[Damage] = []
    return ImagePackages(
        python=python,
        packages=imported(_of_site(files, site, damage) for site in _sites(files, prefix, minor)),
        base=imported(_of_site(files, site, []) for site in _sites(files, base, minor)),
        damage=tuple(damage),
        is_virtual=prefix in files.configurations,
    )


def _sites(files: _Files, prefix: PurePosixPath | None, minor: str) -> list[PurePosixPath]:
    """Return the folders of packages below a prefix, in the order in which Python searches them."""
    pattern = site_pattern(minor)
    found = [
        site
        for site in files.metadata
        if prefix is not None
        and site.is_relative_to(prefix)
        and pattern.fullmatch(str(site.relative_to(prefix)))
    ]
    return sorted(found, key=lambda site: ("local" not in site.parts, site))


def _of_site(
    files: _Files, site: PurePosixPath, damage: list[Damage]
) -> Iterator[InstalledPackage]:
    """Yield the packages in a folder, sorted by name; add to `damage` what cannot be read."""
    for name, contents in sorted(files.metadata[site].items()):
        found = _parsed(name, contents)
        if isinstance(found, Damage):
            damage.append(found)
        else:
            yield found


def _parsed(name: str, contents: Mapping[str, bytes | None]) -> InstalledPackage | Damage:
    try:
        return parse_package(name, partial(_file, contents))
    except DamagedMetadataError as error:
        return Damage(package=name, problem=str(error))


def _file(contents: Mapping[str, bytes | None], file: str) -> bytes | None:
    if file in contents and contents[file] is None:
        raise DamagedMetadataError(f"has a {file} that is a link or too large")
    return contents.get(file)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | None:
    """Return the content of a file in an archive; None if it is a link or too large."""
    if not member.isfile() or member.size > LARGEST:
        return None
    stream = archive.extractfile(member)
    return stream.read() if stream else None
