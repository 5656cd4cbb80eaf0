"""The compiled grammars of requirements and markers, kept between commands."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import poetry.core  # lets the library that it contains be imported  # noqa: F401

from poetry_fti.bridge.internals.parsers import (
    compiled_grammar,
    grammar_file,
    uncompiled_parsers,
    use_grammar,
)
from poetry_fti.bridge.project.settings import cache_file

if TYPE_CHECKING:
    from pathlib import Path

    from poetry.core.version.parser import Parser

_FORMAT: Final = 1


def load_grammars() -> None:
    """Give poetry-core's parsers their compiled grammars, which Poetry's cache keeps.

    Compiling them takes ten times as long as reading them. They are kept as JSON, not as Lark's
    pickle, which could contain code.
    """
    for parser, text in uncompiled_parsers():
        with suppress(Exception):  # poetry-core compiles what cannot be kept
            path = _path(parser)
            if kept := _kept_grammar(path):
                use_grammar(parser, kept)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(written_grammar(compiled_grammar(parser, text)), encoding="utf-8")


def written_grammar(compiled: Any) -> str:  # noqa: ANN401 - Lark has no types
    """Return a grammar that Lark has compiled as JSON."""
    types = [
        import_module("lark.lexer").TerminalDef,
        import_module("lark.grammar").Rule,
    ]
    data, memo = compiled.memo_serialize(types)  # as Lark.save does
    return json.dumps(_with_text_keys({"data": data, "memo": memo}))


def read_grammar(text: str) -> Any:  # noqa: ANN401 - Lark has no types
    """Return a compiled grammar from its JSON; raises various errors if it is damaged."""
    return import_module("lark").Lark.load(json.loads(text, object_hook=_with_any_keys))


def _kept_grammar(path: Path) -> Any:  # noqa: ANN401 - Lark has no types
    """Return the grammar in a file, or None if it is missing or damaged."""
    try:
        return read_grammar(path.read_text(encoding="utf-8"))
    except Exception:  # noqa: BLE001 - of Lark's
        return None


def _path(parser: Parser) -> Path:
    version = import_module("lark").__version__
    content = f"{_FORMAT} {version} {grammar_file(parser).read_text(encoding='utf-8')}"
    return cache_file(content.encode(), "grammar")


def _with_text_keys(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return data with a list of pairs in place of each dictionary whose keys are numbers."""
    if isinstance(value, dict):
        pairs = [(key, _with_text_keys(each)) for key, each in value.items()]
        return dict(pairs) if all(isinstance(key, str) for key in value) else {"": pairs}
    return [_with_text_keys(each) for each in value] if isinstance(value, list | tuple) else value


def _with_any_keys(value: dict[str, Any]) -> dict[Any, Any]:
    return dict(value[""]) if value.keys() == {""} else value
