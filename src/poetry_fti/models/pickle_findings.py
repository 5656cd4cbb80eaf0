"""What the simulation of a pickle has found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """What a pickle refers to and records; `computed` has descriptions of what is not readable."""

    globals: set[tuple[str, str]] = field(default_factory=set)
    computed: set[str] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    python: str | None = None
