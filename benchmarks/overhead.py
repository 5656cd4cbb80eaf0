"""What the plugin costs Poetry's own commands: `make bench` prints the table.

Two fresh virtual environments are alike but for the plugin; commands run in turn in both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final = ROOT / "fixtures" / "projects" / "migrant"
COMMANDS: Final = (("--version",), ("check",), ("check", "--lock"))
RUNS: Final = 15


def main() -> None:
    """Measure and print a Markdown table: medians in seconds, and the median of the ratios."""
    with tempfile.TemporaryDirectory(prefix="poetry-fti-bench-") as name:
        folder = Path(name)
        without = _environment(folder / "without")
        with_plugin = _environment(folder / "with", str(ROOT))
        variables = {**os.environ, "POETRY_CACHE_DIR": str(folder / "cache")}
        print("| command | without | with | ratio |\n|---|---|---|---|")
        for words in COMMANDS:
            pairs = [
                (_seconds(without, words, variables), _seconds(with_plugin, words, variables))
                for _ in range(RUNS + 1)
            ][1:]  # the first one warms the file system's cache
            before, after = (statistics.median(times) for times in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            print(f"| `poetry {' '.join(words)}` | {before:.3f} s | {after:.3f} s | {ratio:.3f} |")


def _environment(folder: Path, *packages: str) -> Path:
    uv: list[str | Path] = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, folder], check=True)
    install = [*uv, "pip", "install", "--compile-bytecode", "--python", folder]
    subprocess.run([*install, "poetry", *packages], check=True)
    return next(folder.glob("*/poetry*"))


def _seconds(poetry: Path, words: tuple[str, ...], variables: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run([poetry, *words], cwd=PROJECT, env=variables, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
