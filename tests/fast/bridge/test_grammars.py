"""Grammars that were compiled by an earlier command."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from poetry.core.version import markers, requirements
from poetry.core.version.grammars import GRAMMAR_PEP_508_CONSTRAINTS, GRAMMAR_PEP_508_MARKERS
from poetry.core.version.parser import Parser

from poetry_fti.bridge.grammars import load_grammars, read_grammar, written_grammar
from poetry_fti.bridge.internals import parsers
from poetry_fti.bridge.internals.parsers import compiled_grammar
from poetry_fti.bridge.project import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from poetry.core._vendor.lark import Lark

    from poetry_fti.bridge.internals.private_name import PrivateName

pytestmark = pytest.mark.slow

MARKERS = [
    'os_name == "a"',
    "python_version >= '3.10' and (extra == 'b' or sys_platform != \"win32\")",
    "'linux' in sys_platform",
    'os_name = "a"',
    "python_version >= 3.10",
    "",
]
REQUIREMENTS = [
    "a",
    "a[b,c] (>=1.0,!=1.5.*)",
    "a ~= 1.0 ; python_version < '3.12'",
    "a @ https://example.com/a-1.0-py3-none-any.whl ; os_name == 'nt'",
    "a @ git+ssh://git@example.com/a.git@main",
    "a >= ",
    "a b",
    "[a]",
]
PIECES = ["a", "1.0", ">=", "==", " ", ",", ";", "[", "]", "(", ")", "@", "'a'", "os_name", "and"]


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Lark, Lark]]:
    """Pairs of a compiled grammar and the same one after it was written and read."""
    files = [(GRAMMAR_PEP_508_CONSTRAINTS, "a"), (GRAMMAR_PEP_508_MARKERS, MARKERS[0])]
    compiled = [compiled_grammar(Parser(file, "lalr"), text) for file, text in files]
    return [(each, read_grammar(written_grammar(each))) for each in compiled]


def parsed(grammar: Lark, text: str) -> tuple[object, str]:
    """Return the tree of a text, or what is wrong with it."""
    try:
        return grammar.parse(text), ""
    except Exception as error:  # noqa: BLE001 - it is compared
        return type(error), str(error)


@pytest.mark.parametrize("text", [*REQUIREMENTS, *MARKERS])
def test_a_grammar_that_was_kept_parses_the_same(pairs: list[tuple[Lark, Lark]], text: str) -> None:
    for compiled, kept in pairs:
        assert parsed(kept, text) == parsed(compiled, text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_grammar_that_was_kept_parses_anything_the_same(
    pairs: list[tuple[Lark, Lark]], text: str
) -> None:
    for compiled, kept in pairs:
        assert parsed(kept, text) == parsed(compiled, text)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Poetry's cache folder, and parsers that have not compiled their grammars."""
    monkeypatch.setattr(settings, "cache_folder", lambda: tmp_path)
    for module in (requirements, markers):
        monkeypatch.setattr(getattr(module, "_parser"), "_lark", None)  # noqa: B009 - private
    return tmp_path / "poetry-fti"


def compiles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that names each grammar that is compiled from now on."""
    found: list[str] = []
    lark = importlib.import_module("lark").Lark
    open_grammar: Callable[..., Lark] = lark.open

    def opened(grammar_filename: Path, **options: object) -> Lark:
        found.append(grammar_filename.name)
        return open_grammar(grammar_filename, **options)

    monkeypatch.setattr(lark, "open", opened)
    return found


def forget() -> None:
    for module in (requirements, markers):
        vars(vars(module)["_parser"])["_lark"] = None


def test_grammars_are_compiled_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compiles(monkeypatch)
    load_grammars()
    assert compiled == ["pep508.lark", "markers.lark"]
    assert len(list(cache.glob("*.grammar"))) == 2
    forget()
    load_grammars()
    assert str(markers.parse_marker('os_name=="nt"')) == 'os_name == "nt"'
    assert requirements.Requirement("a>=1").name == "a"
    assert len(compiled) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"data": {}, "memo": {}}', "\udcff"])
def test_a_damaged_grammar_is_compiled_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    load_grammars()
    for file in cache.glob("*.grammar"):
        file.write_bytes(damage.encode(errors="surrogateescape"))
    compiled = compiles(monkeypatch)
    for _ in range(2):
        forget()
        load_grammars()
    assert compiled == ["pep508.lark", "markers.lark"]


def test_grammars_that_cannot_be_kept_are_compiled_by_poetry(cache: Path) -> None:
    cache.write_text("no folder")
    load_grammars()
    assert str(markers.parse_marker('os_name=="nt"')) == 'os_name == "nt"'


@pytest.mark.parametrize("private", parsers.NAMES, ids=str)
def test_no_grammar_is_kept_without_a_private_name(
    cache: Path, monkeypatch: pytest.MonkeyPatch, private: PrivateName
) -> None:
    monkeypatch.setattr(parsers, "exists", lambda name: name != private)
    load_grammars()
    assert not cache.exists()
    assert str(markers.parse_marker('os_name=="nt"')) == 'os_name == "nt"'
