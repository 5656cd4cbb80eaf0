"""`poetry fti verify` on environments that Poetry has installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness import Poetry


pytestmark = pytest.mark.newest_only


@pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of POSIX")
def test_an_installed_environment_is_as_locked_until_it_is_changed(
    poetry: Poetry, locked_tiny: Path
) -> None:
    poetry.ok(locked_tiny, "fti", "install", "feature")
    verify = ("fti", "verify", "environment", "--stage", "feature", "--deep")
    assert poetry.ok(locked_tiny, *verify) == "1 check run: nothing found.\n"
    environment = Path(poetry.ok(locked_tiny, "fti", "path", "feature").strip())
    (site,) = environment.glob("lib/python*/site-packages")
    code = site / "alpha/__init__.py"
    code.write_text(code.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    result = poetry(locked_tiny, *verify)
    assert result.code == 3
    assert result.output == (
        "feature\n"
        "  error alpha 1.5 in the environment has been modified since it was installed:"
        " alpha/__init__.py [environment]\n"
        "    Run `poetry fti env remove feature` and `poetry fti install feature`.\n\n"
        "1 check run: 1 error, 0 warnings.\n"
    )
    python = str(environment / "bin/python")
    poetry.ok(
        locked_tiny, "fti", "run", "feature", sys.executable, "-m", "pip", "--python", python,
        "uninstall", "--yes", "alpha",
    )  # fmt: skip
    result = poetry(locked_tiny, *verify)
    assert result.code == 3
    assert result.output == (
        "feature\n"
        "  error alpha 1.5 is locked, but not installed in the environment [environment]\n"
        "    Run `poetry fti install feature --sync`.\n\n"
        "1 check run: 1 error, 0 warnings.\n"
    )
