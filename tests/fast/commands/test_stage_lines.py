"""The states of stages as they are shown while they are locked."""

from __future__ import annotations

import pytest
from cleo.io.buffered_io import BufferedIO
from cleo.io.outputs.output import Verbosity

from poetry_fti.commands.shared.stage_lines import show_stages, stage_lines
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
    with show_stages(io, "Locking 7 stages", lambda: STATES):
        assert "\n  serve      done in 3.1 s" in io.fetch_error()
    assert io.fetch_error().endswith("\r\x1b[JLocking 7 stages... (0s)\n")


def test_other_output_erases_the_lines_that_it_would_be_mixed_with() -> None:
    io = BufferedIO(decorated=True)
    with show_stages(io, "Locking 7 stages", lambda: STATES) as display:
        assert display is not None
        io.fetch_error()
        with display.hidden():
            io.write_error_line("waiting for the index")
            assert io.fetch_error() == "\r\x1b[Jwaiting for the index\n"


def test_a_pipe_names_each_stage_once_as_it_is_solved() -> None:
    io, states = BufferedIO(), dict.fromkeys(["feature", "training"], StageState(Phase.SOLVING))
    with show_stages(io, "Locking 2 stages", lambda: states, patience=0) as display:
        assert display is not None
        for phase in (Phase.ALIGNING, Phase.LOCKING):
            states["training"] = StageState(phase)
            display.draw()
        states["feature"] = StageState(Phase.FAILED)
        display.draw()
    assert io.fetch_error() == (
        "training: solved (1 of 2 stages)\nfeature: failed (2 of 2 stages)\n"
    )


def test_a_pipe_names_no_stage_if_there_is_one_or_if_results_follow_soon() -> None:
    io = BufferedIO()
    with show_stages(io, "Locking 1 stage", lambda: {"x": STATES["x"]}, patience=0):
        pass
    with show_stages(io, "Locking 7 stages", lambda: STATES):
        pass
    assert io.fetch_error() == ""


@pytest.mark.parametrize("verbosity", [Verbosity.QUIET, Verbosity.VERBOSE])
@pytest.mark.parametrize("decorated", [False, True])
def test_no_states_in_quiet_mode_nor_with_the_log(
    decorated: bool,  # noqa: FBT001
    verbosity: Verbosity,
) -> None:
    io = BufferedIO(decorated=decorated)
    io.set_verbosity(verbosity)
    with show_stages(io, "Locking 7 stages", lambda: STATES, patience=0):
        pass
    assert (io.fetch_output(), io.fetch_error()) == ("", "")
