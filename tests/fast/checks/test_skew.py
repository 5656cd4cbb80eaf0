"""Steps between versions, as measured: each row is a statement about pairs of versions."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.checks.skew import judge, judge_onnx, load_facts
from poetry_fti.checks.skew.data import read_facts

FACTS = load_facts()
VERSIONS = st.builds(
    "{}.{}.{}{}".format,
    st.integers(0, 30),
    st.integers(0, 35),
    st.integers(0, 5),
    st.sampled_from(["", "", "rc1", ".post1", "+cpu", ".dev3"]),
).map(Version)

# Package, the version that saves, the versions that load it, and the level of each of these steps.
STEPS = [
    # Each step to the next minor version breaks something, except 1.6 <-> 1.7.
    ("scikit-learn", "1.2.2", "1.3.2 1.4 1.5 1.6 1.7 1.8 1.9", "error"),
    ("scikit-learn", "1.3.2", "1.2.2 1.4.2", "error"),
    ("scikit-learn", "1.4.2", "1.3.2 1.5.2", "error"),
    ("scikit-learn", "1.5.2", "1.4.2 1.6.1 1.7.2", "error"),
    ("scikit-learn", "1.6.1", "1.7.2", None),
    ("scikit-learn", "1.6.1", "1.5.2", "warning"),
    ("scikit-learn", "1.7.2", "1.5.2", "warning"),
    ("scikit-learn", "1.7.2", "1.6.1", None),
    ("scikit-learn", "1.7.2", "1.8.0", "error"),
    ("scikit-learn", "1.8.0", "1.7.2 1.6.1 1.9.1", "error"),
    ("scikit-learn", "1.9.1", "1.8.0", None),
    ("scikit-learn", "1.9.1", "1.7.2 1.2.2", "error"),
    # One patch step breaks.
    ("scikit-learn", "1.3.0", "1.3.1 1.3.2", "error"),
    ("scikit-learn", "1.3.2", "1.3.0", "error"),
    ("scikit-learn", "1.3.1", "1.3.0", "error"),
    ("scikit-learn", "1.3.1", "1.3.2", None),
    ("scikit-learn", "1.5.0", "1.5.2", None),
    ("scikit-learn", "1.9.0", "1.10.0", "warning"),
    ("scikit-learn", "1.10.0", "1.9.0", "warning"),
    ("scikit-learn", "1.10.0", "1.10.2", None),
    ("scikit-learn", "1.6.0rc1", "1.5.2", "warning"),
    ("scikit-learn", "1.5.2", "1.6.0rc1", "error"),
    ("scikit-learn", "1.1.3", "1.0.2", "warning"),
    # Saved objects: only 2.x -> 1.x, but shared code differs in both directions.
    ("numpy", "1.24.4", "1.26.0 1.26.4", None),
    ("numpy", "1.26.4", "1.24.4 1.26.0", None),
    ("numpy", "1.26.4", "2.0.2 2.3.5 2.4.0", "error"),
    ("numpy", "2.0.2", "1.24.4 1.26.0 1.26.4", "error"),
    ("numpy", "2.0.2", "2.1.3 2.2.6 2.3.5", None),
    ("numpy", "2.3.5", "2.0.2 2.2.6", None),
    ("numpy", "2.3.5", "2.4.0", "error"),
    ("numpy", "2.4.0", "2.3.5 2.0.2", "error"),
    ("numpy", "2.4.0", "2.5.0", "warning"),
    ("pandas", "1.5.3", "2.0.3 2.1.4 3.0.0", "error"),
    ("pandas", "2.0.3", "1.5.3 2.1.4", "error"),
    ("pandas", "2.1.4", "2.0.3 2.3.3", "error"),
    ("pandas", "2.1.4", "2.2.3", None),
    ("pandas", "2.2.3", "2.1.4", None),
    ("pandas", "2.2.3", "2.3.3 3.0.0", "error"),
    ("pandas", "2.3.3", "2.2.3 3.0.0", "error"),
    ("pandas", "3.0.0", "2.3.3 1.5.3", "error"),
    ("pandas", "3.0.0", "3.1.0", None),
    ("pandas", "3.1.0", "3.0.0", None),
    ("polars", "1.12.0", "1.12.0 1.12.0+local", None),
    ("scipy", "1.9.3", "1.10.1 1.17.0", "error"),
    ("scipy", "1.17.0", "1.16.3 1.9.3", "error"),
    ("scipy", "1.16.3", "1.17.0", "error"),
    ("scipy", "1.11.1", "1.11.4", None),
    ("joblib", "1.2.0", "1.1.1", "error"),
    ("joblib", "1.1.1", "1.2.0 1.3.2", None),
    ("joblib", "1.3.2", "1.4.2 1.6.0", "error"),
    ("joblib", "1.4.2", "1.3.2 1.1.1", "error"),
    ("joblib", "1.4.2", "1.5.3 1.6.0", None),
    ("joblib", "1.6.0", "1.4.2 1.5.3", None),
    # Old -> new is always fine.
    ("cloudpickle", "2.0.0", "2.1.0 2.2.1 3.0.0 3.1.1", None),
    ("cloudpickle", "2.2.1", "3.0.0 3.1.1", None),
    ("cloudpickle", "3.0.0", "2.2.1 2.0.0", "error"),
    ("cloudpickle", "3.1.1", "2.2.1 2.1.0", "error"),
    ("cloudpickle", "2.2.1", "2.0.0", "error"),
    ("cloudpickle", "2.1.0", "2.0.0", "error"),
    ("cloudpickle", "2.2.1", "2.1.0", None),
    ("cloudpickle", "3.1.1", "3.0.0", None),
    ("xgboost", "3.1.0", "3.0.5 2.1.4 2.0.3 1.7.6 1.6.2", "error"),
    ("xgboost", "3.2.0", "3.0.5 1.6.2", "error"),
    ("xgboost", "3.1.0", "3.2.0", None),
    ("xgboost", "3.2.0", "3.1.0", None),
    ("xgboost", "1.6.2", "1.7.6 3.1.0", "error"),
    ("xgboost", "1.7.6", "1.6.2", None),
    ("xgboost", "2.0.3", "1.7.6 1.6.2 3.1.0", "error"),
    ("xgboost", "3.0.5", "1.7.6 1.6.2", "error"),
    # Only get_params() fails.
    ("xgboost", "1.7.6", "2.0.3 2.1.4 3.0.5", "warning"),
    ("xgboost", "2.0.3", "3.0.5", "warning"),
    ("xgboost", "2.1.4", "3.0.5", "warning"),
    ("xgboost", "2.0.3", "2.1.4", None),
    ("xgboost", "2.1.4", "2.0.3", None),
    # Binary files, which 2.1 and 3.0 write on request only.
    ("xgboost", "2.1.4", "3.2.0", "warning"),
    ("xgboost", "3.0.5", "3.1.0 3.2.0", "warning"),
    ("xgboost", "3.0.5", "2.1.4 2.0.3", None),
    ("lightgbm", "3.3.5", "4.0.0 4.7.0", "error"),
    ("lightgbm", "4.0.0", "3.3.5", "error"),
    ("lightgbm", "4.0.0", "4.1.0 4.4.0 4.7.0", None),
    ("lightgbm", "4.1.0", "4.0.0 3.3.5", "error"),
    ("lightgbm", "4.4.0", "4.1.0 4.0.0", "error"),
    ("lightgbm", "4.7.0", "4.1.0", "error"),
    ("lightgbm", "4.4.0", "4.2.0 4.3.0", None),
    ("lightgbm", "4.3.0", "4.2.0 4.1.0", None),
    ("lightgbm", "4.2.0", "4.0.0", "error"),
    ("lightgbm", "4.7.0", "4.2.0 4.3.0 4.4.0 4.5.0 4.6.0", None),
    ("onnx", "1.14.1", "1.15.0 1.23.0", None),
    ("onnx", "1.23.0", "1.22.0 1.14.1", "error"),
    ("onnxruntime", "1.15.1", "1.16.3 1.31.0", None),
    ("onnxruntime", "1.16.3", "1.15.1", "error"),
    ("onnxruntime", "1.18.1", "1.17.3 1.15.1", "error"),
    ("onnxruntime", "1.31.0", "1.19.2 1.18.1", None),
    ("tokenizers", "0.13.3", "0.15.2 0.23.1", None),
    ("tokenizers", "0.15.2", "0.13.3", None),
    ("tokenizers", "0.19.1", "0.15.2 0.13.3", "error"),
    ("tokenizers", "0.20.3", "0.19.1", "error"),
    ("tokenizers", "0.23.1", "0.20.3 0.21.4", None),
    ("pyarrow", "10.0.1", "11.0.0 12.0.1 13.0.0 14.0.2 15.0.2 16.1.0", None),
    ("pyarrow", "10.0.1", "17.0.0 18.1.0 21.0.0 26.0.1", "error"),
    ("pyarrow", "11.0.0", "10.0.1 12.0.1 13.0.0 16.1.0", None),
    ("pyarrow", "12.0.1", "10.0.1 11.0.0 13.0.0 16.1.0", "error"),
    ("pyarrow", "13.0.0", "12.0.1 14.0.2 16.1.0", None),
    ("pyarrow", "13.0.0", "10.0.1 11.0.0 17.0.0 26.0.1", "error"),
    ("pyarrow", "15.0.2", "14.0.2 13.0.0 12.0.1 16.1.0", None),
    ("pyarrow", "16.1.0", "10.0.1 15.0.2 17.0.0 26.0.1", "error"),
    ("pyarrow", "17.0.0", "16.1.0 10.0.1", "error"),
    ("pyarrow", "17.0.0", "18.1.0 21.0.0 26.0.1", None),
    ("pyarrow", "18.1.0", "17.0.0", "error"),
    ("pyarrow", "19.0.1", "18.1.0 17.0.0 10.0.1", "error"),
    ("pyarrow", "20.0.0", "19.0.1", None),
    ("pyarrow", "21.0.0", "20.0.0 19.0.1", "warning"),
    ("pyarrow", "21.0.0", "18.1.0 16.1.0 10.0.1", "error"),
    ("pyarrow", "22.0.0", "21.0.0 20.0.0", "warning"),
    ("pyarrow", "24.0.0", "23.0.1 22.0.0 25.0.1 26.0.1", None),
    ("pyarrow", "25.0.1", "24.0.0 22.0.0", "warning"),
    ("pyarrow", "26.0.1", "25.0.1", None),
    ("pyarrow", "26.0.0", "27.0.0", "warning"),
    ("polars", "0.20.31", "1.0.0 1.44.2 2.1.0", "error"),
    ("polars", "1.0.0", "0.20.31 1.20.0 2.0.0", "error"),
    ("polars", "1.0.0", "1.10.0", None),
    ("polars", "1.10.0", "1.20.0", "error"),
    ("polars", "1.20.0", "1.25.2", None),
    ("polars", "1.25.2", "1.30.0 1.32.3 1.36.1", "warning"),
    ("polars", "1.30.0", "1.32.3", "warning"),
    ("polars", "1.44.2", "1.36.1", "warning"),
    ("polars", "1.44.2", "1.40.1", None),
    ("polars", "1.44.2", "2.0.0", "error"),
    ("polars", "2.0.0", "1.44.2", "error"),
    ("polars", "2.1.0", "2.0.0", "warning"),
    ("python", "3.10", "3.11 3.12 3.13", None),
    ("python", "3.12", "3.11 3.10 3.13", None),
    ("python", "3.13", "3.12 3.10", "warning"),
    ("python", "3.13", "3.14", "warning"),
]


def test_steps_have_the_level_that_was_measured() -> None:
    pairs = [
        (package, producer, consumer, level)
        for package, producer, consumers, level in STEPS
        for consumer in consumers.split()
    ]
    assert pairs == [
        (
            package,
            producer,
            consumer,
            judge(FACTS.packages[package], Version(producer), Version(consumer)).level,
        )
        for package, producer, consumer, _ in pairs
    ]


def test_pickled_code_runs_in_its_own_minor_version_of_python() -> None:
    facts = FACTS.packages["python"]
    for producer, consumer in permutations([Version(f"3.{minor}") for minor in range(10, 14)], 2):
        judgement = judge(facts, producer, consumer, producer_packages={"cloudpickle", "numpy"})
        assert judgement.level == "error"
        assert any(crossing.needs == "cloudpickle" for crossing in judgement.crossings)


@pytest.mark.parametrize(
    ("package", "producer", "consumer"),
    [
        ("scikit-learn", "1.4.2", "1.5.0"),
        ("scipy", "1.16.3", "1.17.0"),
        ("xgboost", "3.1.0", "3.0.5"),
    ],
)
def test_wrong_predictions_without_an_error_are_known(
    package: str, producer: str, consumer: str
) -> None:
    facts = FACTS.packages[package]
    crossings = judge(facts, Version(producer), Version(consumer)).crossings
    assert any(crossing.silent for crossing in crossings)


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("package", sorted(FACTS.packages))
def test_versions_outside_of_the_measured_range_are_judged_as_new_minor_versions(
    package: str,
) -> None:
    facts = FACTS.packages[package]
    oldest, newest = Version(_text(facts.oldest)), Version(_text(facts.newest))
    newer = Version(_text((*facts.newest[:-1], facts.newest[-1] + 1)))
    older = Version("0.1")
    for measured, unmeasured in ((newest, newer), (oldest, older)):
        for step in ((measured, unmeasured), (unmeasured, measured)):
            judgement = judge(facts, *step)
            assert judgement.level == "warning"
            assert judgement.unmeasured == (unmeasured,)
        patch = Version(f"{unmeasured}.0.1")
        assert judge(facts, unmeasured, patch).level is None
        assert judge(facts, patch, unmeasured).unmeasured == ()
    assert judge(facts, older, newer).unmeasured == (older, newer)
    # Boundaries in between are known all the same.
    across = judge(facts, newer, older)
    assert set(across.crossings) >= set(judge(facts, newest, oldest).crossings)


def _text(release: tuple[int, ...]) -> str:
    return ".".join(map(str, release))


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(
    ("onnx", "onnxruntime", "level", "exceeded"),
    [
        ("1.14.1", "1.15.1", None, ()),
        ("1.15.0", "1.16.3", "error", ("opset",)),
        ("1.15.0", "1.17.3", None, ()),
        ("1.16.2", "1.17.3", "error", ("opset", "ir")),
        ("1.16.2", "1.18.1", None, ()),
        ("1.16.2", "1.20.1", None, ()),
        ("1.17.0", "1.18.1", "error", ("opset",)),
        ("1.17.0", "1.20.1", "error", ("opset",)),
        ("1.17.0", "1.21.1", None, ()),
        ("1.18.0", "1.22.1", "error", ("opset", "ir")),
        ("1.18.0", "1.23.2", None, ()),
        ("1.19.1", "1.23.2", "error", ("opset", "ir")),
        ("1.19.1", "1.24.4", None, ()),
        ("1.20.1", "1.24.4", None, ()),
        ("1.21.0", "1.24.4", "error", ("opset",)),
        ("1.21.0", "1.25.1", None, ()),
        ("1.22.0", "1.31.1", "error", ("opset",)),
        ("1.23.2", "1.31.1", "error", ("opset", "ir")),
        ("1.23.2", "1.32.0", None, ()),
        ("1.14.1", "1.99.0", "warning", ()),
        ("1.99.0", "1.17.3", "warning", ()),
    ],
)
def test_a_runtime_reads_models_up_to_its_opset_and_ir_version(
    onnx: str, onnxruntime: str, level: str | None, exceeded: tuple[str, ...]
) -> None:
    judgement = judge_onnx(FACTS.onnx, Version(onnx), Version(onnxruntime))
    assert (judgement.level, judgement.exceeded) == (level, exceeded)


def test_onnx_formats_never_get_older() -> None:
    for formats in (FACTS.onnx.written, FACTS.onnx.read):
        ordered = [formats[release] for release in sorted(formats)]
        assert [each.opset for each in ordered] == sorted(each.opset for each in ordered)
        assert [each.ir for each in ordered] == sorted(each.ir for each in ordered)


@given(st.sampled_from(sorted(FACTS.packages)), VERSIONS, VERSIONS)
def test_every_pair_is_judged(package: str, producer: Version, consumer: Version) -> None:
    facts = FACTS.packages[package]
    level = judge(facts, producer, consumer).level
    with_code = judge(facts, producer, consumer, producer_packages={"cloudpickle"}).level
    assert judge(facts, producer, producer).level is None
    assert judge(facts, producer, Version(f"{producer.public}+local")).level is None
    # What the producer has locked can only make a step worse.
    assert [None, "warning", "error"].index(with_code) >= [None, "warning", "error"].index(level)
    if not facts.are_compatible(producer, consumer) and not facts.is_measured(producer):
        assert level is not None
    judge_onnx(FACTS.onnx, producer, consumer)


@given(st.sampled_from(sorted(FACTS.packages)), VERSIONS, VERSIONS, VERSIONS)
def test_a_longer_step_crosses_at_least_the_same_boundaries(
    package: str, one: Version, two: Version, three: Version
) -> None:
    facts = FACTS.packages[package]
    low, middle, high = sorted((one, two, three))
    for near, far in (
        ((low, middle), (low, high)),
        ((middle, low), (high, low)),
        ((middle, high), (low, high)),
        ((high, middle), (high, low)),
    ):
        crossed = {each for each in judge(facts, *near).crossings if each.since is None}
        assert crossed <= set(judge(facts, *far).crossings)


def test_all_facts_are_well_formed() -> None:
    for name, facts in FACTS.packages.items():
        assert name == canonicalize_name(name)
        assert facts.oldest < facts.newest
        starts = [boundary.start for boundary in facts.boundaries]
        assert starts == sorted(starts)
        for boundary in facts.boundaries:
            assert boundary.source
            assert len(boundary.breaks) < 100
            assert boundary.breaks.count(". ") == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('at = "2"', "", r"packages\.x\.boundaries\[0\]: expected either `at`"),
        ('at = "2"', 'at = "9"', r"packages\.x: a boundary is outside of the measured range"),
        ('at = "2"', 'at = ["3", "2"]', r"the versions of `at` are not in order"),
        ('source = "measured"', "", r"\['source'\] is missing"),
        ('source = "measured"', 'source = ""', r"`source` is empty"),
        ('"both"', '"sideways"', r'"sideways" is none of'),
        ("series = 1", "series = 1\nserie = 1", r"packages\.x: \['serie'\] is missing or unknown"),
    ],
)
def test_malformed_facts_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_facts(VALID.replace(old, new))


VALID = """
[packages.x]
measured = ["1", "3"]
series = 1
[[packages.x.boundaries]]
at = "2"
direction = "both"
kind = "saved-objects"
breaks = "All of it."
source = "measured"
[onnx-formats.written]
[onnx-formats.read]
"""


def test_facts_of_one_package_are_read() -> None:
    assert read_facts(VALID).packages["x"].boundaries[0].start == (2,)
