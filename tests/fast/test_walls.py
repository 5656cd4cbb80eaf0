"""The walls of the house: what each room may import."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import poetry_fti

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = Path(poetry_fti.__file__).parent
MODEL: Final = {"model", "errors", "targets", "urls", "wording"}

# room -> (our rooms, third-party packages); a room is a package, or a module beside them
ROOMS: Final[dict[str, tuple[set[str], set[str]]]] = {
    "__init__": (set(), set()),
    "errors": ({"model"}, set()),
    "model": (set(), {"packaging"}),
    "targets": ({"model"}, {"packaging"}),
    "urls": (set(), set()),
    "wording": (set(), set()),
    "config": (MODEL | {"config"}, {"packaging"}),
    "scaffold": (MODEL | {"config", "scaffold", "files"}, {"packaging", "tomlkit"}),
    "agreement": (MODEL | {"agreement"}, {"packaging"}),
    "files": ({"model", "errors"}, {"filelock"}),
    "exporters": (MODEL | {"exporters", "config"}, {"packaging", "tomlkit", "yaml"}),
    "ports": ({"model", "errors", "ports"}, set()),
    "bridge": (
        MODEL | {"config", "agreement", "bridge"},
        {"packaging", "poetry", "cachecontrol", "cleo", "requests", "tomli", "tomlkit", "urllib3"},
    ),
    "plugin": (set(), {"poetry", "cleo"}),
}
EVERYTHING: Final = {"commands", "operations"}
MODULES: Final = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "poetry_fti":
                yield from (f"poetry_fti.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    if room_of(path) in EVERYTHING:
        return
    ours, third_party = ROOMS[room_of(path)]
    for module in imported(path):
        top, _, rest = module.partition(".")
        if top == "poetry_fti":
            assert rest.partition(".")[0] in ours, module
        elif top not in sys.stdlib_module_names:
            assert top in third_party, module
