"""`poetry fti image`: show the layers of the container images of stages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import aligned, escape, guarded, load, plain
from poetry_fti.commands.shared.options import REPORT_FORMAT, STAGES, wants_json
from poetry_fti.commands.shared.writing import report_layers
from poetry_fti.errors import DONE
from poetry_fti.operations.images.report import report_images
from poetry_fti.wording import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.images.report import ImageLayer, ImageReport


class ImageCommand(Command):
    """Reports the layers of images and their sizes, without building them."""

    name = "fti image"
    description = "Shows the layers of the container images of the pipeline stages."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option(
            "explain",
            None,
            "Show each layer with its size and reason, and the files that the build can read.",
        ),
        REPORT_FORMAT,
    ]
    help = """\
Shows the images that <comment>poetry fti export</comment> describes, without building them. Sizes
are the download sizes of the packages, as reported by their index.

<info>poetry fti image</info>
<info>poetry fti image inference --explain</info>"""

    @guarded
    def handle(self) -> int:
        """Print a line for each image, or with `--explain` a line for each of its layers."""
        json_wanted = wants_json(self)
        explained = self.option("explain")
        project = load(self)
        report = report_images(
            project,
            project.select(self.argument("stages")),
            with_context=json_wanted or explained,
        )
        if json_wanted:
            data = {"images": [_image_data(each) for each in report.images]}
            plain(self.io, json.dumps(data, indent=2) + "\n")
            return DONE
        if explained:
            self._write("\n\n".join(map(_explained, report.images)).split("\n"))
        else:
            header = ("Stage", "Base", "Layers", "Packages", "Download")
            self._write(aligned([header, *map(_image_row, report.images)]))
        report_layers(self.io, report.shared, report.warnings)
        return DONE

    def _write(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.line(escape(line))


def _image_row(image: ImageReport) -> tuple[str, ...]:
    layers = [layer for layer in image.layers if layer.packages]
    count = sum(len(layer.packages) for layer in layers)
    names = ", ".join(layer.name for layer in layers)
    return (image.stage, image.layers[0].holds, names, str(count), readable(image.size))


def _explained(image: ImageReport) -> str:
    header = ("Layer", "Download", "Packages", "Contents", "Reason")
    lines = [
        *aligned([header, *map(_row, image.layers)]),
        *image.not_shared,
        f"The build can read {readable(sum(each.size for each in image.context))} of files:",
        *(f"  {line}" for line in aligned((str(e.path), readable(e.size)) for e in image.context)),
    ]
    first = f"{image.stage}: {readable(image.size)} of packages to download"
    return "\n  ".join([first, *lines])


def _image_data(image: ImageReport) -> dict[str, Any]:
    return {
        "stage": image.stage,
        "size": image.size,
        "layers": [_data(layer) for layer in image.layers],
        "not_shared": list(image.not_shared),
        "context": [{"path": str(each.path), "size": each.size} for each in image.context],
    }


def _row(layer: ImageLayer) -> tuple[str, ...]:
    size = readable(layer.size) if layer.packages else "-"
    return (layer.name, size, str(len(layer.packages) or "-"), layer.holds, layer.reason)


def _data(layer: ImageLayer) -> dict[str, Any]:
    packages = [{"package": name, "size": size} for name, size in layer.packages]
    return {
        "layer": layer.name,
        "size": layer.size,
        "holds": layer.holds,
        "reason": layer.reason,
        "packages": packages,
    }
