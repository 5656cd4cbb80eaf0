"""The library `rfc3987_syntax`, loaded when a test checks an address with it.

It compiles its grammars when it is imported, which takes a second, and `jsonschema` imports it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Final

_NAME: Final = "rfc3987_syntax"


def load_late() -> None:
    """Put a module in the library's place that imports it on the first call."""
    if _NAME not in sys.modules:
        sys.modules[_NAME] = _Late(_NAME)


class _Late(ModuleType):
    @staticmethod
    def is_valid_syntax(term: str, value: str) -> bool:
        """Return whether a text is what a term of RFC 3987 describes."""
        if isinstance(sys.modules[_NAME], _Late):
            del sys.modules[_NAME]
        return bool(import_module(_NAME).is_valid_syntax(term, value))
