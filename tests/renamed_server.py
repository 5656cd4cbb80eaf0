"""Servers of Poetry (see `poetry_server`) in which names are renamed (see `renaming`).

``python renamed_server.py DESCRIPTOR``: each message on DESCRIPTOR, one end of a socket pair, is a
JSON list with the arguments of each `Rename`, sent together with the descriptor of the new server.
What Poetry and the plugin import of other libraries takes half of the time that a server needs to
start; it is imported once for all servers.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import entry_points
import poetry_server
from renaming import LIBRARIES, Rename, install

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST: Final = 1000  # bytes of a message
# What is imported by the libraries that are renamed, and imports none of them.
_SHARED: Final = (
    *("build", "crashtest", "cyclonedx.model", "dulwich.client", "dulwich.porcelain"),
    *("fastjsonschema", "filelock", "findpython", "importlib_metadata", "installer"),
    *("keyring.backends.null", "lark", "msgpack", "packaging.metadata", "packaging.pylock"),
    *("pbs_installer", "pkginfo", "rapidfuzz", "requests", "requests_toolbelt", "shellingham"),
    *("tomlkit.toml_file", "trove_classifiers", "virtualenv", "yaml"),
)
_SHARED_ROOMS: Final = (
    *("agreement", "checks", "config", "exporters", "importers", "models", "ports", "report"),
    "scaffold",
)


def import_shared() -> None:
    """Import what a renamed name cannot change; each server finds it on a shelf."""
    entry_points.remember()
    with poetry_server.shelved():
        for name in _SHARED:
            import_module(name)
        poetry_server.load_virtualenv()
        for room in _SHARED_ROOMS:
            for name in poetry_server.modules(f"poetry_fti.{room}"):
                import_module(name)
        _compile_schemas()
        renamed = {name for name in sys.modules if name.partition(".")[0] in LIBRARIES}
        assert not renamed, renamed


def _compile_schemas() -> None:
    """Compile Poetry's JSON schemas, which it would compile anew after each change of a name."""
    library = vars(import_module("fastjsonschema"))
    make: Callable[[Any], object] = library["compile"]
    spec = find_spec("poetry")
    assert spec is not None
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    texts = [path.read_text("utf-8") for each in folders for path in each.rglob("schemas/*.json")]
    compiled = {json.dumps(schema): make(schema) for schema in map(json.loads, texts)}
    assert compiled
    library["compile"] = lambda schema: compiled.get(json.dumps(schema)) or make(schema)


def serve(connection: socket.socket) -> int | None:
    """Rename names for each message in a fork, and return there the server's descriptor."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, _LONGEST, 1)
        if not message:
            return None
        (descriptor,) = descriptors
        if not os.fork():
            connection.close()
            install([Rename(*arguments) for arguments in json.loads(message)])
            return descriptor
        os.close(descriptor)
        poetry_server.reap(os.WNOHANG)


if __name__ == "__main__":
    import_shared()
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        wanted = serve(requests)
    if wanted is None:
        poetry_server.reap()
    else:
        poetry_server.main(wanted)
