"""Jupyter kernels that run in environments which have been removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.ports.kernels import remove_kernel, user_kernels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def remove_kernels(is_removed: Callable[[Path], bool]) -> list[str]:
    """Remove the user's kernels that start a removed program, and return their names.

    `is_removed` is called with the path of each kernel's program. Raises OSError if a kernel cannot
    be removed.
    """
    removed = [kernel for kernel in user_kernels() if is_removed(kernel.program)]
    for kernel in removed:
        remove_kernel(kernel)
    return [kernel.name for kernel in removed]
