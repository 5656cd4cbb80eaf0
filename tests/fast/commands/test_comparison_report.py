"""Where stages differ and why, as text: for two stages, and for many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.commands.shared.reports.comparison import comparison_data, comparison_lines
from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.operations.comparison import Comparison, Divergence, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT: Final = "feast 0.67.0 requires tenacity <9,>=7"
MANY: Final = tuple(f"stage-{number}" for number in range(1, 10))


def divergence(
    versions: Mapping[str, Sequence[str]],
    reasons: Mapping[str, Sequence[str]] | None = None,
    closable: Sequence[str] = (),
) -> Divergence:
    """Return a divergence in tenacity: versions and reasons, each with the names of stages."""
    return Divergence(
        canonicalize_name("tenacity"),
        tuple(
            ((LockedVersion(Version(version)),), tuple(stages))
            for version, stages in versions.items()
        ),
        tuple(Reason(stage, text) for text, names in (reasons or {}).items() for stage in names),
        tuple(closable),
    )


def lines(*divergences: Divergence) -> list[str]:
    """Return the lines about divergences, without markup."""
    _, first, *found = comparison_lines(Comparison(9, divergences))
    assert first.endswith(" at different versions:")
    for tag in ("<c1>", "</c1>", "<info>", "</info>", "\\"):
        found = [line.replace(tag, "") for line in found]
    return found


def test_two_or_three_stages_are_named() -> None:
    two = divergence({"2": ["training"], "1": ["inference"]}, {TEXT: ["inference"]})
    reasons = {"a requires tenacity <2": ["inference"], "b requires tenacity <3": ["training"]}
    three = divergence({"3": ["feature"], "2": ["training"], "1": ["inference"]}, reasons)
    assert lines(two, three) == [
        "  tenacity 2 in training, 1 in inference",
        "    inference:  feast 0.67.0 requires tenacity <9,>=7",
        "  tenacity 3 in feature, 2 in training, 1 in inference",
        "    inference:  a requires tenacity <2",
        "    training:   b requires tenacity <3",
    ]


def test_a_reason_of_all_others_names_none() -> None:
    versions, others = {"2": ["feature"], "1": ["training", "inference"]}, ["training", "inference"]
    assert lines(divergence(versions, {TEXT: others, "a requires tenacity <2": ["training"]})) == [
        "  tenacity 2 in feature, 1 in training and inference",
        "    feast 0.67.0 requires tenacity <9,>=7",
        "    training:  a requires tenacity <2",
    ]


def test_advice_and_what_is_unknown() -> None:
    versions = {"2": ["feature"], "1": ["training"]}
    assert lines(divergence(versions, closable=["training"]), divergence(versions)) == [
        "  tenacity 2 in feature, 1 in training",
        "    no requirement forces the difference; poetry fti update tenacity removes it",
        "  tenacity 2 in feature, 1 in training",
        "    poetry fti update tenacity looks for a common version",
    ]


def test_advice_for_some_stages_names_them() -> None:
    versions = {"3": ["feature"], "2": ["training"], "1": ["inference"]}
    _, reason, advice = lines(divergence(versions, {TEXT: ["training"]}, ["inference"]))
    assert reason == "    training:   feast 0.67.0 requires tenacity <9,>=7"
    assert advice.startswith("    inference:  no requirement forces the difference; poetry fti")


def test_of_many_stages_the_most_are_counted() -> None:
    behind = divergence({"9": ["stage-0"], "8": MANY}, {TEXT: MANY})
    ahead = divergence({"9": MANY, "8": ["stage-0"]}, {TEXT: ["stage-0"]})
    between = divergence({"9": ["a", "b"], "8": MANY, "7": ["c"]}, {TEXT: ["c"]})
    assert lines(behind, ahead, between) == [
        "  tenacity 9 in stage-0, 8 in the other 9 stages",
        "    feast 0.67.0 requires tenacity <9,>=7",
        "  tenacity 9 in 9 stages, 8 in stage-0",
        "    feast 0.67.0 requires tenacity <9,>=7",
        "  tenacity 9 in a and b, 8 in 9 stages, 7 in c",
        "    feast 0.67.0 requires tenacity <9,>=7, in c",
        "    poetry fti update tenacity looks for a common version, in 9 stages",
    ]


def test_reasons_of_many_stages_are_grouped() -> None:
    reasons = {"a 1 requires tenacity <8": MANY[:2], TEXT: MANY[:7]}
    assert lines(divergence({"9": ["stage-0"], "8": MANY}, reasons))[1:] == [
        "    a 1 requires tenacity <8, in stage-1 and stage-2",
        "    feast 0.67.0 requires tenacity <9,>=7, in 7 stages",
    ]


def test_json_names_all_stages() -> None:
    comparison = Comparison(9, (divergence({"9": ["stage-0"], "8": MANY}, {TEXT: MANY}),))
    (found,) = comparison_data(comparison)["divergences"]
    assert found == {
        "package": "tenacity",
        "versions": [
            {"versions": ["9"], "stages": ["stage-0"]},
            {"versions": ["8"], "stages": list(MANY)},
        ],
        "reasons": [{"stage": stage, "text": TEXT} for stage in MANY],
    }
