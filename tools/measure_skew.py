"""Measure which versions of a package can use what other versions of it have saved.

Each version is installed in an environment of its own. There, the writers of
`skew_artefacts/<package>_objects.py` save objects and return what these compute; the readers of
all other environments load the objects, and their results are compared.

Run `python tools/measure_skew.py --help` for the options, for
example:

    python tools/measure_skew.py pyarrow '15.*' '16.*' --with numpy==1.26.4
    python tools/measure_skew.py onnx '1.16.*' '1.17.*' --load-with onnxruntime '1.18.*' '1.20.*'
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ARTEFACTS: Final = Path(__file__).parent / "skew_artefacts"
TOLERANCE: Final = 1e-6
PACKAGES: Final = sorted(
    path.stem.removesuffix("_objects").replace("_", "-") for path in ARTEFACTS.glob("*_objects.py")
)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that contains one version of a package."""

    package: str
    version: str
    folder: Path

    def run(self, action: str, saved: Path) -> dict[str, Any]:
        """Run all writers or all readers; return what each returned, or its error."""
        python = self.folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        script = ARTEFACTS / "run.py"
        command = [
            str(each) for each in (python, "-W", "ignore", script, action, self.package, saved)
        ]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self}: {done.stderr}")
        results: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return results

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


def installed(package: str, version: str, others: Sequence[str], folder: Path) -> Environment:
    """Return a new environment with a version of a package and with other requirements."""
    venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(folder)]
    options = ["install", "--quiet", "--no-compile", "--only-binary", ":all:"]
    subprocess.run([*pip, *options, f"{package}=={version}", *others], check=True)
    done = subprocess.run([*pip, "list", "--format=json"], check=True, capture_output=True)
    versions = {each["name"].lower(): each["version"] for each in json.loads(done.stdout)}
    return Environment(package, versions[package], folder)


def failures(
    written: dict[str, Any], writer: Environment, reader: Environment, saved: Path
) -> Iterator[str]:
    """Yield a line for each object that does not load or that returns something else."""
    for name, found in reader.run("read", saved).items():
        expected = written.get(name)
        if expected is None or "error" in expected:
            continue  # the older version has no such object
        if "error" in found:
            yield f"{writer} -> {reader}: {name}: {found['error']}"
        elif not same(expected["result"], found["result"]):
            yield f"{writer} -> {reader}: {name}: SILENT: returns something else"


def repeatable(written: dict[str, Any], writer: Environment, saved: Path) -> dict[str, Any]:
    """Return the results without those of objects that fail in the version that saved them."""
    lines = list(failures(written, writer, writer, saved))
    if lines:
        print(*lines, sep="\n")
    failed = {line.split(": ")[1] for line in lines}
    return {name: result for name, result in written.items() if name not in failed}


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 -- anything that is JSON
    """Return whether two results are the same, with a tolerance for numbers."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE) or (
            math.isnan(one) and math.isnan(other)
        )
    return bool(one == other)


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Install all versions below a folder and print what breaks between them."""
    others = options.requirements

    def install(package: str, versions: Sequence[str]) -> list[Environment]:
        return [
            installed(package, version, others, folder / f"{package}-{number}")
            for number, version in enumerate(versions)
        ]

    writers = install(options.package, options.versions)
    readers = install(options.load_with[0], options.load_with[1:]) if options.load_with else writers
    for writer in writers:
        saved = folder / "saved" / writer.version
        saved.mkdir(parents=True)
        written = writer.run("write", saved)
        for name, result in written.items():
            if "error" in result:
                print(f"{writer}: {name}: cannot be saved: {result['error']}")
        if writers is readers:
            written = repeatable(written, writer, saved)
        for reader in readers:
            if reader is writer:
                continue
            lines = list(failures(written, writer, reader, saved))
            print(*lines or [f"{writer} -> {reader}: works"], sep="\n", flush=True)


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("package", choices=PACKAGES)
    parser.add_argument("versions", nargs="+", help="as pip takes them after ==")
    parser.add_argument(
        "--with",
        dest="requirements",
        action="append",
        default=[],
        help="a requirement that is installed in all environments",
    )
    parser.add_argument(
        "--load-with",
        nargs="+",
        metavar=("PACKAGE", "VERSION"),
        help="another package that loads the objects",
    )
    with tempfile.TemporaryDirectory() as folder:
        measure(parser.parse_args(), Path(folder))


if __name__ == "__main__":
    main()
