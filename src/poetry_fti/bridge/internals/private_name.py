"""A name that a library does not document, with what is relied on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from inspect import isfunction, signature
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

# What does not work as usual without the name.
Use: TypeAlias = Literal[
    "solving",
    "speed",
    "index",
    "lock text",
    "lock",
    "http cache",
    "release cache",
    "error texts",
    "commentary",
    "commands",
]
# An "attribute" is set on instances; a "property", a "method" and a "constant" are the class's; a
# "global" is the module's.
Kind: TypeAlias = Literal["attribute", "constant", "global", "method", "property"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateName:
    """A private name: where it is, what it is used for, and what is relied on.

    `owner` is a class of `module`, or empty for a global of the module. A method is passed
    `parameters`.
    """

    module: str
    owner: str = ""
    name: str
    kind: Kind
    use: Use
    relied_on: str
    parameters: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.owner or self.module}.{self.name}"


@cache
def exists(private: PrivateName) -> bool:
    """Return whether the installed library has the name, with the parameters that are passed."""
    try:
        module = import_module(private.module)
    except ImportError:
        return False
    if not private.owner:
        return hasattr(module, private.name)
    owner = getattr(module, private.owner, None)
    if not isinstance(owner, type):
        return False
    if private.kind == "attribute":
        return any(private.name in code.co_names for code in _methods(owner))
    found = getattr(owner, private.name, None)
    if private.kind == "method":
        return callable(found) and signature(found).parameters.keys() >= {*private.parameters}
    return found is not None


def _methods(owner: type) -> Iterator[CodeType]:
    """Yield the code of the methods and properties of a class and its bases."""
    for each in owner.__mro__:
        for member in vars(each).values():
            for function in _functions(member):
                yield function.__code__


def _functions(member: object) -> Iterator[Any]:
    if isinstance(member, property):
        parts: tuple[object, ...] = (member.fget, member.fset)
    elif isinstance(member, cached_property):
        parts = (member.func,)
    else:
        parts = (member,)
    return (part for part in parts if isfunction(part))
