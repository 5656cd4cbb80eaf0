"""The commentary of Poetry's solver, as lines of plain text for any function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from cleo.formatters.formatter import Formatter
from cleo.formatters.style import Style
from cleo.io.inputs.string_input import StringInput
from cleo.io.io import IO
from cleo.io.null_io import NullIO
from cleo.io.outputs.output import Output, Verbosity

from poetry_fti.bridge.internals.private_name import exists
from poetry_fti.bridge.internals.solver import OUTPUT_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# As many as there are letters in -v, -vv and -vvv.
Level: TypeAlias = Literal[1, 2, 3]

_VERBOSITY: Final[Mapping[Level, Verbosity]] = {
    1: Verbosity.VERBOSE,
    2: Verbosity.VERY_VERBOSE,
    3: Verbosity.DEBUG,
}

# The styles of Poetry's application, which are not cleo's. A tag that is no style would be printed.
_STYLES: Final = ("debug", "success", "warning")


@dataclass(frozen=True, slots=True)
class SolverOutput:
    """Where the solver's commentary goes: `write` is called with each line, without its newline.

    The lines have no formatting. `level` is the amount of detail: 1 as with Poetry's `-v`, which
    names what is being done, 2 and 3 as with `-vv` and `-vvv`, which log each decision.
    """

    write: Callable[[str], None]
    level: Level = 1


def solver_io(output: SolverOutput | None) -> IO:
    """Return the cleo IO that Poetry's solver writes to; without an output it discards all.

    It does so too if cleo's outputs are not written to as they are in the tested versions.
    """
    if output is None or not exists(OUTPUT_WRITE):
        return NullIO()
    lines = _LineOutput(output)
    return IO(StringInput(""), lines, lines)


class _LineOutput(Output):
    """A cleo output that passes on whole lines as plain text."""

    def __init__(self, output: SolverOutput) -> None:
        formatter = Formatter()
        for name in _STYLES:
            formatter.set_style(name, Style())
        super().__init__(_VERBOSITY[output.level], decorated=False, formatter=formatter)
        self._write_line = output.write
        self._rest = ""

    def _write(self, message: str, new_line: bool = False) -> None:  # noqa: FBT001, FBT002 - cleo's
        text = self._rest + message + ("\n" if new_line else "")
        *lines, self._rest = text.split("\n")
        for line in lines:
            self._write_line(line)
