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
MODEL: Final = {"model", "errors", "table", "targets", "urls", "wording"}
COMMANDS: Final = {"poetry", "cleo"}

# room -> (our rooms, third-party packages); a room is a package, or a module beside them
ROOMS: Final[dict[str, tuple[set[str], set[str]]]] = {
    "__init__": (set(), set()),
    "errors": ({"model"}, set()),
    "model": (set(), {"packaging"}),
    "table": ({"model"}, set()),
    "targets": ({"model"}, {"packaging"}),
    "urls": (set(), set()),
    "wording": (set(), set()),
    "package_keys": (MODEL, {"packaging"}),
    "health_keys": (MODEL, set()),
    "image_paths": (MODEL, set()),
    "image_keys": (MODEL | {"health_keys", "image_paths"}, set()),
    "config": (MODEL | {"image_keys", "package_keys"}, {"packaging"}),
    "stages": (MODEL | {"config"}, {"packaging"}),
    "presets": (MODEL | {"config"}, {"packaging"}),
    "toml_sections": (set(), {"tomlkit"}),
    "toml_text": ({"errors", "table", "toml_sections"}, {"tomlkit"}),
    "scaffold": (MODEL | {"presets", "stages", "toml_text"}, {"packaging"}),
    "hidden": (MODEL | {"config", "stages"}, {"packaging"}),
    "comparison": ({"model", "reasons"}, {"packaging"}),
    "reasons": ({"model"}, {"packaging"}),
    "alignment": (set(), {"packaging"}),
    "rules": ({"model", "alignment"}, {"packaging"}),
    "files": ({"model", "errors"}, {"filelock"}),
    "exporters": (MODEL | {"exporters"}, {"packaging", "tomlkit", "yaml"}),
    "ports": ({"model", "errors", "ports"}, set()),
    "bridge": (
        MODEL | {"stages", "hidden", "alignment", "rules", "bridge"},
        {"packaging", "poetry", "cachecontrol", "cleo", "requests", "tomlkit", "urllib3"},
    ),
    "plugin": (set(), {"poetry", "cleo"}),
}
EVERYTHING: Final = {"commands"}
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
