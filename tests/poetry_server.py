"""Poetry, imported once and forked for each command.

``python poetry_server.py DESCRIPTOR``

Importing Poetry takes most of the time of a short command. DESCRIPTOR is one end of a socket pair.
A request on it is the JSON text of a :class:`Request`, sent together with the descriptors that the
command gets as its stdin, stdout and stderr. There are two answers: the process ID of the fork,
then its exit code as in ``Popen.returncode``. The request COPY, sent with a descriptor of the same
kind, has no answer: a fork becomes another server. A server ends when the other end is closed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import site
import socket
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import entry_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

MAIN: Final = "loopback.poetry_main"
COPY: Final = b"copy"
LARGEST_REQUEST: Final = 1 << 17  # bytes: a message of the socket

# Imported by each command before the plugin is loaded.
_BASE: Final = (
    "poetry.console.application",
    "poetry.repositories.pypi_repository",
    "loopback.clients",
)
_ASSIGNMENT: Final = "poetry_fti.bridge.solving.workers.assignment"
# Imported while commands run, besides the modules of these packages.
_PACKAGES: Final = ("poetry", "poetry_fti")
_ON_DEMAND: Final = (
    "_compat_pickle",
    "cleo.ui.exception_trace",
    "concurrent.futures.thread",
    "distlib.scripts",
    "encodings.unicode_escape",
    "fastjsonschema.draft07",
    "keyring.backends.null",
    "lark.parsers.lalr_parser",
    "multiprocessing.connection",
    "multiprocessing.popen_fork",
    "multiprocessing.queues",
    "multiprocessing.synchronize",
    "packaging.pylock",
    "poetry_plugin_export.plugins",
    "termios",
    "trove_classifiers",
    "yaml",
)
# Their help texts contain a path in the home directory.
_NOT_LOADED: Final = ("poetry.console.commands.self",)

_loaded: Final[dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Request:
    """A command of Poetry: its arguments, its working directory, its environment variables.

    Its process may become the leader of a new session. With `processes`, stages are solved in up to
    so many, otherwise in as many as a user's are.
    """

    words: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    new_session: bool = False
    processes: int | None = None


class Shelf:
    """An importer of modules that have been executed, but that are not in ``sys.modules``.

    Importing such a module only puts it there: a fork finds the ``sys.modules`` of a new process.
    """

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        self._modules = modules
        self._specs = {name: module.__spec__ for name, module in modules.items()}

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        """Return a specification that yields the module, if it is here."""
        return ModuleSpec(name, self) if name in self._modules else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return self._modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own specification back; it has been executed before."""
        module.__spec__ = self._specs[module.__name__]


def load() -> None:
    """Import Poetry and what its commands import."""
    for name in _BASE:
        import_module(name)
    with shelved():
        for name in [*_ON_DEMAND, *(name for package in _PACKAGES for name in modules(package))]:
            with suppress(ImportError):  # an optional part of a library
                import_module(name)
        load_virtualenv()
        _compile()
        entry_points.remember()
        _loaded.update(sys.modules)


@contextmanager
def shelved() -> Iterator[None]:
    """Put what is imported meanwhile on a shelf."""
    before = set(sys.modules)
    yield
    later = {name: sys.modules.pop(name) for name in sys.modules.keys() - before}
    sys.meta_path.insert(0, Shelf(later))
    # Forks share what the garbage collector does not visit.
    gc.collect()
    gc.freeze()


def modules(package: str) -> Iterator[str]:
    """Yield the names of a package and of the modules below it."""
    yield package
    for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
        if module.name in _NOT_LOADED:
            continue
        if module.ispkg:
            yield from modules(module.name)
        else:
            yield module.name


def load_virtualenv() -> None:
    """Let virtualenv read its entry points, and import what it makes environments with."""
    loader = import_module("virtualenv.run.plugin.base").PluginLoader
    for group in ("activate", "create", "discovery", "seed"):
        loader.entry_points_for(f"virtualenv.{group}")
    # It tries out symbolic links in a temporary folder, and each command may have another.
    tempfile.tempdir = None


def _compile() -> None:
    """Let Poetry and the plugin compile grammars, schemas and patterns, which are then kept."""
    import_module("poetry.core.packages.dependency").Dependency.create_from_pep_508(
        'name[extra] >=1 ; python_version >= "3.10"'
    )
    import_module("poetry.core.version.markers").parse_marker('python_version >= "3.10"')
    project = {"project": {"name": "name", "version": "1"}, "tool": {"poetry": {}}}
    import_module("poetry.factory").Factory.validate(project)
    import_module("poetry_fti.bridge.lock.text.package_text").package_pattern()


def adopt_environment(environment: Mapping[str, str]) -> None:
    """Make these the environment variables of this process, also for what has been computed."""
    os.environ.clear()
    os.environ.update(environment)
    site.USER_BASE = site.USER_SITE = None
    site.getusersitepackages()
    locations, config = _loaded["poetry.locations"], _loaded["poetry.config.config"]
    vars(locations).update(runpy.run_path(str(locations.__file__)))
    config.CONFIG_DIR = locations.CONFIG_DIR
    config.DEFAULT_CACHE_DIR = locations.DEFAULT_CACHE_DIR
    config.Config.default_config |= {
        "cache-dir": str(locations.DEFAULT_CACHE_DIR),
        "data-dir": str(locations.data_dir()),
    }
    git = _loaded["dulwich.client"]
    git.DEFAULT_GIT_CREDENTIALS_PATHS[:] = [
        str(Path("~/.git-credentials").expanduser()),
        git.get_xdg_config_home_path("git", "credentials"),
    ]


def serve(connection: socket.socket) -> Request | None:
    """Answer requests; return the request in each fork, and ``None`` at the end in the server."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, LARGEST_REQUEST, 3)
        if not message:
            reap()
            return None
        child = os.fork()
        if not child:
            connection.close()
            if message != COPY:
                return _adopt(descriptors, message)
            (descriptor,) = descriptors
            connection = socket.socket(fileno=descriptor)
            continue
        for descriptor in descriptors:
            os.close(descriptor)
        if message == COPY:
            reap(os.WNOHANG)
        else:
            connection.send(str(child).encode())
            _, status = os.waitpid(child, 0)
            connection.send(str(os.waitstatus_to_exitcode(status)).encode())


def _adopt(descriptors: Sequence[int], message: bytes) -> Request:
    """Make these the descriptors of stdin, stdout and stderr; return the request."""
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    return Request(**json.loads(message))


def reap(options: int = 0) -> None:
    """Forget the forks that have ended, or wait for all of them."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def run(request: Request) -> None:
    """Do what ``python -m loopback.poetry_main WORDS`` does; raises SystemExit."""
    if request.new_session:
        os.setsid()
    if request.processes is not None:
        vars(_loaded[_ASSIGNMENT])["_MAX_PROCESSES"] = request.processes
    adopt_environment(request.environment)
    os.chdir(request.folder)
    sys.path[0] = str(Path.cwd())
    sys.argv = [MAIN, *request.words]
    try:
        runpy.run_module(MAIN, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, int):
            _exit(end.code)
        raise


def _exit(code: int) -> NoReturn:
    """End as the interpreter does, but let the system free the memory.

    Otherwise much of what is shared with the server would be copied, to be freed one by one.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(descriptor: int) -> None:
    """Import Poetry, answer requests, and run the command in each fork."""
    load()
    with socket.socket(fileno=descriptor) as server:
        wanted = serve(server)
    if wanted is not None:
        run(wanted)


if __name__ == "__main__":
    main(int(sys.argv[1]))
