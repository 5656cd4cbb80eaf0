"""Licenses as an SBOM lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
from cyclonedx.spdx import is_supported_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cyclonedx.model.license import License as ComponentLicense

    from poetry_fti.model.licenses import License

_DECLARED: Final = LicenseAcknowledgement.DECLARED


def component_licenses(licenses: Collection[License]) -> Iterator[ComponentLicense]:
    """Yield licenses in the form that an SBOM has for an identifier, an expression or a name.

    An SBOM allows no other license beside an expression, which is a name then.
    """
    for each in licenses:
        if each.is_spdx and is_supported_id(each.text):
            yield DisjunctiveLicense(id=each.text, acknowledgement=_DECLARED)
        elif each.is_spdx and len(licenses) == 1:
            yield LicenseExpression(each.text, acknowledgement=_DECLARED)
        else:
            yield DisjunctiveLicense(name=each.text, acknowledgement=_DECLARED)
