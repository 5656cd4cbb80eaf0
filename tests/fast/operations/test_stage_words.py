"""Words of a command that are stages, and those that are packages."""

from __future__ import annotations

from typing import Final

import pytest

from poetry_fti.errors import ConfigError
from poetry_fti.operations.edit.stage_words import leading_stages, stages_and_packages

KNOWN: Final = ("feature", "training", "inference")


@pytest.mark.parametrize(
    ("words", "chosen", "every", "expected"),
    [
        ("training numpy", "", False, "training: numpy"),
        ("training,inference numpy tqdm", "", False, "training inference: numpy tqdm"),
        ("training,,training numpy", "", False, "training: numpy"),
        ("numpy tqdm", "training inference", False, "training inference: numpy tqdm"),
        ("numpy", "training,inference", False, "training inference: numpy"),
        ("numpy", "", True, "feature training inference: numpy"),
        ("trainin numpy", "", False, "trainin: numpy"),
        ("training inference@*", "", False, "training: inference@*"),
    ],
)
def test_stages_come_first_or_from_options(
    words: str, chosen: str, expected: str, *, every: bool
) -> None:
    stages, packages = stages_and_packages(
        "add", words.split(), KNOWN, chosen=chosen.split(), every=every
    )
    assert f"{' '.join(stages)}: {' '.join(packages)}" == expected


@pytest.mark.parametrize(
    ("words", "chosen", "every", "expected"),
    [
        (
            "training inference tqdm",
            "",
            False,
            (
                '"inference" is a stage, not a package. Name stages before packages:'
                " `poetry fti add training,inference tqdm`."
            ),
        ),
        (
            "training inference",
            "feature",
            False,
            (
                '"training" is a stage, not a package. Name stages before packages:'
                " `poetry fti add feature,training,inference PACKAGE`."
            ),
        ),
        (
            "numpy",
            "",
            False,
            (
                "No stage is named. Run `poetry fti add STAGE numpy`."
                " The project has the stages feature, training and inference."
            ),
        ),
        (
            "",
            "",
            False,
            (
                "No stage is named. Run `poetry fti add STAGE PACKAGE`."
                " The project has the stages feature, training and inference."
            ),
        ),
        (
            "training,inference",
            "",
            False,
            "No package is named. Run `poetry fti add training,inference PACKAGE`.",
        ),
        ("numpy", "feature", True, "`--all` selects every stage. Omit it, or omit `--stage`."),
    ],
)
def test_words_that_are_missing_or_ambiguous(
    words: str, chosen: str, expected: str, *, every: bool
) -> None:
    with pytest.raises(ConfigError) as error:
        stages_and_packages("add", words.split(), KNOWN, chosen=chosen.split(), every=every)
    assert str(error.value) == expected


def test_the_only_stage_is_named() -> None:
    with pytest.raises(ConfigError, match="The only stage is training"):
        stages_and_packages("remove", ["numpy"], ["training"])


@pytest.mark.parametrize(
    ("words", "stages", "packages"),
    [
        ("", "", ""),
        ("numpy", "", "numpy"),
        ("training numpy", "training", "numpy"),
        ("training inference", "training inference", ""),
        ("training,inference numpy", "training inference", "numpy"),
        ("trainin,inference numpy", "trainin inference", "numpy"),
    ],
)
def test_leading_words_that_name_stages(words: str, stages: str, packages: str) -> None:
    assert leading_stages("update", words.split(), KNOWN) == (stages.split(), packages.split())


def test_a_word_of_commas_does_not_stand_for_all_stages() -> None:
    with pytest.raises(ConfigError) as error:
        leading_stages("update", [",,"], KNOWN)
    assert str(error.value) == '",," names no stage (stages: feature, training, inference)'
