"""Versions in model files, which may contain any text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from poetry_fti.model.model_record import ModelRecord


def with_valid_versions(record: ModelRecord) -> ModelRecord:
    """Return a record without the versions that are not valid; their packages have no version."""
    valid = {name: each for name, each in record.versions.items() if _is_valid(each)}
    if len(valid) < len(record.versions):
        packages = {*record.packages, *record.versions} - valid.keys()
        sources = {name: record.sources[name] for name in valid if name in record.sources}
        record = replace(record, versions=valid, sources=sources, packages=tuple(sorted(packages)))
    is_valid = record.python is not None and _is_valid(record.python)
    return record if is_valid else replace(record, python=None)


def _is_valid(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return version.isprintable()
