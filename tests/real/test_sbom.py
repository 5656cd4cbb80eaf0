"""SBOMs of real locks, against the strict schema of CycloneDX."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.newest_only


def test_sboms_are_valid_and_complete(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "fti", "export", "--format", "requirements")
    assert poetry.ok(locked_tiny, "fti", "export", "--format", "cyclonedx") == (
        "wrote     fti/feature/feature.cdx.json\n"
        "wrote     fti/training/training.cdx.json\n"
        "wrote     fti/inference/inference.cdx.json\n"
    )
    paths = sorted(locked_tiny.glob("fti/*/*.cdx.json"))
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert [validator.validate_str(text) for text in texts.values()] == [None, None, None]
    inference = json.loads(texts[locked_tiny / "fti/inference/inference.cdx.json"])
    depends = {each["ref"]: each.get("dependsOn", []) for each in inference["dependencies"]}
    assert depends["stage:inference"] == [
        "boosting@1.0",
        "dotted-name-pkg@1.0",
        "image:python:3.10-slim-bookworm",
        "native@1.0",
        "sourceonly@1.0",
        "webby@0.9",
    ]
    assert depends["boosting@1.0"] == ["alpha@2.0"]
    assert depends["webby@0.9"] == ["loopish@0.1", "typing-backfill@1.0"]
    components = {each["bom-ref"]: each for each in inference["components"]}
    assert {"stage:inference", *components} == depends.keys()
    (source,) = components["sourceonly@1.0"]["externalReferences"]
    assert source["url"].endswith("/sourceonly/#sourceonly-1.0.tar.gz")
    requirements = (locked_tiny / "fti/inference/requirements.txt").read_text(encoding="utf-8")
    hashes = [each["content"] for each in source["hashes"]]
    assert all(f"--hash=sha256:{each}" in requirements for each in hashes)


def test_later_exports_update_an_sbom(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "fti", "export", "feature", "--format", "cyclonedx")
    path = locked_tiny / "fti" / "feature" / "feature.cdx.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sparkish", "another"), encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "export", "feature")
    assert path.read_text(encoding="utf-8") == text
