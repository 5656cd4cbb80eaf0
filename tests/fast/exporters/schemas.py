"""The JSON schemas of CI configurations, of reports and of SBOMs."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cyclonedx.validation.json import JsonStrictValidator

_SCHEMAS: Final = Path(__file__).parents[3] / "fixtures" / "schemas"


def problems(name: str, document: Any) -> list[str]:  # noqa: ANN401 - YAML or JSON of any shape
    """Return how a document violates a schema in fixtures/schemas."""
    # Only slow tests call this, and importing it takes a quarter of a second.
    from jsonschema import validators  # noqa: PLC0415

    schema = json.loads((_SCHEMAS / name).read_text(encoding="utf-8"))
    validator = validators.validator_for(schema)(schema)
    return [f"{each.json_path}: {each.message}" for each in validator.iter_errors(document)]


def sbom_problem(text: str) -> object:
    """Return how an SBOM violates the strict schema of CycloneDX 1.6; None if it does not."""
    return _sbom_validator().validate_str(text)


@cache
def _sbom_validator() -> JsonStrictValidator:
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    return JsonStrictValidator(SchemaVersion.V1_6)
