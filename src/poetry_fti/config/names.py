"""Names of files and folders that every operating system accepts."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from poetry_fti.wording import CONTROL

if TYPE_CHECKING:
    from pathlib import PurePosixPath

UNUSABLE: Final = rf'{CONTROL}\\:"<>|?*'
# Windows gives these names to devices, in each folder and with any extension.
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])[ .]*(\..*)?", re.IGNORECASE)
_LONGEST_PART: Final = 255  # bytes
_LONGEST_PATH: Final = 1000  # bytes; macOS has the smallest limit: 1024


def folder_problem(path: PurePosixPath) -> str:
    """Return why an operating system would not create a folder of this path; empty if all would."""
    if len(os.fsencode(path)) > _LONGEST_PATH:
        return f"is longer than {_LONGEST_PATH} bytes"
    for part in path.parts:
        if len(os.fsencode(part)) > _LONGEST_PART:
            return f"has a name of more than {_LONGEST_PART} bytes"
        if _DEVICE.fullmatch(part):
            return f'has the name "{part}", which Windows reserves for a device'
        if part != part.strip() or part.endswith("."):
            return "has a name that starts with a blank, or ends in a blank or a dot"
    return ""
