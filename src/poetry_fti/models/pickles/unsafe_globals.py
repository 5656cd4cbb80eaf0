"""Functions that run code or programs when a pickle that calls them is loaded."""

from __future__ import annotations

from typing import Final

_MODULES: Final = frozenset(
    [
        "_posixsubprocess",
        "_pickle",
        "_xxsubinterpreters",
        "_interpreters",
        "asyncio",
        "bdb",
        "code",
        "codeop",
        "commands",
        "concurrent",
        "ctypes",
        "_ctypes",
        "ensurepip",
        "fileinput",
        "ftplib",
        "glob",
        "http",
        "imaplib",
        "importlib",
        "inspect",
        "linecache",
        "marshal",
        "mmap",
        "multiprocessing",
        "nt",
        "os",
        "pdb",
        "pickle",
        "pip",
        "pkgutil",
        "platform",
        "poplib",
        "posix",
        "profile",
        "pty",
        "pydoc",
        "runpy",
        "setuptools",
        "shelve",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "telnetlib",
        "threading",
        "_thread",
        "timeit",
        "trace",
        "types",
        "urllib",
        "venv",
        "webbrowser",
        "xmlrpc",
        "zipimport",
    ]
)
# The types of these modules are harmless by themselves, and occur in ordinary models.
_HARMLESS: Final = frozenset(
    [
        "importlib.metadata.PackageNotFoundError",
        "types.MappingProxyType",
        "types.SimpleNamespace",
        "types.CodeType",
        "types.FunctionType",
        "types.ModuleType",
        "threading.Lock",
        "threading.RLock",
        "_thread.RLock",
        "_thread.lock",
        "pickle.PickleBuffer",
        "_pickle.PickleBuffer",
    ]
)
_BUILTINS: Final = frozenset(
    [
        "__import__",
        "apply",
        "breakpoint",
        "compile",
        "delattr",
        "eval",
        "exec",
        "execfile",
        "file",
        "getattr",
        "globals",
        "input",
        "locals",
        "open",
        "reload",
        "setattr",
        "vars",
    ]
)
_OTHERS: Final = frozenset(
    [
        "joblib.numpy_pickle.load",
        "numpy.load",
        "numpy.f2py.crackfortran.myeval",
        "numpy.testing._private.utils.runstring",
        "operator.attrgetter",
        "operator.methodcaller",
        "pandas.read_pickle",
        "pandas.io.pickle.read_pickle",
        "torch.load",
        "torch.serialization.load",
        "torch.hub.load",
        "_operator.attrgetter",
        "_operator.methodcaller",
    ]
)


def is_unsafe(module: str, name: str) -> bool:
    """Return whether a global is known to run code, start programs or change files when called.

    `name` can have dots: pickle then looks up attributes, also of modules that the first module
    has imported. A global that is not known is not necessarily safe.
    """
    full = f"{module}.{name}"
    if full in _HARMLESS:
        return False
    first, *rest = name.split(".")
    return (
        module.partition(".")[0] in _MODULES
        or full in _OTHERS
        or (module in {"builtins", "__builtin__"} and first in _BUILTINS)
        or (
            bool(rest)
            and (
                first in _MODULES
                or rest[-1] in _BUILTINS
                or any(part in _MODULES or part.startswith("__") for part in rest)
            )
        )
    )
