"""The JSON schemas of CI configurations and of reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

_SCHEMAS: Final = Path(__file__).parents[3] / "fixtures" / "schemas"


def problems(name: str, document: Any) -> list[str]:  # noqa: ANN401 - YAML or JSON of any shape
    """Return how a document violates a schema in fixtures/schemas."""
    # Only slow tests call this, and importing it takes a quarter of a second.
    from jsonschema import validators  # noqa: PLC0415

    schema = json.loads((_SCHEMAS / name).read_text(encoding="utf-8"))
    validator = validators.validator_for(schema)(schema)
    return [f"{each.json_path}: {each.message}" for each in validator.iter_errors(document)]
