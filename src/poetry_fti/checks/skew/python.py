"""Minor versions of Python that differ between two stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from poetry_fti.base_images import base_python
from poetry_fti.checks import Finding
from poetry_fti.checks.skew.differences import judged_step
from poetry_fti.checks.skew.texts import outcome, transfer_text
from poetry_fti.targets import version_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.checks.skew.facts import PackageFacts
    from poetry_fti.checks.skew.pairs import Pair, Side
    from poetry_fti.targets import Minor


def different_pythons(pair: Pair, facts: PackageFacts) -> Iterator[Finding]:
    """Yield a finding if objects that the producer saves break in the consumer's Python.

    A stage that allows several minor versions of Python is taken to run the oldest, as its
    generated image does. The finding is then a warning, because both could run the same version;
    there is none for a base image whose Python is unknown.
    """
    producer, consumer = map(_pythons, pair.sides)
    can_agree = not set(producer).isdisjoint(consumer)
    is_known = _is_known(pair.producer, producer) and _is_known(pair.consumer, consumer)
    if not producer or not consumer or (can_agree and not is_known):
        return
    versions = tuple(Version(version_text(each[0])) for each in (producer, consumer))
    judged = judged_step(pair, facts, (versions[0], versions[1]))
    if judged.level is not None:
        paths = " and ".join(side.stage.path for side in pair.sides)
        texts = (f"Python {version}" for version in versions)
        yield Finding(
            check="skew",
            stage=pair.consumer.name,
            package="python",
            level="warning" if can_agree else judged.level,
            message=f"{transfer_text(pair, *texts)}: {outcome(judged, facts)}",
            because=_because(pair),
            fix=f"Choose the same minor version with `python` or `image.base` of {paths}",
            path=pair.consumer.stage.path,
            transfer=pair.transfer((versions[0], versions[1]), silent=judged.silent),
        )


def _pythons(side: Side) -> Sequence[Minor]:
    """Return the minor version that the base image names, or all those that the stage allows."""
    image = side.stage.stage.image
    named = None if image.dockerfile or image.python else base_python(image.base or "")
    return side.minors if named is None else ((named.major, named.minor),)


def _is_known(side: Side, pythons: Sequence[Minor]) -> bool:
    """Return whether a stage runs the oldest version that it allows, unless started by hand."""
    image = side.stage.stage.image
    platforms = side.stage.stage.targets.platforms
    has_image = not platforms or any(each.os == "linux" for each in platforms)
    is_default = not (image.base or image.dockerfile or image.python or image.template)
    return len(pythons) == 1 or (has_image and is_default)


def _because(pair: Pair) -> str:
    return "; ".join(
        f"{side.name} requires Python {side.stage.python}"
        for side in pair.sides
        if side.stage.python
    )
