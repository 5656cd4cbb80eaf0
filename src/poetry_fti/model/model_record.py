"""What a saved machine learning model records about the environment that it was made in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Stamp:
    """The lock, the stage and the commit that a model was made from; each is optional.

    They are metadata of a model, with the keys `poetry_fti.lock`, `poetry_fti.stage` and
    `poetry_fti.commit`.
    """

    lock: str | None = None
    stage: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """The versions that a model file or a model folder records, read without loading the model.

    Versions are valid ones. Other text may contain control characters: whoever has made the model
    has chosen it.

    Attributes:
        kind: the kind of file or folder, such as `pickle` or `mlflow`.
        python: the Python version that is recorded, such as `3.11.7`.
        versions: the recorded version of each package, by normalized distribution name. For names
            of a conda environment this is the name of the conda package, unless a distribution is
            known to have another name.
        sources: in a folder, the file that records the version of each package of `versions`.
        packages: normalized names of further packages that the model needs, without a version.
        implied: version specifiers that follow from the content, such as `>=3.11,<3.13` for
            `python`, by normalized name.
        formats: versions of file formats, such as `v4` for `lightgbm`, by package.
        globals: the classes and functions that a pickle or a skops file refers to, with their
            modules, such as `sklearn.svm._classes.SVC`.
        unsafe: those of `globals` that run code or programs when the pickle is loaded. A pickle
            without any is not safe for that reason.
        opsets: the version of each operator set that an ONNX model imports; the default one is
            `ai.onnx`.
        ir_version: the version of the format of an ONNX model.
        producer: the name and the version of the program that has written an ONNX model.
        stamp: what the model was made from, if the model has such metadata.
    """

    kind: str
    python: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    implied: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    globals: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    opsets: Mapping[str, int] = field(default_factory=dict)
    ir_version: int | None = None
    producer: str | None = None
    stamp: Stamp | None = None
