"""The base image of a stage's image as a component of an SBOM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cyclonedx.model.component import Component, ComponentType
from packageurl import PackageURL

from poetry_fti.base_images import image_tag, without_digest
from poetry_fti.exporters.docker.base_image import base_image
from poetry_fti.exporters.shared.images import has_image

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage

_LATEST: Final = "latest"


def base_component(locked: LockedStage) -> Component | None:
    """Return the base image as a component; raises FtiError if it does not fit the stage.

    None for a stage without an image, and for a base that the project's own Dockerfile builds, of
    which only that Dockerfile knows the content.
    """
    if not has_image(locked.stage) or locked.stage.image.dockerfile:
        return None
    reference = base_image(locked)
    name = _repository(reference)
    digest, tag = reference.partition("@")[2], image_tag(reference)
    return Component(
        type=ComponentType.CONTAINER,
        name=name,
        version=digest or tag or _LATEST,
        bom_ref=f"image:{reference}",
        purl=_purl(name, tag, digest),
    )


def _repository(reference: str) -> str:
    name, tag = without_digest(reference), image_tag(reference)
    return name.removesuffix(f":{tag}") if tag else name


def _purl(name: str, tag: str, digest: str) -> PackageURL:
    """Return the URL by which scanners identify an image: by its digest if that is known."""
    parent, _, last = name.rpartition("/")
    if digest:
        qualifiers = {"repository_url": name, **({"tag": tag} if tag else {})}
        return PackageURL("oci", None, last.lower(), digest, qualifiers)
    registry, namespace = _split(parent)
    return PackageURL(
        "docker", namespace, last, tag or _LATEST, {"repository_url": registry} if registry else {}
    )


def _split(parent: str) -> tuple[str, str | None]:
    """Return the registry and the namespace in what precedes the last part of an image's name."""
    first, _, rest = parent.partition("/")
    if "." in first or ":" in first or first == "localhost":
        return first, rest or None
    return "", parent or None
