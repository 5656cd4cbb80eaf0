"""What every importer keeps to: no file makes it fail but with an error, and it is documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from imported_files import imported
from poetry_fti.errors import FtiError
from poetry_fti.importers import IMPORTERS, importer_of
from poetry_fti.importers.discovery import PATTERNS

REFERENCE: Final = Path(__file__).parents[3] / "docs/reference/commands.md"
NAMES: Final = sorted(
    {pattern.replace("*", "x") for each in IMPORTERS.values() for pattern in each.names}
)
HOSTILE: Final = (
    b"",
    b"\x00",
    b"\xff\xfe\xff",
    b"\x80\x02csystem\n.",
    b"[" * 100_000,
    b"{" * 100_000,
    b"a: &a [*a, *a]\n" * 3,
    b"- " * 5_000,
    b"x" * 200_000,
    b"!!python/object/apply:os.system [touch hacked]",
    b"dependencies: !!python/object/apply:os.system [touch hacked]",
    b"dependencies: [[[[]]], {pip: {a: b}}, {pip: [1, [2]]}, null, 1.0]",
    b"-r \x00\n",
    b"-r " + b"../" * 1000 + b"etc/passwd\n",
    b"-e \x00\n./\x00\nfile:///\x00\n",
    b"RUN pip install '",
    b"RUN pip install -r",
    b"RUN [1, 2]",
    b'{"cells": [{"cell_type": "code", "source": [1, null]}]}',
    b'{"python": {"condaDependencies": {"dependencies": [null, 1]}}}',
    b"[package]\nname = 1\n",
    b"[[package]]\nname = 'a'\nversion = 1\ndependencies = [1, {name = 2}]\n",
    b"[packages]\na = 1\nb = {version = 1, path = '\\u0000'}\n",
    b"[options]\ninstall_requires = %(x)s\n[options]\n",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_is_read_or_refused(name: str) -> None:
    for data in HOSTILE:
        _attempt(name, data)


@pytest.mark.slow
@settings(max_examples=examples(180))
@given(st.sampled_from(NAMES), st.one_of(st.binary(), st.text().map(str.encode)))
def test_any_file_is_read_or_refused(name: str, data: bytes) -> None:
    _attempt(name, data)


def _attempt(name: str, data: bytes) -> None:
    message = ""
    try:
        imported(name, data)
    except FtiError as error:
        message = str(error)
    assert len(message) < 1000
    assert re.search(r"[\x00-\x09\x0b-\x1f]", message) is None


def test_every_kind_of_file_is_in_the_reference() -> None:
    text = REFERENCE.read_text(encoding="utf-8").lower()
    section = text[text.index("## `poetry fti import") : text.index("## `poetry fti presets")]
    documented = set(re.findall(r"`([^`]+)`", section))
    patterns = {pattern.lower() for each in IMPORTERS.values() for pattern in each.names}
    assert patterns <= documented


def test_what_is_discovered_can_be_imported() -> None:
    names = [pattern.rpartition("/")[2].replace("*", "x") for pattern in PATTERNS]
    assert [name for name in names if importer_of(name) is None] == []
