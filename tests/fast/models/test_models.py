"""Model files that real libraries have written, and hostile ones: read, never loaded."""

from __future__ import annotations

import json
import os
import pickle
import tracemalloc
import zlib
from collections import OrderedDict, defaultdict
from contextlib import suppress
from datetime import datetime, timezone
from decimal import Decimal
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from poetry_fti.errors import FtiError
from poetry_fti.model.model_record import ModelRecord, Stamp
from poetry_fti.models import read_model

MODELS: Final = Path(__file__).parents[3] / "fixtures" / "models"
YEARS: Final = {"2024": ("1.5.2", "2.1.4", "<2"), "2025": ("1.7.2", "3.1.3", ">=2")}
FILES: Final = {
    year: sorted(path for path in (MODELS / year).iterdir() if path.is_file()) for year in YEARS
}
SAVED: Final = [path for paths in FILES.values() for path in paths]


@pytest.mark.parametrize("year", [pytest.param("2024", marks=pytest.mark.slow), "2025"])
def test_versions_in_real_models(year: str) -> None:
    sklearn, xgboost, numpy = YEARS[year]
    others = {".onnx", ".skops"}
    for path in FILES[year]:
        record, name = read_model(path), path.name
        assert record.unsafe == ()
        if name.startswith(("forest", "linear", "objects")) and path.suffix not in others:
            assert record.versions == {"scikit-learn": sklearn}, name
            assert record.implied == {"numpy": numpy}, name
        elif name.startswith(("xgboost", "booster")):
            assert record.versions == {"xgboost": xgboost}, name
        elif name.startswith("lightgbm"):
            assert record.formats == {"lightgbm": "v4"}, name
            assert "lightgbm" in record.packages, name


@pytest.mark.parametrize("year", YEARS)
def test_code_in_a_pickle_shows_the_python_version(year: str) -> None:
    record = read_model(MODELS / year / "function.pkl")
    assert record.implied == {"python": ">=3.11,<3.13"}
    assert record.packages == ("cloudpickle",)


def test_modules_that_functions_of_cloudpickle_use_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x04ccloudpickle.cloudpickle\nsubimport\n\x8c\x07sklearn\x85R.")
    record = read_model(path)
    assert (record.packages, record.unsafe) == (("cloudpickle", "scikit-learn"), ())


OBJECTS: Final = (
    {"a": Decimal("1.5"), "b": [OrderedDict(c=1), defaultdict(list)], 3: frozenset({1, (2, 3)})},
    [
        datetime(2024, 1, 1, tzinfo=timezone.utc),
        partial(int, base=2),
        Path,
        bytearray(b"x"),
        10**99,
    ],
    OrderedDict(a=Decimal(1)),
    (*range(30), Decimal(1)),
    ("ä" * 300, b"x" * 300, -5, 1.5, None, True, {Decimal(1), Decimal(2)}, ...),
)


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("protocol", range(6))
def test_globals_are_those_that_pickle_imports(tmp_path: Path, protocol: int) -> None:
    imported: set[str] = set()

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str, /) -> object:
            imported.add(f"{module}.{name}")
            return super().find_class(module, name)

    for each in OBJECTS:
        data = pickle.dumps(each, protocol)
        imported.clear()
        Unpickler(BytesIO(data)).load()
        (tmp_path / "m.pkl").write_bytes(data)
        assert read_model(tmp_path / "m.pkl").globals == tuple(sorted(imported))


def test_a_stamp() -> None:
    assert read_model(MODELS / "2024/stamped.safetensors") == ModelRecord(
        kind="safetensors",
        packages=("safetensors",),
        stamp=Stamp("sha256:" + "5e" * 32, "training", "c0" * 20),
    )
    assert read_model(MODELS / "2024/x.safetensors").stamp is None


class Attack:
    """Runs a program when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_a_program_is_named_and_has_no_effect(
    tmp_path: Path, protocol: int
) -> None:
    path, marker = tmp_path / "m.pkl", tmp_path / "marker"
    path.write_bytes(pickle.dumps(Attack(marker), protocol))
    assert read_model(path).unsafe == (f"{os.system.__module__}.system",)
    assert not marker.exists()


def test_computed_names_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x04S'o\\x73'\nS'system'\n\x93S'true'\n\x85R.")
    assert read_model(path).unsafe == ("a computed function", "a computed name")
    path.write_bytes(b"(S'id'\nios\nsystem\n.")
    assert read_model(path).unsafe == ("os.system",)
    path.write_bytes(b"\x80\x04})R.")  # a dictionary is called
    assert read_model(path).unsafe == ("a computed function",)
    path.write_bytes(b"\x80\x04\x82\x01(No.")
    assert read_model(path).unsafe == ("a computed function", "a registered extension")


MALFORMED: Final = {
    b"": "its content is of no known kind",
    b"\x80\x04": "it is truncated",
    b"\x80\x04\xff": "0xff is not an instruction of a pickle",
    b"\x80\x04R.": "its instructions take a value from an empty stack",
    b"\x80\x04t.": "its instructions use a mark that is not set",
    b"\x80\x04h\x01.": "its instructions use a value that is not stored",
    b"\x80\x04\x8e" + b"\xff" * 8: "it is truncated",
    b"\x78\x9c\xff\xff\xff\xff": "its compressed data is damaged",
    b"\x04\x22\x4d\x18": "LZ4 compression is not supported",
    b"\0\0\0\x80\0\0\0\0{}": "its header claims 2147483648 bytes, more than the file has",
    b"\x02\0\0\0\0\0\0\0{}": None,
    b'{"learner":{}}': 'it has no "version" at its end, where xgboost writes it',
    b"tree\n\n": 'the line "version=…" is missing',
}


@pytest.mark.parametrize("data", MALFORMED)
def test_malformed_files(tmp_path: Path, data: bytes) -> None:
    path, reason = tmp_path / "m", MALFORMED[data]
    path.write_bytes(data)
    if reason is None:
        assert read_model(path).kind == "safetensors"
        return
    with pytest.raises(FtiError) as error:
        read_model(path)
    assert str(error.value) == f"m cannot be read as a model: {reason}."


def test_deep_json(tmp_path: Path) -> None:
    text = b'{"a":' + b"[" * 100_000
    (tmp_path / "m").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(FtiError, match="its JSON is nested too deeply"):
        read_model(tmp_path / "m")


def test_pipes_and_sparse_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FtiError) as error:
        read_model(tmp_path / "pipe")
    assert str(error.value) == "pipe cannot be read as a model: it is not a regular file."
    path = tmp_path / "sparse"
    path.write_bytes(b"\x80\x04\x8e" + (9 << 30).to_bytes(8, "little"))
    os.truncate(path, 10 << 30)
    with pytest.raises(FtiError, match="0x00 is not an instruction of a pickle"):
        read_model(path)


@pytest.mark.slow
@settings(max_examples=examples(180), deadline=None)
@given(st.sampled_from(SAVED), st.integers(0, 5000), st.binary(max_size=8), st.booleans())
def test_damage_raises_fti_errors_only(
    tmp_path_factory: pytest.TempPathFactory, path: Path, at: int, new: bytes, cut: object
) -> None:
    data = path.read_bytes()
    at %= len(data)
    changed = tmp_path_factory.getbasetemp() / "changed"
    changed.write_bytes(data[:at] + new + (b"" if cut else data[at + len(new) :]))
    with suppress(FtiError):
        read_model(changed)


@pytest.mark.slow
def test_a_small_file_that_expands_is_read_in_chunks(tmp_path: Path) -> None:
    packed = zlib.compress(
        b"\x80\x04\x8e" + (16 << 20).to_bytes(8, "little") + bytes(16 << 20) + b"."
    )
    (tmp_path / "m").write_bytes(packed)
    assert read_model(tmp_path / "m").kind == "pickle"


@pytest.mark.slow
def test_many_strings_take_little_memory(tmp_path: Path) -> None:
    words = b"".join(b"\x8c\x0a%010d\x940" % number for number in range(20_000))
    (tmp_path / "m").write_bytes(b"\x80\x04" + words + b"N.")
    tracemalloc.start()
    assert read_model(tmp_path / "m").kind == "pickle"
    assert tracemalloc.get_traced_memory()[1] < 1 << 20  # 2.5 MB as Python strings
    tracemalloc.stop()


LIMITS: Final = {
    b"r" + (2_500_000).to_bytes(4, "little"): "it stores more than 2,500,000 values",
    b"0" + b"\x8c\x64" + bytes(100) + b"\x94" * 400_000: "it stores more than 32 MiB of text",
    b"0cnumpy\ndtype\n" + b"\x94" * 100_001: "it stores more than 100,000 classes and types",
    b"(" + b"2" * 1_000_000: "its instructions take a value from an empty stack",
    b"2" * 1_000_001: "it has more than 1,000,000 values at a time",
    b"(" * 1_000_001: "it has more than 1,000,000 marks at a time",
}


@pytest.mark.slow
@pytest.mark.parametrize("data", LIMITS, ids=LIMITS.values())
def test_limits(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m").write_bytes(b"\x80\x04N" + data + b".")
    with pytest.raises(FtiError) as error:
        read_model(tmp_path / "m")
    assert str(error.value) == f"m cannot be read as a model: {LIMITS[data]}."


def test_only_the_topmost_values_of_a_long_tuple_are_known(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"\x80\x04\x8c\x02os(" + b"N" * 3000 + b"t0\x8c\x06system\x93.")
    assert read_model(path).unsafe == ("a computed name",)
    path.write_bytes(b"\x80\x04(" + b"N" * 3000 + b"\x8c\x02os\x8c\x06system\x93t.")
    assert read_model(path).unsafe == ("os.system",)


@pytest.mark.parametrize("version", ["latest", "1.0\x1b[2J", "1.0\n", ""])
def test_versions_that_are_not_valid(tmp_path: Path, version: str) -> None:
    (tmp_path / "m").write_bytes(pickle.dumps({"_sklearn_version": version}))
    record = read_model(tmp_path / "m")
    assert (record.versions, record.packages) == ({}, ("scikit-learn",))


@pytest.mark.parametrize("commit", ["--output=x", "", "a b", "\x1b", "a" * 201])
def test_stamps_that_are_not_valid(tmp_path: Path, commit: str) -> None:
    header = json.dumps({"__metadata__": {"poetry_fti.commit": commit}}).encode()
    (tmp_path / "m").write_bytes(len(header).to_bytes(8, "little") + header)
    assert read_model(tmp_path / "m").stamp is None
