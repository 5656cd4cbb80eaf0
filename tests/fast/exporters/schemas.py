"""The JSON schemas of CI configurations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft7Validator

_SCHEMAS: Final = Path(__file__).parents[3] / "fixtures" / "schemas"


def problems(name: str, document: Any) -> list[str]:  # noqa: ANN401 - YAML of any shape
    """Return how a document violates a schema in fixtures/schemas."""
    schema = json.loads((_SCHEMAS / name).read_text(encoding="utf-8"))
    return [f"{e.json_path}: {e.message}" for e in Draft7Validator(schema).iter_errors(document)]
