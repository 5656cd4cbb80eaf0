"""The command by which a completion script lists the stages of a project."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Final

# It contains no quotes, so that every shell reads it. The current folder, from which Python would
# import modules, may be a stranger's; the folder of the plugin need not be on Poetry's path.
_CODE: Final = (
    "import sys; sys.path[:] = filter(None, sys.path); sys.path.append(sys.argv[1]);"
    " from poetry_fti.operations.completion import completed_stages;"
    " print(*completed_stages(sys.argv[2:]), sep=chr(10))"
)


def stage_lister() -> str:
    """Return the shell command that prints the stages; the words to complete are its arguments.

    It starts the Python that runs now, but not Poetry, and takes about 0.1 s.
    """
    folder = Path(__file__).parents[3]  # of the package poetry_fti
    return shlex.join([sys.executable, "-c", _CODE, str(folder)])
