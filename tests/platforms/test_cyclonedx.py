"""<stage>.cdx.json, validated by the CycloneDX project's library for JavaScript."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from consumer import Consumer
from fast.exporters.canned import STAGE
from poetry_fti.exporters import cyclonedx
from poetry_fti.model.licenses import License

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry
    from poetry_fti.model.lock import LockedPackage

_VALIDATE: Final = """\
import { readFile } from "node:fs/promises";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
const results = [];
for (const path of process.argv.slice(1)) {
  results.push(await validator.validate(await readFile(path, "utf8")));
}
console.log(JSON.stringify(results));
"""
LICENSES: Final = (
    (),
    (License("MIT", is_spdx=True),),
    (License("Apache-2.0 OR LicenseRef-Own", is_spdx=True),),
    (License('Own "license", 2nd edition …', is_spdx=False),),
    (License("GPL-2.0+", is_spdx=True), License("BSD License", is_spdx=False)),
)


def problems(*paths: Path) -> list[list[dict[str, object]] | None]:
    """Return what the validator, which starts slowly, reports for each file; None if valid."""
    folder = Consumer.from_npm("cyclonedx-library").folder
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", _VALIDATE, *map(str, paths)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[dict[str, object]] | None] = json.loads(done.stdout)
    return found


def test_sboms_are_valid_unless_an_identifier_is_unknown(
    poetry: Poetry, locked_tiny: Path, tmp_path: Path
) -> None:
    poetry.ok(locked_tiny, "fti", "export", "--format", "cyclonedx")
    exported = sorted(locked_tiny.glob("fti/*/*.cdx.json"))
    every_kind = tmp_path / "every-kind.cdx.json"
    every_kind.write_text(sbom_of_every_kind(), encoding="utf-8")
    unknown = tmp_path / "unknown.cdx.json"
    license_ = {"license": {"id": "Own-1.0"}}
    component = {"type": "library", "name": "alpha", "licenses": [license_]}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component]}
    unknown.write_text(json.dumps(document), encoding="utf-8")
    *valid, found = problems(*exported, every_kind, unknown)
    assert valid == [None] * 4
    assert found
    assert {each["instancePath"] for each in found} >= {"/components/0/licenses/0/license/id"}


def sbom_of_every_kind() -> str:
    """Return the SBOM of a stage that has packages of each kind, with licenses of each kind."""
    packages = [
        with_licenses(package, LICENSES[number % len(LICENSES)])
        for number, package in enumerate(STAGE.packages)
    ]
    assert len(packages) > len(LICENSES)
    (text,) = cyclonedx.files(replace(STAGE, packages=tuple(packages))).values()
    return text


def with_licenses(package: LockedPackage, licenses: tuple[License, ...]) -> LockedPackage:
    """Return a package with licenses and with digests of the right length."""
    files = tuple(replace(each, digest=f"sha256:{'0' * 64}") for each in package.files)
    return replace(package, files=files, licenses=licenses)
