"""What the plugin says of solving without each of some names: ``python renamed_notices.py NAME…``.

For each name (see `renaming`), a line with its notice. The name is renamed in a fork, which imports
no more than it takes to look for the private names.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from renamed_server import import_shared
from renaming import Rename, install


def notice(name: str) -> str:
    """Return the notice, in a process that has imported neither Poetry nor the plugin's bridge."""
    install([Rename(name)])
    listing: Any = import_module("poetry_fti.bridge.internals.listing")
    return str(listing.plain_path_notice())


if __name__ == "__main__":
    import_shared()
    for each in sys.argv[1:]:
        child = os.fork()
        if not child:
            os.write(1, f"{notice(each)}\n".encode())
            os._exit(0)
        os.waitpid(child, 0)
