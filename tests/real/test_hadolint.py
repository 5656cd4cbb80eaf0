"""Dockerfiles, read by hadolint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fast.exporters.test_dockerfile import VARIANTS, render

pytestmark = pytest.mark.newest_only


@pytest.mark.parametrize("variant", VARIANTS)
def test_hadolint_finds_nothing(variant: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed")
    done = subprocess.run(
        [hadolint, "--no-color", "-"],
        input=render(VARIANTS[variant]),
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout) == (0, "")
