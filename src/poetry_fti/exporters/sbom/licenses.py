"""Licenses as an SBOM lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
from cyclonedx.spdx import is_supported_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cyclonedx.model.license import License as ComponentLicense

    from poetry_fti.model import License

_DECLARED: Final = LicenseAcknowledgement.DECLARED


def component_licenses(licenses: Iterable[License]) -> Iterator[ComponentLicense]:
    """Yield licenses in the form that an SBOM has for an identifier, an expression or a name."""
    for each in licenses:
        if not each.is_spdx:
            yield DisjunctiveLicense(name=each.text, acknowledgement=_DECLARED)
        elif is_supported_id(each.text):
            yield DisjunctiveLicense(id=each.text, acknowledgement=_DECLARED)
        else:
            yield LicenseExpression(each.text, acknowledgement=_DECLARED)
