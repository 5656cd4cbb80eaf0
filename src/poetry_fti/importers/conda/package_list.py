"""Lists of conda packages, as `conda list --export` writes them, often to requirements.txt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers.conda.environment import conda_stage
from poetry_fti.importers.requirements.entries import read_text
from poetry_fti.importers.requirements.lines import logical_lines
from poetry_fti.importers.requirements.stage import read_stage

if TYPE_CHECKING:
    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedStage

_HEADER: Final = "# This file may be used to create an environment using:"
_EXPLICIT: Final = "@EXPLICIT"
# A line of a list without its header: name, version and build.
_EXPORTED: Final = re.compile(r"[\w.-]+=[\w.!+-]+=[\w.]+")


def read_text_file(source: Source) -> ImportedStage:
    """Return the environment of a text file: requirements, or a list of conda packages.

    Raises FtiError if it is not valid, and for a list of conda's URLs.
    """
    text = read_text(source.path, source.files)
    lines = [line.text for line in logical_lines(text)]
    if _EXPLICIT in lines:
        raise FtiError(
            f"{source.name} lists URLs of conda packages, which are not on PyPI. Import the"
            " environment.yml that it was made from."
        )
    is_list = _HEADER in text or (lines and all(map(_EXPORTED.fullmatch, lines)))
    return conda_stage(lines, source.name) if is_list else read_stage(source)
