"""Folders in which conda has built packages, as `pip freeze` lists them."""

from __future__ import annotations

import re
from typing import Final

# conda-build names the folder after the package and the time in milliseconds.
_BUILD: Final = re.compile(r"file:.*_\d{10,}(?:\.\d+)?/work(?:/\S*)?", re.IGNORECASE)


def is_conda_build(url: str) -> bool:
    """Return whether a URL is such as `file:///croot/numpy_1649782933444/work`.

    These folders exist on the machines of those who build conda packages only.
    """
    return _BUILD.fullmatch(url) is not None
