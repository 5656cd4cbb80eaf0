"""The pyproject.toml that Poetry's `add` and `remove` edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.commands.poetry.edit.editing import EditedFile

if TYPE_CHECKING:
    from pathlib import Path

TEXT: Final = '[dependency-groups]\ntraining = ["lib"]\n'


def test_the_url_of_a_local_repository_has_no_host(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(TEXT, encoding="utf-8")
    file = EditedFile(path, TEXT, "training")
    edited = file.read()
    # As `poetry add lib@git+file:///srv/lib` does.
    edited["dependency-groups"]["training"][0] = "lib @ git+file://None/srv/lib"
    file.write(edited)
    assert file.text == TEXT.replace("lib", "lib @ git+file:///srv/lib")
