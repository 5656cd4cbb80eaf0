"""What the simulation of a pickle has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poetry_fti.models.pickles.values import Global


@dataclass(slots=True)
class Findings:
    """What a pickle refers to and records.

    Attributes:
        globals: the classes and functions that it refers to; each is its own value.
        modules: names of modules that functions of cloudpickle use.
        computed: descriptions of references and calls that cannot be read from the instructions.
        versions: the recorded version of each distribution.
        formats: the format version of the data of a library, by module.
        python: a specifier of the Python versions that its code objects fit.
        instructions: how many instructions have been read.
    """

    globals: dict[Global, Global] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    computed: set[str] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    python: str | None = None
    instructions: int = 0
