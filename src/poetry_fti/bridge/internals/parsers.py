"""Private names of poetry-core's parsers of requirements and markers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.internals.private_name import PrivateName, exists

if TYPE_CHECKING:
    from pathlib import Path

    from poetry.core.version.parser import Parser


def _attribute(name: str, relied_on: str) -> PrivateName:
    return PrivateName(
        module="poetry.core.version.parser",
        owner="Parser",
        name=name,
        kind="attribute",
        use="speed",
        relied_on=relied_on,
    )


def _parser(module: str, relied_on: str) -> PrivateName:
    return PrivateName(
        module=module, name="_parser", kind="global", use="speed", relied_on=relied_on
    )


GRAMMAR: Final = _attribute("_grammar", "The file of the grammar.")
LARK: Final = _attribute("_lark", "The compiled grammar; None until the first text is parsed.")
REQUIREMENTS: Final = _parser("poetry.core.version.requirements", "Parses all requirements.")
MARKERS: Final = _parser("poetry.core.version.markers", "Parses all markers.")
NAMES: Final = (GRAMMAR, LARK, REQUIREMENTS, MARKERS)


def uncompiled_parsers() -> list[tuple[Parser, str]]:
    """Return parsers whose grammar is not compiled, each with a text that it can parse."""
    if not all(map(exists, NAMES)):
        return []
    texts = ((REQUIREMENTS, "a"), (MARKERS, 'os_name == "a"'))
    found = [(getattr(import_module(each.module), each.name), text) for each, text in texts]
    return [(parser, text) for parser, text in found if parser._lark is None]


def grammar_file(parser: Parser) -> Path:
    """Return the file of a parser's grammar."""
    return parser._grammar


def compiled_grammar(parser: Parser, text: str) -> Any:  # noqa: ANN401 - Lark has no types
    """Let a parser compile its grammar, by parsing a text, and return it."""
    parser.parse(text)
    return parser._lark


def use_grammar(parser: Parser, compiled: Any) -> None:  # noqa: ANN401 - Lark has no types
    """Let a parser use a grammar that was compiled before."""
    parser._lark = compiled
