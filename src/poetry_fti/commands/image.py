"""`poetry fti image`: what the images of the stages are made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import aligned, escape, guarded, load_project, plain
from poetry_fti.commands.shared.options import REPORT_FORMAT, STAGES, wants_json
from poetry_fti.errors import DONE
from poetry_fti.exporters.docker.layers.explain import explain, not_shared
from poetry_fti.exporters.docker.layers.wheels import linux_platforms
from poetry_fti.operations.layers import other_stages, report_images, with_layers
from poetry_fti.wording import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.exporters.docker.layers.explain import ImageLayer
    from poetry_fti.model import LockedStage


class ImageCommand(Command):
    """Shows images."""

    name = "fti image"
    description = "Shows what the container images of the pipeline stages are made of."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option("explain", None, "Show each layer, its size, and why it is one."),
        REPORT_FORMAT,
    ]
    help = """\
Shows the images as <comment>poetry fti export</comment> writes them; nothing is built. Sizes are
those of the downloads of packages, as their index tells them.

<info>poetry fti image</info>
<info>poetry fti image inference --explain</info>"""

    @guarded
    def handle(self) -> int:
        """Write a line for each stage, or a paragraph."""
        json_wanted = wants_json(self)
        project = load_project(self)
        locked = [stage.locked() for stage in project.select(self.argument("stages"))]
        stages = [each for each in with_layers(project, locked) if linux_platforms(each)]
        siblings = [*stages, *other_stages(project, stages)]
        images = [_ImageReport(each, siblings) for each in stages]
        if json_wanted:
            plain(
                self.io, json.dumps({"images": [each.data() for each in images]}, indent=2) + "\n"
            )
            return DONE
        if self.option("explain"):
            self._write("\n\n".join(map(_ImageReport.explained, images)).split("\n"))
        else:
            header = ("Stage", "Base", "Layers", "Packages", "Download")
            self._write(aligned([header, *(image.row() for image in images)]))
        report_images(self, stages)
        return DONE

    def _write(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.line(escape(line))


class _ImageReport:
    """A stage's image, as the command shows it."""

    def __init__(self, locked: LockedStage, siblings: Sequence[LockedStage]) -> None:
        self._name = locked.stage.name
        self._layers = list(explain(locked))
        self._packages = [layer for layer in self._layers if layer.packages]
        self._size = sum(layer.size for layer in self._layers)
        self._apart = list(not_shared(locked, siblings))

    def row(self) -> tuple[str, ...]:
        count = sum(len(layer.packages) for layer in self._packages)
        layers = ", ".join(layer.name for layer in self._packages)
        return (self._name, self._layers[0].holds, layers, str(count), readable(self._size))

    def explained(self) -> str:
        header = ("Layer", "Download", "Packages", "Holds", "Why")
        lines = [*aligned([header, *map(_row, self._layers)]), *self._apart]
        first = f"{self._name}: {readable(self._size)} of packages to download"
        return "\n  ".join([first, *lines])

    def data(self) -> dict[str, Any]:
        return {
            "stage": self._name,
            "size": self._size,
            "layers": [_data(layer) for layer in self._layers],
            "not_shared": self._apart,
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
