"""Run the writers or the readers of a package; print their results as JSON.

A module of this folder has two mappings by the name of an object: `WRITERS`, functions that save
the object to a path and return what it computes, and `READERS`, functions that load it and return
the same.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main(action: str, package: str, folder: Path) -> None:
    """Print the result or the error of each writer or reader."""
    module = importlib.import_module(package.replace("-", "_") + "_objects")
    results = {}
    for name, function in (module.WRITERS if action == "write" else module.READERS).items():
        path = folder / name
        if action == "read" and not path.exists():
            continue
        try:
            results[name] = {"result": function(path)}
        except BaseException as error:  # noqa: BLE001 -- whatever a package raises is a finding
            path.unlink(missing_ok=True) if action == "write" else None
            results[name] = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
