"""Check `accelerator`: stages have packages for the processors that they run on."""

from __future__ import annotations

from poetry_fti.checks.accelerator.check import CHECK

__all__ = ["CHECK"]
