"""install.ps1, read by a grammar of PowerShell.

The grammar is one for editors, not PowerShell's own; test_script.py runs PowerShell where it is
installed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest
import tree_sitter_powershell
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from tree_sitter import Language, Parser

from fast.exporters.canned import DEFAULT, LINUX, MIRROR, PACKAGES, STAGE, on, package, stage
from fast.exporters.test_script import CONSTRAINED, SMALL
from poetry_fti.exporters.python import script
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, IndexOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from poetry_fti.model.lock import LockedStage

pytestmark = pytest.mark.newest_only

# The characters that PowerShell treats as a single quote.
QUOTES: Final = "'\u2018\u2019\u201a\u201b"
AWKWARD: Final = QUOTES + '"\u201c$`@#(){};&|<>%!~^[]= \u00e9\u0451\u6f22a1'
# They are syntax of requirements files or markers, which the export refuses.
UNSUPPORTED: Final = '"#$ '
PARSER: Final = Parser(Language(tree_sitter_powershell.language()))


def text(locked: LockedStage) -> str:
    return script.files(locked)["install.ps1"]


def nodes(code: str) -> list[Node]:
    """Return all nodes of a script's syntax tree."""
    return list(_below(PARSER.parse(code.encode()).root_node))


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _below(child)


def errors(code: str) -> list[str]:
    """Return the parts of a script that are not valid PowerShell."""
    return [str(each) for each in nodes(code) if each.is_error or each.is_missing]


def literals(code: str) -> list[str]:
    """Return the values of the strings between single quotes, as PowerShell reads them."""
    found = [each for each in nodes(code) if each.type == "verbatim_string_characters"]
    values = [each.text.decode()[1:-1] for each in found if each.text]
    pair = re.compile(f"([{QUOTES}])[{QUOTES}]")
    assert not [value for value in values if re.search(f"[{QUOTES}]", pair.sub("", value))]
    return [pair.sub(r"\1", value) for value in values]


def here_strings(code: str) -> list[str]:
    found = [each for each in nodes(code) if each.type == "verbatim_here_string_characters"]
    return [each.text.decode() for each in found if each.text]


def test_the_grammar_finds_errors() -> None:
    assert errors("'it's'")
    assert errors("if ($true) {")
    assert errors("$text = @'\nx '@\n")
    assert not errors("if ($true) { 'it''s' }\n")


@pytest.mark.parametrize(
    "locked",
    [
        STAGE,
        SMALL,
        CONSTRAINED,
        on(CONSTRAINED, LINUX),
        stage(),
        stage(*PACKAGES, name="Stage_1.x-y"),
        replace(STAGE, requires_python=">=3.11,!=3.12.1,!=3.13.*,<3.15"),
        replace(STAGE, folder=PurePosixPath("it's $(a) `b/\u0451/training")),
    ],
)
def test_every_shape_of_a_script_is_valid(locked: LockedStage) -> None:
    code = text(locked)
    assert errors(code) == []
    assert f".venv-{locked.stage.name}" in literals(code)


@given(
    st.lists(st.text(AWKWARD, min_size=1).map("libs/{}/x".format), min_size=1, max_size=3),
    st.text(AWKWARD.translate(dict.fromkeys(map(ord, UNSUPPORTED)))),
)
@settings(max_examples=30)
def test_awkward_values_remain_values(paths: list[str], value: str) -> None:
    index = IndexOrigin("corp", f"https://corp.example/{value}/simple")
    marker = f'platform_version != "{value}"'
    locked = stage(
        package("alpha", "1", "a.whl", origin=index, marker=marker),
        *(package(f"p{n}", origin=DirectoryOrigin(PurePosixPath(p))) for n, p in enumerate(paths)),
        package("file", "1", "f.whl", origin=FileOrigin(PurePosixPath(paths[0] + ".whl"))),
    )
    constraints = ((canonicalize_name("alpha"), (f'setuptools; os_name == "{value}"',)),)
    code = text(replace(locked, indexes=(index, MIRROR, DEFAULT), build_constraints=constraints))
    assert errors(code) == []
    expected = {*map(str, map(PurePosixPath, paths)), f"{PurePosixPath(paths[0])}.whl"}
    assert expected < set(literals(code))
    first, *files = here_strings(code)
    assert first.startswith("@'\nimport sys\n")
    assert all(each.startswith("@'\n") and each.endswith("\n'@") for each in files)
    assert [name for name in literals(code) if name.endswith(".txt")] == [
        "build-constraints.txt",
        "requirements.txt",
        "requirements.sources.txt",
    ]
