"""The licenses of packages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseMetadata:
    """The license fields of a package's core metadata, empty where it has none.

    Attributes:
        expression: the field `License-Expression` (PEP 639).
        text: the field `License`: a name, or the whole text of a license.
        classifiers: the classifiers that begin with `License ::`.
    """

    expression: str = ""
    text: str = ""
    classifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class License:
    """A license: a valid SPDX identifier or expression if `is_spdx` is true, else a name."""

    text: str
    is_spdx: bool
