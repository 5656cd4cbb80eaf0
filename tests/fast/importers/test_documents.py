"""SBOMs and runtime environments of Ray as stages."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from imported_files import imported, requirements
from poetry_fti.errors import FtiError

SBOM: Final[dict[str, Any]] = {
    "bomFormat": "CycloneDX",
    "metadata": {
        "component": {
            "bom-ref": "root",
            "name": "serving",
            "properties": [{"name": "poetry-fti:requires-python", "value": ">=3.12"}],
        }
    },
    "components": [
        {
            "bom-ref": "a",
            "type": "library",
            "name": "a",
            "purl": "pkg:pypi/a-b@1.0%2Bcpu?repository_url=https%3A%2F%2Fu:p@e.org%2Fsimple",
            "properties": [{"name": "poetry-fti:marker", "value": "sys_platform == 'linux'"}],
            "components": [
                {"type": "library", "name": "b", "purl": "pkg:pypi/b@2", "bom-ref": "b"}
            ],
        },
        {
            "type": "library",
            "name": "tool",
            "purl": "pkg:pypi/tool@1?vcs_url=git%2Bhttps://e.org/t@0f",
        },
        {"type": "library", "name": "zlib", "purl": "pkg:deb/debian/zlib@1"},
        {"type": "file", "name": "/etc/passwd"},
    ],
    "dependencies": [
        {"ref": "root", "dependsOn": ["a", "pkg:pypi/tool@1?vcs_url=git%2Bhttps://e.org/t@0f"]},
        {"ref": "a", "dependsOn": ["b"]},
    ],
}


def test_an_sbom() -> None:
    stage = imported("bom.json", json.dumps(SBOM))
    assert requirements(stage) == [
        "a-b==1.0+cpu ; sys_platform == 'linux' from e-org",
        "tool @ git+https://e.org/t@0f",
    ]
    assert stage.versions == (("a-b", "1.0+cpu"), ("b", "2"), ("tool", "1"))
    assert (stage.python, [each.url for each in stage.indexes]) == (
        ">=3.12",
        ["https://e.org/simple"],
    )
    assert stage.notes == ("bom.json: zlib was left out, since PyPI has Python packages only.",)


def test_components_of_an_sbom_with_their_versions_elsewhere() -> None:
    components = [
        {"name": "a", "purl": "pkg:pypi/a", "version": "1.0"},
        {"name": "b", "purl": "pkg:pypi/b"},
        {"name": "c", "purl": "pkg:pypi/c@latest"},
    ]
    data = {"bomFormat": "CycloneDX", "components": components}
    stage = imported("bom.json", json.dumps(data))
    assert requirements(stage) == ["a==1.0", "b", "c"]
    assert stage.versions == (("a", "1.0"),)
    assert stage.notes == (
        "bom.json: no valid version is known of b and c; any version is allowed.",
    )


def test_an_sbom_without_a_described_component() -> None:
    data = {**SBOM, "metadata": {}, "dependencies": [{"ref": "a", "dependsOn": ["b"]}]}
    assert [each.name for each in imported("bom.json", json.dumps(data)).requirements] == [
        "a-b",
        "tool",
    ]
    assert requirements(imported("bom.json", '{"bomFormat": "CycloneDX", "components": 1}')) == []


def test_a_runtime_environment() -> None:
    text = """\
working_dir: .
pip:
  packages: [torch==2.1.0, "-r more.txt"]
  pip_check: false
conda:
  dependencies: [numpy=1.26.4]
env_vars: {A: "1"}
"""
    stage = imported("runtime_env.yaml", {"runtime_env.yaml": text, "more.txt": "lib\n"})
    assert requirements(stage) == ["torch==2.1.0", "lib", "numpy==1.26.4"]
    assert stage.env == (("A", "1"),)
    assert stage.notes == (
        (
            "runtime_env.yaml: `working_dir` was left out. Add packages of your own with `poetry"
            " fti add`."
        ),
    )


@pytest.mark.parametrize("value", ["[lib]", "more.txt", "{packages: more.txt}"])
def test_forms_of_a_list(value: str) -> None:
    files: dict[str, str | bytes] = {"a/env.yaml": f"uv: {value}\n", "a/more.txt": "lib\n"}
    assert requirements(imported("a/env.yaml", files)) == ["lib"]


def test_another_json_file() -> None:
    with pytest.raises(FtiError, match="is neither an Azure Machine Learning environment nor an"):
        imported("package.json", "{}")
