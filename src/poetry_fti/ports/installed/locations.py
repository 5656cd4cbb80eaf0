"""The folders of a Python that contain packages.

Virtual environments are not started: their configuration and the names of their folders suffice.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.markers import default_environment

from poetry_fti.errors import FtiError
from poetry_fti.reading import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIGURATION: Final = "pyvenv.cfg"
_LARGEST: Final = 1 << 20
# venv writes `version`; virtualenv writes `version_info`, and may write its own version, too.
_VERSIONS: Final = tuple(
    re.compile(rf"^{key} *= *(\d+)\.(\d+)\.(\d+)", re.MULTILINE)
    for key in ("version_info", "version")
)
_SYSTEM: Final = re.compile(r"^include-system-site-packages *= *true", re.MULTILINE | re.IGNORECASE)
_HOME: Final = re.compile(r"^home *= *(.+?) *$", re.MULTILINE)
_SECONDS: Final = 60
# For a Python that is not in a virtual environment: `-S` and `-I` keep it from importing anything
# but the standard library.
_SCRIPT: Final = """\
import json, os, platform, site, sys
full = platform.python_version()
print(json.dumps({"prefix": sys.prefix, "sites": site.getsitepackages(), "markers": {
    "implementation_name": sys.implementation.name,
    "implementation_version": full,
    "os_name": os.name,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "platform_release": platform.release(),
    "platform_system": platform.system(),
    "platform_version": platform.version(),
    "python_full_version": full,
    "python_version": "%d.%d" % sys.version_info[:2],
    "sys_platform": sys.platform,
}}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFolders:
    """The folders of an environment, and the values of its markers.

    `base` are folders of the Python that a virtual environment is based on, if its configuration
    includes them.
    """

    prefix: Path
    sites: tuple[Path, ...]
    markers: Mapping[str, str]
    base: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The configuration of a virtual environment.

    `home` is the folder of the interpreter that it is based on; `has_base` is true if it can import
    the packages of that.
    """

    version: str
    home: str
    has_base: bool


def find_python(name: str) -> PythonFolders:
    """Return the folders of a Python: the path of an interpreter or an environment, or a command.

    Only an interpreter outside of virtual environments is started. Raises FtiError if there is no
    such Python or if it fails.
    """
    path = Path(name)
    if path.is_dir():
        if (path / CONFIGURATION).exists() or (own := _own_python(path)) is None:
            return virtual_environment(path)
        return _started(own.absolute())
    found = shutil.which(name)
    if found is None:
        raise FtiError(f'There is no Python "{name}". Pass the path of an interpreter.')
    interpreter = Path(found).absolute()
    for folder in (interpreter.parent.parent, interpreter.parent):
        if (folder / CONFIGURATION).is_file():
            return virtual_environment(folder)
    return _started(interpreter)


def virtual_environment(folder: Path) -> PythonFolders:
    """Return the folders of a virtual environment; raises FtiError for a folder that is none."""
    try:
        text = read_bytes(folder / CONFIGURATION, _LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise FtiError(
            f"{folder} is not a virtual environment: {CONFIGURATION} is missing or cannot be read."
        ) from None
    configuration = parse_configuration(text)
    if configuration is None:
        raise FtiError(f"{folder / CONFIGURATION} contains no version of Python.")
    minor, _, _ = configuration.version.rpartition(".")
    sites = tuple(_sites(folder, minor))
    if not sites:
        raise FtiError(f"{folder} has no folder site-packages for Python {minor}.")
    base = Path(configuration.home).parent
    return PythonFolders(
        prefix=folder,
        sites=sites,
        markers={
            **{name: str(value) for name, value in default_environment().items()},
            "python_version": minor,
            "python_full_version": configuration.version,
            "implementation_version": configuration.version,
        },
        base=tuple(_sites(base, minor)) if configuration.has_base else (),
    )


def parse_configuration(text: str) -> Configuration | None:
    """Return what a `pyvenv.cfg` contains; None if it contains no version of Python."""
    version = next((match for each in _VERSIONS if (match := each.search(text))), None)
    home = _HOME.search(text)
    return version and Configuration(
        version=".".join(version.groups()),
        home=home[1] if home else "",
        has_base=home is not None and _SYSTEM.search(text) is not None,
    )


def site_pattern(version: str) -> re.Pattern[str]:
    """Return a pattern for the folders of packages, relative to the prefix of a Python's version.

    Debian's packages for any version are in a folder without it.
    """
    minor = re.escape(version)
    major = re.escape(version.partition(".")[0])
    return re.compile(
        rf"(local/)?lib(64)?/((python|pypy){minor}/(site|dist)-packages|python{major}/dist-packages)"
        r"|Lib/site-packages"
    )


def _sites(prefix: Path, version: str) -> Iterator[Path]:
    """Yield the existing folders of packages below a prefix, without links to others of them."""
    pattern, seen = site_pattern(version), set()
    for found in sorted(_candidates(prefix), key=lambda each: ("local" not in each.parts, each)):
        relative = found.relative_to(prefix).as_posix()
        if pattern.fullmatch(relative) and (real := found.resolve()) not in seen:
            seen.add(real)
            yield found


def _candidates(prefix: Path) -> Iterator[Path]:
    for pattern in ("[Ll]ib*/*-packages", "lib*/*/*-packages", "local/lib/*/*-packages"):
        yield from (each for each in prefix.glob(pattern) if each.is_dir())


def _started(interpreter: Path) -> PythonFolders:
    words = [str(interpreter), "-I", "-S", "-c", _SCRIPT]
    try:
        result = subprocess.run(  # noqa: S603 - the user has named the program
            words,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        data = json.loads(result.stdout)
        sites = tuple(dict.fromkeys(map(Path, data["sites"])))
        return PythonFolders(
            prefix=Path(data["prefix"]),
            sites=tuple(each for each in sites if each.is_dir()),
            markers={str(name): str(value) for name, value in data["markers"].items()},
        )
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        reason = f"{interpreter} is not a Python that can be started: {_reason(error)}"
        raise FtiError(reason) from None


def _own_python(folder: Path) -> Path | None:
    """Return the interpreter of a folder such as a conda environment, or None."""
    names = ("bin/python", "bin/python3", "python.exe")
    return next((found for name in names if (found := folder / name).is_file()), None)


def _reason(error: Exception) -> str:
    """Return why a program is no Python, without its words, which may repeat the script."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"it ended with exit code {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it did not end within {_SECONDS} seconds"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it printed no description of itself"
