"""Where the keys of a TOML document are, in documents of all kinds."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import pytest
import tomlkit

import cases
from poetry_fti.commands.shared.findings.toml_positions import Position, toml_positions

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE: Final = '''\
# [tool.fti.stages.training] is not here
[project]
description = """
[tool.fti.stages.training]
x = 1 \\"""" # [a]
"quoted \\u0041.key" = 'C:\\'

[tool.fti.stages.training]
forbid = [ # first
    "a]", "b",
    # "c"
    { d = [1] }, ]
image.base = "x"

[[tool.fti.align]]
packages = ["numpy"]
[[tool.fti.align]] # again
[tool.fti.align.more]
[tool.fti]
isolated = true'''


def test_the_example() -> None:
    found = toml_positions(EXAMPLE)
    assert found == {
        "project": Position(2, 2),
        "project.description": Position(3, 1),
        'project."quoted A.key"': Position(6, 1),
        "tool": Position(8, 2),
        "tool.fti": Position(19, 7),
        "tool.fti.stages": Position(8, 11),
        "tool.fti.stages.training": Position(8, 18),
        "tool.fti.stages.training.forbid": Position(9, 1),
        "tool.fti.stages.training.forbid[0]": Position(10, 5),
        "tool.fti.stages.training.forbid[1]": Position(10, 11),
        "tool.fti.stages.training.forbid[2]": Position(12, 5),
        "tool.fti.stages.training.forbid[2].d": Position(12, 7),
        "tool.fti.stages.training.forbid[2].d[0]": Position(12, 12),
        "tool.fti.stages.training.image": Position(13, 1),
        "tool.fti.stages.training.image.base": Position(13, 7),
        "tool.fti.align": Position(15, 12),
        "tool.fti.align[0]": Position(15, 12),
        "tool.fti.align[0].packages": Position(16, 1),
        "tool.fti.align[0].packages[0]": Position(16, 13),
        "tool.fti.align[1]": Position(17, 12),
        "tool.fti.align[1].more": Position(18, 17),
        "tool.fti.isolated": Position(20, 1),
    }


KEYS: Final = ("a", "b-1", "_", "7", "x.y", "ü", 'q"', "[z]", "a = 1 #", "")
VALUES: Final = (
    *("1", "-0.5", "true", "inf", "1979-05-27 07:32:00Z", "07:32:00", "0xff"),
    *("''", '""', '"\\" ] # ="', "'] = \"'", '"""\n[a]\n\\"""b = 1"""""', "'''\na = '' 1\n'''''"),
)


class Document:
    """A random TOML document."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._depth = 0
        self.text = "".join(self._table(""))

    def _keys(self) -> list[str]:
        return self._random.sample(KEYS, self._random.randint(0, 3))

    def _chance(self) -> bool:
        return self._random.random() < 0.4

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _key(self, key: str) -> str:
        basic = tomlkit.item(key).as_string()
        literal = f"'{key}'"
        bare = [key] if key.isascii() and key.replace("-", "").replace("_", "a").isalnum() else []
        return self._pick(basic, literal, *bare, *bare)

    def _table(self, path: str) -> Iterator[str]:
        self._depth += 1
        deep = self._depth > 3
        later = []
        for key in self._keys():
            if not deep and self._chance():
                later.append(key)
            elif self._chance():
                inner = [f"{self._key(each)}{self._blank()}" for each in self._keys() or ["a"]]
                first = f"{self._key(key)}{self._blank()}.{self._blank()}"
                yield from (f"{first}{each}= {self._value()}{self._end()}" for each in inner)
            else:
                yield f"{self._key(key)}{self._blank()}={self._blank()}{self._value()}{self._end()}"
        for key in later:
            name = f"{path}.{self._key(key)}" if path else self._key(key)
            if self._chance():
                for _ in range(self._random.randint(1, 3)):
                    yield f"[[{self._blank()}{name}{self._blank()}]]{self._end()}"
                    yield from self._table(name)
            else:
                if not self._chance():
                    yield f"[{name}]{self._end()}"
                else:
                    name = f"{name}.{self._key('deeper')}"
                    yield f"[{name}]{self._end()}"
                yield from self._table(name)
        self._depth -= 1

    def _value(self) -> str:
        self._depth += 1
        try:
            if self._depth > 5 or not self._chance():
                return self._pick(*VALUES)
            if self._chance():
                pairs = [f"{self._key(each)} = {self._value()}" for each in self._keys()]
                return f"{{{self._blank()}{', '.join(pairs)}{self._blank()}}}"
            items = [f"{self._gap()}{self._value()}{self._gap()}" for _ in self._keys()]
            comma = "," if items and self._chance() else ""
            return f"[{','.join(items)}{comma}{self._gap()}]"
        finally:
            self._depth -= 1

    def _blank(self) -> str:
        return self._pick("", " ", "\t")

    def _gap(self) -> str:
        return self._pick("", " ", "\n", "\r\n  ", ' # ] "\n')

    def _end(self) -> str:
        return self._pick("\n", "\r\n", " # a = [\n", "\n\n#\n")


def paths(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any of TOML's
    """Yield the path of each key and item, and the key; an empty one for an item."""
    if isinstance(value, dict):
        for key, each in value.items():
            quoted = key if key in {*KEYS[:4], "deeper"} else f'"{key}"'
            own = f"{path}.{quoted}" if path else quoted
            yield own, key
            yield from paths(each, own)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield f"{path}[{index}]", ""
            yield from paths(each, f"{path}[{index}]")


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("seed", cases.seeds(20))
def test_every_key_is_found_where_it_is(seed: int) -> None:
    for number in range(20 * seed, 20 * seed + 20):
        check_positions(Document(number).text)


def check_positions(text: str) -> None:
    data = tomlkit.parse(text).unwrap()
    found = toml_positions(text)
    expected = dict(paths(data))
    assert found.keys() == expected.keys()
    lines = text.split("\n")
    for path, (line, column) in found.items():
        rest = lines[line - 1][column - 1 :]
        if not path.endswith("]"):
            key = expected[path]
            assert rest.startswith((tomlkit.item(key).as_string(), f"'{key}'", key)), path
