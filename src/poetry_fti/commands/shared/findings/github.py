"""Findings as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.findings import lines_of
from poetry_fti.wording import harmless

if TYPE_CHECKING:
    from poetry_fti.checks import Finding
    from poetry_fti.commands.shared.findings import Found


def render(found: Found) -> str:
    """Return a workflow command for each finding; waived ones are left out."""
    return "".join(f"{_command(each, found)}\n" for each in found.findings)


def _command(finding: Finding, found: Found) -> str:
    line, column = found.locations.find(finding.path)
    properties = {
        "file": found.locations.file,
        "line": str(line),
        "col": str(column),
        "title": f"{found.command}: {finding.check}",
    }
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{finding.level} {listed}::{_data(chr(10).join(lines_of(finding)))}"


def _data(text: str) -> str:
    return harmless(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
