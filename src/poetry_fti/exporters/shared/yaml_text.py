"""YAML as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ONE_LINE: Final = 999


class Script(str):
    """A text of several lines, which are lines of the YAML document as well."""

    __slots__ = ()


def yaml_text(document: Mapping[str, Any], width: int = _ONE_LINE) -> str:
    """Return a document as YAML: keys in their order, no aliases.

    A string is on one line, unless it is a `Script`, or longer than `width` characters: then it
    continues on a new line after the next space.
    """
    # Imported here, since PyYAML takes a while to import and few commands write YAML.
    import yaml  # noqa: PLC0415

    class Dumper(yaml.SafeDumper):
        """Quotes every string that a YAML 1.1 or 1.2 parser could read as a number."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the interface
            return True

    def string(dumper: Dumper, text: str) -> yaml.ScalarNode:
        # PyYAML writes line breaks such as U+2028 as they are, unless it writes double quotes.
        style = '"' if not text.isprintable() else "'" if re.match(r"[0-9.+-]", text) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def script(dumper: Dumper, text: Script) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")

    Dumper.add_representer(str, string)
    Dumper.add_representer(Script, script)
    text: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=width)
    return text
