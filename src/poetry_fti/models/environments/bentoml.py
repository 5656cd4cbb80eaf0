"""Folders of BentoML: a Bento, which is a packaged service, and a model of its model store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.environments.folder import combined, document, records
from poetry_fti.models.environments.yaml_documents import mapping, string
from poetry_fti.models.stamps import stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from poetry_fti.models.environments.yaml_documents import Yaml

_BENTO: Final = "bento.yaml"
_MODEL: Final = "model.yaml"
# BentoML before 1.4 writes the locked requirements to a file of their own.
_REQUIREMENTS: Final = (
    "env/python/requirements.lock.txt",
    "env/python/requirements.txt",
    "env/conda/environment.yml",
)
_SAVED: Final = tuple(
    f"saved_model.{suffix}" for suffix in ("pkl", "joblib", "json", "ubj", "txt", "onnx")
)


def read_bento(folder: Path) -> ModelRecord:
    """Return what a Bento records: its locked requirements and the Python version of its image."""
    bento = document(folder, _BENTO)
    image, docker = mapping(bento.get("image")), mapping(bento.get("docker"))
    python = string(image.get("python_version")) or string(docker.get("python_version"))
    described = ModelRecord(
        kind="bento",
        python=python,
        versions=_versions({"bentoml": bento.get("bentoml_version")}),
        stamp=stamp_of(mapping(bento.get("labels"))),
    )
    return combined("bento", {**records(folder, _REQUIREMENTS), _BENTO: described})


def read_bentoml_model(folder: Path) -> ModelRecord:
    """Return what a model in BentoML's model store records."""
    model = document(folder, _MODEL)
    context = mapping(model.get("context"))
    described = ModelRecord(
        kind="bentoml-model",
        python=string(context.get("python_version")),
        versions=_versions(
            {
                **mapping(context.get("framework_versions")),
                "bentoml": context.get("bentoml_version"),
            }
        ),
        stamp=stamp_of(mapping(model.get("metadata"))),
    )
    return combined("bentoml-model", {**records(folder, _SAVED), _MODEL: described})


def _versions(found: Mapping[str, Yaml | None]) -> dict[str, str]:
    return {
        canonicalize_name(name): version
        for name, each in found.items()
        if (version := string(each))
    }
