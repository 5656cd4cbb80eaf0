"""Dockerfiles, read by hadolint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fast.exporters.test_dockerfile import VARIANTS, render

pytestmark = pytest.mark.newest_only


def test_hadolint_finds_nothing(tmp_path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed")
    paths = [tmp_path / variant for variant in VARIANTS]
    for path, variant in zip(paths, VARIANTS.values(), strict=True):
        path.write_text(render(variant), encoding="utf-8")
    done = subprocess.run(
        [hadolint, "--no-color", *paths],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout) == (0, "")
