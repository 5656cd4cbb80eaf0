"""Tables of ordinary and of newer types, as IPC files, Parquet files and pickles."""

from __future__ import annotations

import pickle
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _extension(name: str, storage: Any, *arguments: Any) -> Any:
    kind = getattr(pa, name)(*arguments)
    return pa.ExtensionArray.from_storage(kind, storage)


ARRAYS: dict[str, Callable[[], Any]] = {
    "ordinary": lambda: pa.array([1.5, None, 2.5]),
    "dictionary": lambda: pa.array(["a", "b", "a"]).dictionary_encode(),
    "nested": lambda: pa.array([[1, 2], None, [3]]),
    "timestamp": lambda: pa.array([1, 2, None], pa.timestamp("us")),
    "decimal128": lambda: pa.array([1, 2, None], pa.decimal128(10, 2)),
    "run_end_encoded": lambda: pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]),
    "string_view": lambda: pa.array(["a", "b" * 40, None], pa.string_view()),
    "binary_view": lambda: pa.array([b"a", b"b" * 40, None], pa.binary_view()),
    "list_view": lambda: pa.array([[1, 2], None, [3]], pa.list_view(pa.int64())),
    "large_list_view": lambda: pa.array([[1, 2], None, [3]], pa.large_list_view(pa.int64())),
    "decimal32": lambda: pa.array([1, 2, None], pa.decimal32(5, 2)),
    "decimal64": lambda: pa.array([1, 2, None], pa.decimal64(10, 2)),
    "fixed_shape_tensor": lambda: _extension(
        "fixed_shape_tensor",
        pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
        pa.int32(),
        (2,),
    ),
    "bool8": lambda: _extension("bool8", pa.array([1, 0, None], pa.int8())),
    "json": lambda: _extension("json_", pa.array(["{}", "[1]"]), pa.utf8()),
    "uuid": lambda: _extension("uuid", pa.array([uuid.UUID(int=5).bytes], pa.binary(16))),
    "opaque": lambda: _extension("opaque", pa.array([b"a"]), pa.binary(), "type", "vendor"),
}


def _result(table: Any) -> list[str]:
    kind = table.schema.field(0).type
    return [getattr(kind, "extension_name", str(kind)), str(table.column(0).to_pylist())]


def _write_ipc(make: Callable[[], Any], path: Path) -> list[str]:
    table = pa.table({"column": make()})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return _result(table)


def _read_ipc(path: Path) -> list[str]:
    with pa.OSFile(str(path), "rb") as source:
        return _result(pa.ipc.open_file(source).read_all())


def _write_parquet(make: Callable[[], Any], path: Path) -> list[str]:
    table = pa.table({"column": make()})
    pyarrow.parquet.write_table(table, str(path))
    return _read_parquet(path)


def _read_parquet(path: Path) -> list[str]:
    return _result(pyarrow.parquet.read_table(str(path)))


def _write_pickle(make: Callable[[], Any], path: Path) -> list[str]:
    table = pa.table({"column": make()})
    path.write_bytes(pickle.dumps(table))
    return _result(table)


def _read_pickle(path: Path) -> list[str]:
    return _result(pickle.loads(path.read_bytes()))


def _write_filesystem(path: Path) -> list[str]:
    path.write_bytes(pickle.dumps(pyarrow.fs.LocalFileSystem(use_mmap=True)))
    return ["local"]


def _read_filesystem(path: Path) -> list[str]:
    return [pickle.loads(path.read_bytes()).type_name]


WRITERS = {
    f"{name}.{form}": partial(write, make)
    for name, make in ARRAYS.items()
    for form, write in (
        ("ipc", _write_ipc),
        ("parquet", _write_parquet),
        ("pickle", _write_pickle),
    )
} | {"LocalFileSystem.pickle": _write_filesystem}
_READ = {"ipc": _read_ipc, "parquet": _read_parquet, "pickle": _read_pickle}
READERS = {name: _READ[name.partition(".")[2]] for name in WRITERS} | {
    "LocalFileSystem.pickle": _read_filesystem
}
