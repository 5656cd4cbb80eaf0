"""Judge whether what one version of a package saves can be used with another version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from poetry_fti.checks.skew.facts import series_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from packaging.version import Version

    from poetry_fti.checks.skew.facts import (
        Boundary,
        Level,
        OnnxFormat,
        OnnxFormats,
        PackageFacts,
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of a step from the producer's version to the consumer's.

    Attributes:
        crossings: the boundaries that the step crosses in its direction, oldest first.
        unmeasured: the versions that are outside of the measured range, if the step leaves a
            series of releases that are taken as compatible.
    """

    crossings: tuple[Boundary, ...] = ()
    unmeasured: tuple[Version, ...] = ()

    @property
    def level(self) -> Level | None:
        """`error` if something breaks, `warning` if it may, None if all that was measured works."""
        if any(crossing.level == "error" for crossing in self.crossings):
            return "error"
        return "warning" if self.crossings or self.unmeasured else None

    @property
    def silent(self) -> bool:
        """Whether results may be wrong without an error."""
        return any(crossing.silent for crossing in self.crossings)


@dataclass(frozen=True, slots=True)
class OnnxJudgement:
    """What is known of a model that one release of onnx writes and one of onnxruntime reads.

    Attributes:
        written: what the release of onnx writes by default, or None if it is unknown.
        read: the newest format that the release of onnxruntime reads, or None if it is unknown.
    """

    written: OnnxFormat | None
    read: OnnxFormat | None

    @property
    def exceeded(self) -> tuple[Literal["opset", "ir"], ...]:
        """The parts of the format that are newer than what onnxruntime reads."""
        if self.written is None or self.read is None:
            return ()
        opset: tuple[Literal["opset"], ...] = ("opset",)
        ir: tuple[Literal["ir"], ...] = ("ir",)
        return (opset if self.written.opset > self.read.opset else ()) + (
            ir if self.written.ir > self.read.ir else ()
        )

    @property
    def level(self) -> Level | None:
        """`error` if the model cannot be read, `warning` if that is unknown, else None."""
        if self.written is None or self.read is None:
            return "warning"
        return "error" if self.exceeded else None


def judge(
    facts: PackageFacts,
    producer: Version,
    consumer: Version,
    *,
    producer_packages: Collection[str] = (),
) -> Judgement:
    """Return what breaks if the producer's version saves and the consumer's version loads.

    `producer_packages` are the normalized names of the packages in the producer's lock; they
    decide on boundaries that apply with a certain package only.
    """
    producer, consumer = _release(producer), _release(consumer)
    crossings = tuple(
        boundary
        for boundary in facts.boundaries
        if (boundary.needs is None or boundary.needs in producer_packages)
        and boundary.is_crossed(producer, consumer)
    )
    if facts.are_compatible(producer, consumer):
        return Judgement(crossings)
    outside = [each for each in (producer, consumer) if not facts.is_measured(each)]
    return Judgement(crossings, tuple(outside))


def judge_onnx(formats: OnnxFormats, onnx: Version, onnxruntime: Version) -> OnnxJudgement:
    """Return whether a release of onnxruntime reads what a release of onnx writes by default."""
    return OnnxJudgement(
        formats.written.get(series_of(onnx, 2)), formats.read.get(series_of(onnxruntime, 2))
    )


def _release(version: Version) -> Version:
    """Return a version without its local label."""
    return version if version.local is None else type(version)(version.public)
