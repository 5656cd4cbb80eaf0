"""What the plugin costs Poetry's own commands: `make bench` prints the table.

Two fresh virtual environments are alike but for the plugin; commands run in turn in both.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.tools import ROOT, Task, environment, median, seconds

PROJECT: Final = ROOT / "fixtures" / "projects" / "migrant"
COMMANDS: Final = (("--version",), ("check",), ("check", "--lock"))
RUNS: Final = 15


def main() -> None:
    """Measure and print a Markdown table: medians in seconds, and the median of the ratios."""
    with tempfile.TemporaryDirectory(prefix="poetry-fti-bench-") as name:
        folder = Path(name)
        without = environment(folder / "without", "poetry")
        with_plugin = environment(folder / "with", "poetry", str(ROOT))
        variables = {**os.environ, "POETRY_CACHE_DIR": str(folder / "cache")}
        print("| command | without | with | ratio |\n|---|---|---|---|")
        for words in COMMANDS:
            tasks = [
                Task(command=(place / "poetry", *words), folder=PROJECT, variables=variables)
                for place in (without, with_plugin)
            ]
            # The first pair warms the file system's cache.
            pairs = [[seconds(task) for task in tasks] for _ in range(RUNS + 1)][1:]
            before, after = (median(times) for times in zip(*pairs, strict=True))
            ratio = median(b / a for a, b in pairs)
            print(f"| `poetry {' '.join(words)}` | {before:.3f} s | {after:.3f} s | {ratio:.3f} |")


if __name__ == "__main__":
    main()
