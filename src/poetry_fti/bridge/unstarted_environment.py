"""A virtual environment whose Python is not started, since a stranger may have committed it."""

from __future__ import annotations

import os
import re
import sysconfig
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn

from packaging.markers import default_environment
from poetry.utils.env import VirtualEnv

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from pathlib import Path

_SCHEME: Final = "nt" if os.name == "nt" else "posix_prefix"
# venv writes `version`, virtualenv writes `version_info`, and may write its own version, too.
_VERSIONS: Final = tuple(
    re.compile(rf"^{key} *= *(\d+)\.(\d+)\.(\d+)", re.MULTILINE)
    for key in ("version_info", "version")
)


class UnstartedEnvironment(VirtualEnv):
    """An environment of which only files are read: its configuration and the installed packages.

    Relies on the public methods of Poetry's environments that start the Python elsewhere.
    """

    def __init__(self, path: Path) -> None:
        """Describe the environment in a folder, which may be broken."""
        super().__init__(path, base=path)

    @cached_property
    def python_version(self) -> tuple[int, int, int] | None:
        """The version in the environment's configuration; None if it cannot be read."""
        try:
            text = (self.path / "pyvenv.cfg").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        for pattern in _VERSIONS:
            if found := pattern.search(text):
                return int(found[1]), int(found[2]), int(found[3])
        return None

    @property
    def includes_system_site_packages(self) -> bool:
        """False: the base, whose Python would be started, is not looked at."""
        return False

    @property
    def sys_path(self) -> list[str]:
        """The folders of the installed packages."""
        paths = self.get_paths()
        return list(dict.fromkeys((paths["purelib"], paths["platlib"])))

    def is_sane(self) -> bool:
        """Return whether there is a Python, and its version is known."""
        return self.python_version is not None and super().is_sane()

    def get_marker_env(self) -> Any:  # noqa: ANN401 - the type differs between versions of Poetry
        """Return the values of markers: those of this machine for the version of Python."""
        major, minor, patch = self.python_version or (0, 0, 0)
        return {
            **default_environment(),
            "python_version": f"{major}.{minor}",
            "python_full_version": f"{major}.{minor}.{patch}",
            "version_info": (major, minor, patch, "final", 0),
            "interpreter_name": "cp",
            "interpreter_version": f"{major}{minor}",
            "sysconfig_platform": sysconfig.get_platform(),
            "free_threading": False,
        }

    def get_paths(self) -> Any:  # noqa: ANN401 - the same
        """Return the folders of an environment by the names of `sysconfig`."""
        major, minor, _ = self.python_version or (0, 0, 0)
        base = dict.fromkeys(
            ("base", "platbase", "installed_base", "installed_platbase"), str(self.path)
        )
        version = {"py_version_short": f"{major}.{minor}", "platlibdir": "lib"}
        return sysconfig.get_paths(_SCHEME, vars={**base, **version})

    def run_python_script(self, *_: object, **__: object) -> NoReturn:
        """Raise FtiError: this would start the Python of the environment."""
        raise FtiError(f"The Python of {self.path} is not started to show an environment.")
