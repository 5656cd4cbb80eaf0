"""HTML and SVG from elements: all text is escaped, unless it is markup itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already, which is not escaped again."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Return a text as HTML; control characters, also those of the text's direction, are shown."""
    return Markup(escape(in_one_line(content)))


def element(name: str, *content: str, **attributes: str | float | bool | None) -> Markup:
    """Return an element with its content.

    In the names of attributes, `_` stands for `-`, and a `_` at the end is dropped. An attribute
    that is true has no value, and one that is false or None is left out.
    """
    inner = join(content)
    return Markup(f"<{name}{_attributes(attributes)}>{inner}</{name}>")


def void(name: str, **attributes: str | float | bool | None) -> Markup:
    """Return an element that has no content, with attributes as `element` has them."""
    return Markup(f"<{name}{_attributes(attributes)}>")


def join(content: Iterable[str]) -> Markup:
    """Return texts and markup one after the other as HTML."""
    return Markup("".join(each if isinstance(each, Markup) else text(each) for each in content))


def _attributes(attributes: dict[str, str | float | bool | None]) -> str:
    words = []
    for key, value in attributes.items():
        name = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(f" {name}")
        elif value is not None and value is not False:
            words.append(f' {name}="{text(str(value))}"')
    return "".join(words)
