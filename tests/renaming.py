"""Poetry as a new release might be: private names of it, or of its libraries, are other ones.

They are renamed in their sources, so that they work as before and only a plugin that relies on
the names breaks.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder, SourceFileLoader
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

LIBRARIES: Final = ("poetry", "cleo", "cachecontrol")


@dataclass(frozen=True)
class Rename:
    """A name that becomes another one in a module, or in all of the libraries."""

    name: str
    module: str = ""

    def __call__(self, module: str, source: str) -> str:
        """Return the source of a module with the name replaced."""
        if self.module not in ("", module):
            return source
        renamed = re.sub(rf"\b{re.escape(self.name)}\b", f"{self.name}_renamed", source)
        # What a module imports has its old name where it comes from.
        imported = rf"import {re.escape(self.name)}_renamed$"
        if not self.module:
            return renamed
        return re.sub(
            imported, f"import {self.name} as {self.name}_renamed", renamed, flags=re.MULTILINE
        )


def install(renames: Sequence[Rename]) -> None:
    """Rename the names in what this process imports from now on."""
    sys.meta_path.insert(0, _Finder(renames))


class _Loader(SourceFileLoader):
    """Loads a module from its changed source."""

    renames: Sequence[Rename]

    def get_code(self, fullname: str) -> CodeType | None:
        source = self.get_data(self.path).decode()
        changed = source
        for rename in self.renames:
            changed = rename(fullname, changed)
        return (
            super().get_code(fullname) if changed == source else compile(changed, self.path, "exec")
        )


class _Finder:
    """Finds the modules of the libraries before anybody else does."""

    def __init__(self, renames: Sequence[Rename]) -> None:
        self._renames = renames

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module whose source is changed, None for all other modules."""
        if fullname.partition(".")[0] not in LIBRARIES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            loader = _Loader(spec.loader.name, spec.loader.path)
            loader.renames = self._renames
            spec.loader = loader
        return spec
