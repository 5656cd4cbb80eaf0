"""`poetry fti presets`: list the presets for new stages, or print one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from cleo.helpers import argument
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import aligned, escape, guarded, plain
from poetry_fti.commands.shared.options import REPORT_FORMAT, wants_json
from poetry_fti.errors import DONE
from poetry_fti.operations.presets import find_preset, list_presets, preset_text

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.presets import Preset


class PresetsCommand(Command):
    """Lists the presets for new stages, or prints the file of one of them."""

    name = "fti presets"
    description = "Lists the presets for new stages, or prints one."
    arguments: ClassVar[list[Argument]] = [
        argument("preset", "The preset to print: its name, or the path of a file.", optional=True)
    ]
    options: ClassVar[list[Option]] = [REPORT_FORMAT]
    help = """\
<info>poetry fti presets</info>
<info>poetry fti presets training-torch > our-training.toml</info>
<info>poetry fti init --stage training=our-training.toml</info>"""

    @guarded
    def handle(self) -> int:
        """Print a line for each preset, or the file of the named one."""
        json_wanted = wants_json(self)
        name = self.argument("preset")
        if json_wanted:
            presets = (find_preset(name),) if name else list_presets()
            data = {"presets": [_data(preset) for preset in presets]}
            plain(self.io, json.dumps(data, indent=2) + "\n")
        elif name:
            plain(self.io, preset_text(name))
        else:
            self._list(list_presets())
        return DONE

    def _list(self, presets: tuple[Preset, ...]) -> None:
        rows = [(each.name, ", ".join(each.accelerators), each.description) for each in presets]
        first, *lines = aligned([("Preset", "Accelerators", "Description"), *rows])
        self.line(f"<b>{first}</b>")
        for line in lines:
            self.line(escape(line))


def _data(preset: Preset) -> dict[str, Any]:
    return {
        "preset": preset.name,
        "kind": preset.kind,
        "description": preset.description,
        "accelerators": list(preset.accelerators),
        "requirements": list(preset.packages.requirements),
    }
