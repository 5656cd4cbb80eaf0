"""Functions and classes of a script, which cloudpickle stores as code."""

from __future__ import annotations

import abc
import collections
import dataclasses
import enum
import pickle
import typing
from functools import partial
from typing import TYPE_CHECKING, Any

import cloudpickle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = typing.TypeVar("T")
FACTOR = 3


def _plain(number: int) -> int:
    return number * FACTOR


def _defaults(number: int, *, add: int = 2) -> int:
    return number + add


def _closure() -> Callable[[int], int]:
    count = 5

    def inner(number: int) -> int:
        nonlocal count
        count += number
        return count

    return inner


def _recursive() -> Callable[[int], int]:
    def factorial(number: int) -> int:
        return 1 if number < 2 else number * factorial(number - 1)

    return factorial


def _generator() -> Callable[[int], int]:
    def numbers(stop: int) -> typing.Iterator[int]:
        yield from range(stop)

    return lambda number: sum(numbers(number))


def _of_class() -> Callable[[int], int]:
    class Base(abc.ABC):
        factor: typing.ClassVar[int] = 4

        @abc.abstractmethod
        def run(self, number: int) -> int: ...

    class Model(Base):
        __slots__ = ("extra",)

        def __init__(self) -> None:
            self.extra = 1

        @property
        def total(self) -> int:
            return self.extra + self.factor

        @staticmethod
        def double(number: int) -> int:
            return number * 2

        def run(self, number: int) -> int:
            return super().factor * self.double(number) + self.total

    return Model().run


def _of_dataclass() -> Callable[[int], int]:
    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int
        y: int = 2
        names: list[str] = dataclasses.field(default_factory=list)

    return lambda number: (
        dataclasses.replace(Point(number), y=number).y + len(dataclasses.fields(Point))
    )


def _of_enum() -> Callable[[int], int]:
    class Color(enum.Enum):
        RED = 1
        BLUE = 2

    return lambda number: Color(number).value + len(Color)


def _of_generic() -> Callable[[int], int]:
    class Box(typing.Generic[T]):
        def __init__(self, value: T) -> None:
            self.value = value

    return lambda number: int(Box[int](number).value)


def _of_views() -> Callable[[int], int]:
    mapping = {"a": 1, "b": 2}
    keys, values, ordered = (
        mapping.keys(),
        mapping.values(),
        collections.OrderedDict(mapping).items(),
    )
    return lambda number: number + len(keys) + sum(values) + len(ordered)


FUNCTIONS: dict[str, Callable[[], Callable[[int], int]]] = {
    "plain": lambda: _plain,
    "defaults": lambda: _defaults,
    "lambda": lambda: lambda number: number + FACTOR,
    "partial": lambda: partial(_defaults, add=7),
    "closure": _closure,
    "recursive": _recursive,
    "generator": _generator,
    "class": _of_class,
    "dataclass": _of_dataclass,
    "enum": _of_enum,
    "generic": _of_generic,
    "views": _of_views,
}


def _write(make: Callable[[], Callable[[int], int]], path: Path) -> list[int]:
    module = __import__(__name__)
    if hasattr(cloudpickle, "register_pickle_by_value"):
        cloudpickle.register_pickle_by_value(module)
    path.write_bytes(cloudpickle.dumps(make()))
    return [make()(2)]


def _read(path: Path) -> list[Any]:
    return [pickle.loads(path.read_bytes())(2)]


WRITERS = {name: partial(_write, make) for name, make in FUNCTIONS.items()}
READERS = dict.fromkeys(WRITERS, _read)
