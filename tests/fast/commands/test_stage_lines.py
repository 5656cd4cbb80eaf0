"""The states of stages as they are shown while they are locked."""

from __future__ import annotations

import pytest
from cleo.io.buffered_io import BufferedIO
from cleo.io.outputs.output import Verbosity

from poetry_fti.commands.shared.stage_lines import stage_display, stage_lines
from poetry_fti.model.stage_state import Phase, StageState

STATES = {
    "feature": StageState(Phase.WAITING),
    "training": StageState(Phase.SOLVING, 143, is_reading=True),
    "inference": StageState(Phase.SOLVING, 143),
    "batch": StageState(Phase.ALIGNING, 143),
    "report": StageState(Phase.LOCKING, 143),
    "serve": StageState(Phase.DONE, 143, seconds=3.14),
    "x": StageState(Phase.FAILED),
}


def test_a_line_for_each_stage() -> None:
    assert (
        stage_lines(STATES, 60)
        == stage_lines(STATES, 100)
        == [
            "  feature    waiting",
            "  training   reading the index: 143 packages",
            "  inference  solving",
            "  batch      aligning",
            "  report     locking",
            "  serve      done in 3.1 s",
            "  x          failed",
        ]
    )


def test_lines_are_cut_to_the_width() -> None:
    name = "a" * 55
    narrow, wide = (stage_lines({name: STATES["training"]}, width)[0] for width in (60, 100))
    assert narrow == f"  {name}  …"
    assert wide == f"  {name}  reading the index: 143 packages"


def test_a_terminal_shows_the_states_and_keeps_the_message() -> None:
    io = BufferedIO(decorated=True)
    with stage_display(io, "Locking 7 stages", lambda: STATES):
        assert "\n  serve      done in 3.1 s" in io.fetch_error()
    assert io.fetch_error().endswith("\r\x1b[JLocking 7 stages... (0s)\n")


@pytest.mark.parametrize("decorated", [False, True])
def test_no_states_without_a_terminal_or_in_quiet_mode(decorated: bool) -> None:  # noqa: FBT001
    io = BufferedIO(decorated=decorated)
    io.set_verbosity(Verbosity.QUIET if decorated else Verbosity.NORMAL)
    with stage_display(io, "Locking 7 stages", lambda: STATES):
        pass
    assert (io.fetch_output(), io.fetch_error()) == ("", "")
