"""Poetry in the tests' own process: what it does again for each project is done once."""

from __future__ import annotations

import json
import os
import pickle
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import poetry.core.json
import poetry.core.pyproject.toml
import poetry.json
import poetry.utils.cache
import tomlkit.toml_file

from poetry_fti.bridge.index.prefetch import prefetcher
from poetry_fti.bridge.solving.workers import assignment

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def make_quick() -> None:
    """Change Poetry for the rest of the process; further calls do nothing."""
    _compile_schemas_once()
    _parse_files_once()
    _cache_in_one_folder()
    # No test is about a loss of power, and answers in memory keep no more threads busy.
    vars(os)["fsync"] = lambda _: None
    vars(prefetcher)["CONNECTIONS"] = 2
    # Forks take longer than the small stages that they would solve.
    vars(assignment)["_MAX_PROCESSES"] = 1


def _compile_schemas_once() -> None:
    """Poetry 2.3 compiles its schemas for each project that it loads, later ones once."""
    for module in (poetry.json, poetry.core.json):
        library = vars(module)["fastjsonschema"]
        compiled = cache(lambda text, make=library.compile: make(json.loads(text)))
        library.compile = lambda schema, known=compiled: known(json.dumps(schema))


def _parse_files_once() -> None:
    """Poetry parses a project's file three times to load it, and most projects are loaded again."""
    core = vars(poetry.core.pyproject.toml)
    library = core["tomllib"]
    loads = _copied(library.loads)
    core["tomllib"] = SimpleNamespace(
        load=lambda file: loads(file.read().decode()), TOMLDecodeError=library.TOMLDecodeError
    )
    tomlkit_file = vars(tomlkit.toml_file)
    tomlkit_file["loads"] = _copied(tomlkit_file["loads"])


def _cache_in_one_folder() -> None:
    """Poetry makes up to eight folders for each file of its cache."""
    hashes = vars(poetry.utils.cache)["_HASHES"]
    hashes.update({name: (function, 0) for name, (function, _) in hashes.items()})


def _copied(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a function that parses each text once and returns copies."""
    parsed = cache(lambda text: pickle.dumps(parse(text)))
    return lambda text: pickle.loads(parsed(text))  # noqa: S301
