"""Explanation of an image: the content and size of each layer, and the reason for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import base_image
from poetry_fti.exporters.docker.context.dockerignore import has_code, own_packages
from poetry_fti.exporters.docker.instructions.sources import source_subsets, trees
from poetry_fti.exporters.docker.layers.plan import (
    SHARED_PACKAGE,
    can_share,
    identity,
    unlayered,
)
from poetry_fti.exporters.docker.layers.sharing import installation
from poetry_fti.exporters.docker.layers.wheels import ImageWheels, linux_platforms
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin
from poetry_fti.wording import joined, readable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from poetry_fti.exporters.docker.layers.sharing import Sharing
    from poetry_fti.model.lock import LockedPackage, LockedStage

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLayer:
    """A layer of an image, or a group of layers that change together.

    `name` is the build stage's, or the step's; `holds` describes the content; `packages` are pairs
    of name and download size in bytes, largest first.
    """

    name: str
    holds: str
    reason: str
    packages: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        """The download size of all packages, in bytes."""
        return sum(size for _, size in self.packages)


def explain(locked: LockedStage, held: Sharing) -> Iterator[ImageLayer]:
    """Yield the layers of a stage's image, lowest first; `held` is what images share."""
    image = locked.stage.image
    default = "the oldest Python that the stage supports"
    reason = (
        "the base image that the stage configures" if image.base or image.dockerfile else default
    )
    base = str(image.dockerfile or base_image(locked))
    yield ImageLayer(name="base", holds=base, reason=reason)
    added = [*map(str, image.ca_certificates), *image.run_before, *image.apt]
    if added:
        holds = ", ".join(added)
        yield ImageLayer(name="system", holds=holds, reason="what the stage adds to the base image")
    wheels = ImageWheels(locked)
    for layer in locked.layers:
        names = held.get((locked.stage.name, layer.name), ())
        same = f"the same files in {joined(names)}: stored and transferred once"
        apart = "large: not transferred again when another package changes"
        yield _packages(layer.name, layer.packages, wheels, same if len(names) > 1 else apart)
    reason = "all other packages" if locked.layers else "too small to divide into layers"
    yield _packages("packages", filter(_has_hash, unlayered(locked)), wheels, reason)
    yield from _sources(locked)
    if has_code(locked):
        yield _code(locked)


def _has_hash(package: LockedPackage) -> bool:
    return not isinstance(package.origin, DirectoryOrigin | GitOrigin)


def _sources(locked: LockedStage) -> Iterator[ImageLayer]:
    for name, subset in source_subsets(locked):
        packages = tuple((str(each.name), 0) for each in subset.packages)
        paths = ", ".join(map(str, trees(subset)))
        reason = "a path dependency: changes only if its files do"
        holds = paths or ", ".join(each for each, _ in packages)
        yield ImageLayer(
            name=name,
            holds=holds,
            reason=reason if paths else "commits of git repositories",
            packages=packages,
        )


def _code(locked: LockedStage) -> ImageLayer:
    code = own_packages(locked)
    holds = ", ".join(map(str, code)) if code else "the project's folder"
    holds = f"a wheel of {holds}" if locked.stage.image.code == "wheel" else holds
    reason = "changes most often, so no layer is above it"
    return ImageLayer(name="code", holds=holds, reason=reason)


def not_shared(
    locked: LockedStage, siblings: Iterable[LockedStage], held: Sharing
) -> Iterator[str]:
    """Yield, for each other stage that has the same large packages, why no layer shares them."""
    for other in siblings:
        if other.stage.name != locked.stage.name and linux_platforms(other):
            shared = {
                package.name
                for layer in locked.layers
                if other.stage.name in held.get((locked.stage.name, layer.name), ())
                for package in layer.packages
            }
            found = _not_shared(locked, other, shared)
            if found:
                yield f"not shared with {other.stage.name}: {'; '.join(found)}"


def _not_shared(locked: LockedStage, other: LockedStage, shared: Collection[str]) -> list[str]:
    theirs = {package.name: package for package in other.packages}
    wheels = ImageWheels(locked)
    both = [
        (package, theirs[package.name])
        for package in locked.packages
        if package.name in theirs
        and package.name not in shared
        and wheels.size(package) >= SHARED_PACKAGE
    ]
    whole = _whole_reason(locked, other) if both else ""
    reasons: dict[str, list[str]] = defaultdict(list)
    for package, their in both:
        is_same = whole and package.version == their.version
        reason = f", since {whole}" if is_same else _reason(package, their)
        reasons[reason].append(str(package.name))
    return [f"{joined(names)}{reason}" for reason, names in reasons.items()]


def _whole_reason(locked: LockedStage, other: LockedStage) -> str:
    """Return why two images have no layer in common, whatever their packages are; may be empty."""
    their_base = base_image(other)
    if base_image(locked) != their_base:
        return f"its base image is {their_base}"
    for each in (locked, other):
        if not can_share(each):
            key = "image.python is set" if each.stage.share else "share is false"
            return f"{key} for {each.stage.name}"
    if installation(locked) != installation(other):
        return "its installer or its system packages differ"
    if set(linux_platforms(locked)).isdisjoint(linux_platforms(other)):
        return "it has other platforms"
    return ""


def _reason(package: LockedPackage, their: LockedPackage) -> str:
    if package.version != their.version:
        return f" {package.version}, which is {their.version} there"
    if identity(package) != identity(their):
        return ", which has another index or marker there"
    return ", whose layer has other files there"


def _packages(
    name: str, packages: Iterable[LockedPackage], wheels: ImageWheels, reason: str
) -> ImageLayer:
    sizes = [(str(each.name), wheels.download(each)) for each in packages]
    ordered = tuple(sorted(sizes, key=lambda pair: (-pair[1], pair[0])))
    return ImageLayer(name=name, holds=_summary(ordered), reason=reason, packages=ordered)


def _summary(packages: Sequence[tuple[str, int]]) -> str:
    first = [f"{name} {readable(size)}" for name, size in packages[:_SHOWN]]
    more = len(packages) - len(first)
    return ", ".join([*first, *[f"{more} more"] * bool(more)]) or "nothing"
