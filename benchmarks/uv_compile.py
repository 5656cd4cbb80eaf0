"""Compile the requirements of each stage with uv: `python -m benchmarks.uv_compile UV PROJECT`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from poetry_fti.bridge.toml_parser import tomllib


def main() -> None:
    """Compile stage by stage, each with its overrides, for the running Python's platform."""
    uv, project = map(Path, sys.argv[1:])
    stages = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["fti"]["stages"]
    with TemporaryDirectory() as folder:
        overrides = Path(folder) / "overrides.txt"
        for name, stage in stages.items():
            pairs = stage.get("overrides", {}).items()
            overrides.write_text("".join(f"{package} {version}\n" for package, version in pairs))
            command: list[str | Path] = [uv, "pip", "compile", "--quiet", "--group", name]
            command += [
                "--override",
                overrides,
                "--python-version",
                "3.12",
                "--no-python-downloads",
            ]
            command += ["--output-file", Path(folder) / f"{name}.txt"]
            subprocess.run(command, cwd=project, check=True)


if __name__ == "__main__":
    main()
