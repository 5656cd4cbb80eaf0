"""SBOMs of real locks, against the strict schema of CycloneDX."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback.archives import Artifact
from loopback.artifacts import record
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import Further, LoopbackIndex
from loopback.site import Answer
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loopback.catalogue import Catalogue

ISC: Final = "License :: OSI Approved :: ISC License (ISCL)"
SOURCE: Final = """\
[[tool.poetry.source]]
name = "{name}"
url = "{url}{name}/simple/"
priority = "supplemental"
"""

pytestmark = pytest.mark.newest_only


def assert_valid(sbom: str) -> None:
    """Validate an SBOM, with a library that takes long to import."""
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    content = json.loads(sbom)
    for component in content["components"]:
        # Reading a URL takes long, too, and those of a package's wheels have the same form.
        if "externalReferences" in component:
            component["externalReferences"] = component["externalReferences"][-2:]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(content)) is None


def test_sboms_are_valid_and_complete(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "fti", "export", "--format", "requirements")
    assert poetry.ok(locked_tiny, "fti", "export", "--format", "cyclonedx") == (
        "wrote     fti/feature/feature.cdx.json\n"
        "wrote     fti/training/training.cdx.json\n"
        "wrote     fti/inference/inference.cdx.json\n"
    )
    paths = sorted(locked_tiny.glob("fti/*/*.cdx.json"))
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    for text in texts.values():
        assert_valid(text)
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


def test_licenses_come_from_the_metadata_of_each_index(tmp_path: Path) -> None:
    artifacts = {
        "": Artifact(name="expressed", version="1.0", licenses=(("License-Expression", "mit"),)),
        "corp": Artifact(name="named", version="1.0", licenses=(("License", "Corporate"),)),
        "plain": Artifact(name="classified", version="1.0", licenses=(("Classifier", ISC),)),
    }
    with MixedIndex(
        *(catalogue(tmp_path / f"_{name}", artifacts[name]) for name in artifacts)
    ) as index:
        poetry = Poetry(isolated_environment(tmp_path / "home", index.url), processes=1)
        root = tmp_path / "project"
        root.mkdir()
        sources = (SOURCE.format(name=name, url=index.url) for name in ("corp", "plain"))
        names = [each.name for each in artifacts.values()]
        (root / "pyproject.toml").write_text(
            pyproject({"training": names}, "".join(sources)), encoding="utf-8"
        )
        poetry.ok(root, "fti", "lock")
        result = poetry(root, "fti", "export", "--format", "cyclonedx")
        assert (result.code, result.errors) == (0, "")
        wheels = [each for each in index.requests if each.path.endswith(".whl")]
        assert {each.status for each in wheels} == {HTTPStatus.PARTIAL_CONTENT}
    text = (root / "fti/training/training.cdx.json").read_text(encoding="utf-8")
    assert_valid(text)
    assert {each["name"]: each.get("licenses") for each in json.loads(text)["components"][1:]} == {
        "classified": [{"license": {"acknowledgement": "declared", "id": "ISC"}}],
        "expressed": [{"license": {"acknowledgement": "declared", "id": "MIT"}}],
        "named": [{"license": {"acknowledgement": "declared", "name": "Corporate"}}],
    }


class MixedIndex(LoopbackIndex):
    """Three indexes: the default one, one with metadata files, and one that has wheels only."""

    def __init__(self, default: Catalogue, corp: Catalogue, plain: Catalogue) -> None:
        super().__init__(default, further={"corp": Further(corp), "plain": Further(plain)})

    def respond(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a request, which may be for a part of a wheel."""
        answer = super().respond(path, headers)
        if path.startswith("/plain/simple/"):
            return replace(answer, body=answer.body.replace(b"core-metadata", b"other"), etag="")
        if path.startswith("/plain/") and path.endswith(".metadata"):
            return Answer(HTTPStatus.NOT_FOUND)
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("Range", ""))
        if wanted is None or answer.status is not HTTPStatus.OK:
            return answer
        size = len(answer.body)
        if wanted[1]:
            first, last = int(wanted[1]), min(int(wanted[2] or size), size - 1)
        else:
            first, last = max(0, size - int(wanted[2])), size - 1
        return replace(
            answer,
            status=HTTPStatus.PARTIAL_CONTENT,
            body=answer.body[first : last + 1],
            headers={"Content-Range": f"bytes {first}-{last}/{size}"},
            etag="",
        )


def catalogue(folder: Path, artifact: Artifact) -> Catalogue:
    """Return an index with a package that is built into a folder."""
    folder.mkdir()
    text = json.dumps({"packages": record([artifact], folder)})
    (folder / "index.json").write_text(text, encoding="utf-8")
    return load(folder / "index.json", archives=folder)
