"""JSON files: SBOMs, and environments of the first Azure Machine Learning SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.importers.azureml import azureml_stage
from poetry_fti.importers.cyclonedx import is_sbom, sbom_stage
from poetry_fti.importers.shared.documents import read_json

if TYPE_CHECKING:
    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedStage


def read_json_file(source: Source) -> ImportedStage:
    """Return the environment of a JSON file; raises FtiError if it does not describe one."""
    data = read_json(source.path, source.files)
    return sbom_stage(data, source) if is_sbom(data) else azureml_stage(data, source)
