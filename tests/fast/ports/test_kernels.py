"""The kernels that are installed for the user."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poetry_fti.ports.kernels import Kernel, remove_kernel, user_kernels


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    folder = tmp_path / "kernels"
    folder.mkdir()
    return folder


def write(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "kernel.json").write_text(text, encoding="utf-8")
    return folder


def test_readable_kernels_are_found_and_removed(kernels: Path) -> None:
    assert user_kernels() == []
    second = write(kernels / "second", json.dumps({"argv": ["/env/bin/python", "-m", "x"]}))
    first = write(kernels / "first", json.dumps({"argv": ["python"]}))
    (kernels / "linked").symlink_to(first)
    (kernels / "empty").mkdir()
    found = [
        Kernel(folder=first, program=Path("python")),
        Kernel(folder=second, program=Path("/env/bin/python")),
    ]
    assert user_kernels() == found
    assert [kernel.name for kernel in found] == ["first", "second"]
    remove_kernel(found[1])
    assert user_kernels() == found[:1]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"argv": []}', '{"argv": [1]}', "[" * 99_999])
def test_an_invalid_kernel_is_left_out(kernels: Path, text: str) -> None:
    write(kernels / "broken", text)
    assert user_kernels() == []
