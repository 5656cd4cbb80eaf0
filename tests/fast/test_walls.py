"""The walls between the rooms: the table in CONTRIBUTING.md, checked against every import."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import tomlkit

import poetry_fti

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = Path(poetry_fti.__file__).parent
CONTRIBUTING: Final = Path(__file__).parents[2] / "CONTRIBUTING.md"
MODULES: Final = sorted(SOURCE.rglob("*.py"))
# Parsing the modules would take most of the time.
IMPORT: Final = re.compile(
    r"\n(?P<indent> *)"  # looking for a line's end is faster than for the beginning of one
    r"(?:from (?P<module>[\w.]+) import (?P<names>\([^)]*\)|.*)|import (?P<modules>.*))$",
    re.MULTILINE,
)
ROW: Final = re.compile(r"\| `(?P<room>[a-z_/]+)` \| [^|]+ \|(?P<ours>[^|]*)\|(?P<others>[^|]*)\|")


# Modules that locking imports in functions, if at all.
RARELY_NEEDED: Final = frozenset(
    {
        "bridge.index.licenses.lookup",
        "bridge.index.logins",
        "bridge.lock.compared",
        "bridge.lock.dependencies.graph",
        "bridge.lock.violation",
        "bridge.project.code",
        "bridge.project.paths.leftover_metadata",
        "bridge.project.paths.local_packages",
        "bridge.project.paths.required",
        "bridge.project.paths.static_metadata",
        "bridge.solving.attempts.attempts",
        "bridge.solving.attempts.partial",
        "bridge.solving.attempts.selection",
        "bridge.solving.conflict",
        "bridge.solving.exclusion.possibility",
        "bridge.solving.obstacles",
        "bridge.solving.rules.preferences",
        "bridge.solving.variants.saving",
        "bridge.solving.variants.universal",
        "bridge.solving.workers.plain",
        "bridge.solving.workers.process",
        "bridge.solving.workers.update",
        "commands.shared.findings",
        "config.image.health",
        "model.constraint",
        "model.dependency_graph",
        "model.images.healthcheck",
        "model.installed",
        "model.licenses",
        "model.login",
        "model.model_record",
        "model.rule",
    }
)


@dataclass(frozen=True, slots=True)
class Room:
    """The imports that are allowed in a package or a top-level module."""

    ours: frozenset[str]
    third_party: frozenset[str]


def rooms() -> dict[str, Room]:
    lines = CONTRIBUTING.read_text(encoding="utf-8").splitlines()
    rows = [row for line in lines if (row := ROW.fullmatch(line))]
    return {row["room"]: Room(names(row["ours"]), names(row["others"])) for row in rows}


def names(cell: str) -> frozenset[str]:
    return frozenset(name.strip() for name in cell.split(",") if name.strip())


ROOMS: Final = rooms()


def room_of(module: str) -> str:
    """Return the room of a module's dotted name below poetry_fti: the longest that is listed."""
    parts = module.split(".") if module else ["__init__"]
    found = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((room for room in found if room in ROOMS), parts[0])


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES: Final = {name_of(path) for path in MODULES}


@cache
def imported(path: Path, *, at_once: bool = False) -> tuple[str, ...]:
    """Return what a module imports, also where only types are needed.

    With `at_once`, this is only what is imported with the module: not in functions or for types.
    """
    return tuple(_imported(path, at_once=at_once))


def _imported(path: Path, *, at_once: bool) -> Iterator[str]:
    text = "\n" + path.read_text(encoding="utf-8")
    seen, quotes = 0, {'"""': 0, "'''": 0}
    for found in IMPORT.finditer(text):
        for each in quotes:
            quotes[each] += text.count(each, seen, found.start())
        seen = found.start()
        if any(count % 2 for count in quotes.values()):
            continue  # in a string
        if at_once and found["indent"]:
            continue
        if found["modules"]:
            yield from _split(found["modules"])
        else:
            yield from (_module(found["module"], name) for name in _split(found["names"]))


def _split(names: str) -> Iterator[str]:
    """Yield names without their comments and their aliases."""
    for name in re.sub(r"#.*|[()]", "", names).split(","):
        yield from name.split()[:1]


def _module(module: str, name: str) -> str:
    """Return what is imported: a module of ours, or the one that has the name."""
    full = f"{module}.{name}"
    return full if full.removeprefix("poetry_fti.") in NAMES else module


def _parsed(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (_module(node.module or "", alias.name) for alias in node.names)


@pytest.mark.slow
def test_imports_are_found_without_parsing_modules() -> None:
    for path in MODULES:
        assert sorted(imported(path)) == sorted(_parsed(path)), path


def test_rooms_import_only_what_they_may() -> None:
    wrong = {name_of(path): list(_refused(path)) for path in MODULES}
    assert {module: imports for module, imports in wrong.items() if imports} == {}


def _refused(path: Path) -> Iterator[str]:
    """Yield the imports of a module that the table does not list for its room."""
    room = room_of(name_of(path))
    for module in imported(path):
        top, _, rest = module.partition(".")
        if top == "poetry_fti":
            other = room_of(rest)
            if not (other == room or other.startswith(f"{room}/") or other in ROOMS[room].ours):
                yield module
        elif top not in sys.stdlib_module_names and top not in ROOMS[room].third_party:
            yield module


def test_every_room_is_listed_and_there_is_no_other() -> None:
    tops = {name_of(path).partition(".")[0] or "__init__" for path in MODULES}
    assert {room.partition("/")[0] for room in ROOMS} == tops
    for room in ROOMS:
        assert room == "__init__" or room.replace("/", ".") in NAMES


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        name_of(path): {
            module.removeprefix("poetry_fti.")
            for module in imported(path)
            if module.startswith("poetry_fti.")
        }
        for path in MODULES
        if name_of(path)
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def _imported_with(*modules: str) -> set[str]:
    """Return what is imported of ours with some modules, with these."""
    paths = {name_of(path): path for path in MODULES}
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += [name.rpartition(".")[0]] if "." in name else []
        imports = imported(paths[name], at_once=True)
        waiting += [each.removeprefix("poetry_fti.") for each in imports if "poetry_fti." in each]
    return found


def test_locking_imports_only_what_most_locks_need() -> None:
    """Creating the dataclasses of a module that is not needed takes longer than reading it."""
    found = _imported_with("commands.lock", "operations.locking.solve")
    assert found.isdisjoint(RARELY_NEEDED)
    assert {room_of(name).partition("/")[0] for name in found} == {
        *("agreement", "bridge", "commands", "config", "errors", "files", "interruption", "model"),
        *("operations", "reading", "targets", "urls", "wording"),
    }
    assert NAMES.issuperset(RARELY_NEEDED)


def test_modules_and_folders_keep_their_size() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert [path for path, count in lines.items() if count > 300] == []
    folders = {path.parent for path in MODULES} - {SOURCE / "commands"}
    crowded = {
        folder.relative_to(SOURCE).as_posix(): count
        for folder in folders
        if (count := len([m for m in folder.glob("*.py") if m.name != "__init__.py"])) > 16
    }
    assert crowded == {}


def test_ruff_bans_what_the_table_does() -> None:
    """Ruff can allow its banned libraries to whole folders only."""
    ruff = tomlkit.parse((CONTRIBUTING.parent / "pyproject.toml").read_text(encoding="utf-8"))
    lint = ruff["tool"]["ruff"]["lint"]
    banned = set(lint["flake8-tidy-imports"]["banned-api"])
    allowed = {path for path, rules in lint["per-file-ignores"].items() if "TID251" in rules}
    rooms = {room.partition("/")[0] for room, each in ROOMS.items() if banned & each.third_party}
    assert rooms == {"bridge", "commands", "plugin", "ports"}
    assert allowed == {
        "src/poetry_fti/{bridge,commands}/**",
        "src/poetry_fti/plugin.py",
        "src/poetry_fti/ports/rest/**",
        "tests/**",
        "{fixtures,benchmarks,tools}/**",
    }
