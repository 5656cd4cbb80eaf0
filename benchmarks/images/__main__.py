"""What images of a project's stages weigh and cost: `make bench-images` prints the table.

A real engine builds them, with real packages from the index that pip is configured for.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.images.bench import Bench
from benchmarks.images.contenders import EXCLUDING
from benchmarks.images.front import front
from benchmarks.images.report import Change, table
from benchmarks.tools import output

# The default project's package that only this stage has, and that nothing else there limits.
_CHANGED: Final = "inference:httptools"


def main() -> None:
    """Measure one contender after the other, and print a Markdown table."""
    name, change = _arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="poetry-fti-bench-")))
        bench = Bench(name, change, folder, stack.enter_context(front()))
        ours, *others = bench.contenders
        own = bench.figures(ours)
        if own is None:
            sys.exit(1)
        found = {each.title: bench.figures(each) for each in others}
        excluding = bench.figures(EXCLUDING)
    print("\n".join(table(own, found, change, (EXCLUDING.title, excluding))))
    version = output("docker", "version", "--format={{.Server.Version}}")
    print(f"\nMeasured with Docker {version} on {os.cpu_count()} cores.")


def _arguments() -> tuple[str, Change]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    parser.add_argument("--project", default="tabular", help="in fixtures/projects")
    parser.add_argument("--change", default=_CHANGED, metavar="STAGE:PACKAGE")
    arguments = parser.parse_args()
    stage, _, package = arguments.change.partition(":")
    return arguments.project, Change(stage, package)


if __name__ == "__main__":
    main()
