"""The images of stages layer by layer, and which layers they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.report.bars import Bar, Segment, chart, colour, legend
from poetry_fti.report.markup import Markup, element
from poetry_fti.report.tables import details, section, table
from poetry_fti.wording import counted, named_stages, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.report.data import Report, StageImage


def images_section(report: Report) -> Markup:
    """Return the layers of each image as a chart and as tables; empty without images."""
    known = [image for image in report.images if image.layers]
    problems = [element("li", f"{i.stage}: {i.problem}") for i in report.images if i.problem]
    if not report.images:
        return Markup()
    colours = _colours(known)
    bars = [Bar(image.stage, tuple(_segments(image, colours))) for image in known]
    note = (
        "What the image of each stage contains above its base image. Layers that several images"
        " have in common are stored and transferred once."
    )
    keys = [
        (each, f"{_label(name, is_shared=True)} in {named_stages(stages)}")
        for (name, stages), each in colours.items()
    ]
    shown = [chart("Layers of each image", bars), legend([*keys, ("own", "in one image")])]
    return section(
        "images",
        "Image layers",
        element("p", note),
        *([element("p", report.sharing)] if report.sharing else []),
        *([element("ul", *problems, class_="problems")] if problems else []),
        *(shown if known else []),
        *(_layers(image) for image in known),
    )


def _colours(images: Sequence[StageImage]) -> Mapping[tuple[str, tuple[str, ...]], str]:
    """Return a colour for each layer that several images have, largest first."""
    shared = {
        (layer.name, layer.stages): layer.size
        for image in images
        for layer in image.layers
        if layer.stages
    }
    ordered = sorted(shared, key=lambda key: (-shared[key], key))
    return {key: colour(index) for index, key in enumerate(ordered)}


def _segments(
    image: StageImage, colours: Mapping[tuple[str, tuple[str, ...]], str]
) -> Iterator[Segment]:
    for layer in image.layers:
        if layer.size:
            shared = colours.get((layer.name, layer.stages))
            label = _label(layer.name, is_shared=shared is not None)
            yield Segment(label, layer.size, shared or "own")


def _label(name: str, *, is_shared: bool) -> str:
    """Return a short name of a layer, with a sign if several images have it."""
    short = name.removeprefix("shared-")  # so are layers called that could be shared
    return f"⇄ {short}" if is_shared else short


def _layers(image: StageImage) -> Markup:
    rows = [
        (layer.name, readable(layer.size) if layer.size else "-", layer.holds, layer.reason)
        for layer in image.layers
    ]
    caption = f"Layers of {image.stage}, lowest first"
    header = ("Layer", "#Size", "Contains", "Why it is a layer")
    summary = f"{image.stage}: {readable(image.size)} in {counted(len(image.layers), 'layer')}"
    return details(summary, table(caption, header, rows))
