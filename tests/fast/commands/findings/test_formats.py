"""Findings as SARIF, as workflow commands of GitHub and as JUnit reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from lxml import etree

from fast.exporters.schemas import problems
from memory_commands import Ended, run
from poetry_fti.checks import Finding, load_check
from poetry_fti.checks.shared.settings import Waived
from poetry_fti.commands.shared.findings import Found, rendered
from poetry_fti.commands.shared.findings.locations import Locations, path_in_repository
from poetry_fti.commands.shared.findings.toml_positions import Position
from poetry_fti.commands.shared.options import TOOL_FORMATS
from poetry_fti.model.check import Waiver
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

SCHEMAS: Final = Path(__file__).parents[4] / "fixtures" / "schemas"
PYPROJECT: Final = """\
[dependency-groups]
training = ["a"]

[tool.fti.stages.inference]
forbid = ["b", "nvidia-*"]
"""
FORBIDDEN: Final = Finding(
    check="forbid",
    level="error",
    stage="inference",
    package="nvidia-nccl",
    message="nvidia-nccl 2.0 is forbidden in this stage",
    because="required by pyproject.toml -> mid -> nvidia-nccl",
    fix="Leave it out",
    path="tool.fti.stages.inference.forbid[1]",
)
HOSTILE: Final = Finding(
    check="orphans",
    level="warning",
    message="100%\r\n::set-output,a:\x00\x1b\uffff<b>&]]> \"'",
    fix="Remove",
    path="tool.fti.stages",
)
WAIVED: Final = Waived(
    Finding(
        check="forbid",
        level="error",
        stage="training",
        package="a",
        message="a 1.0 is forbidden in this stage",
        fix="Remove a",
        path="tool.fti.stages.training.forbid[0]",
    ),
    Waiver(path="tool.fti.check.waivers[0]", check="forbid", reason="until May"),
)


def found(*findings: Finding, waived: tuple[Waived, ...] = (), strict: bool = False) -> Found:
    return Found(
        checks={name: load_check(name) for name in ("forbid", "orphans")},
        stages=("training", "inference"),
        findings=findings,
        waived=waived,
        locations=Locations("services/a b/pyproject.toml", PYPROJECT),
        version="0.1.0",
        strict=strict,
    )


def sarif(found: Found) -> Any:  # noqa: ANN401 - JSON
    log = json.loads(rendered("sarif", found))
    assert problems("sarif-2.1.0.json", log) == []
    return log


def junit(found: Found) -> str:
    text = rendered("junit", found)
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))
    schema.assertValid(etree.fromstring(text.encode()))
    return text


def test_github() -> None:
    assert rendered("github", found(FORBIDDEN, HOSTILE, waived=(WAIVED,))) == (
        "::error file=services/a b/pyproject.toml,line=5,col=16,title=poetry fti check%3A forbid"
        "::inference: nvidia-nccl 2.0 is forbidden in this stage%0A"
        "required by pyproject.toml -> mid -> nvidia-nccl%0ALeave it out.\n"
        "::warning file=services/a b/pyproject.toml,line=4,col=11,title=poetry fti check%3A orphans"
        "::100%25\\x0d%0A::set-output,a:\\x00\\x1b\uffff<b>&]]> \"'%0ARemove.\n"
    )
    assert rendered("github", found()) == ""


@pytest.mark.slow
def test_sarif() -> None:
    log = sarif(found(FORBIDDEN, waived=(WAIVED,)))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("poetry-fti", "0.1.0")
    assert driver["rules"][1] == {
        "id": "orphans",
        "shortDescription": {"text": "No folder is left of a stage that no longer exists."},
        "help": {"text": load_check("orphans").explanation},
    }
    uri = {"uri": "services/a%20b/pyproject.toml", "uriBaseId": "%SRCROOT%"}
    region = {"startLine": 5, "startColumn": 16}
    forbidden, waived = run["results"]
    fingerprint = forbidden.pop("partialFingerprints")
    assert forbidden == {
        "ruleId": "forbid",
        "ruleIndex": 0,
        "level": "error",
        "message": {
            "text": "inference: nvidia-nccl 2.0 is forbidden in this stage"
            " (required by pyproject.toml -> mid -> nvidia-nccl). Leave it out."
        },
        "locations": [{"physicalLocation": {"artifactLocation": uri, "region": region}}],
    }
    assert fingerprint == {"primaryLocationLineHash": "fa55e4df8b7982ca:1"}
    assert waived["suppressions"] == [{"kind": "external", "justification": "until May"}]


def fingerprints(*findings: Finding) -> list[str]:
    results = sarif(found(*findings))["runs"][0]["results"]
    return [each["partialFingerprints"]["primaryLocationLineHash"] for each in results]


@pytest.mark.slow
def test_fingerprints_outlive_versions_and_lines() -> None:
    def finding(message: str, path: str = "tool") -> Finding:
        return Finding(check="forbid", level="error", message=message, fix="Fix", path=path)

    (before,) = fingerprints(finding("a 1.0 is forbidden"))
    assert fingerprints(finding("a 2.1rc1 is forbidden", "tool.fti"), finding("b is wrong"))[0] == (
        before
    )
    assert len(set(fingerprints(finding("fti/old1 is left"), finding("fti/old2 is left")))) == 2
    assert len(set(fingerprints(*[finding("a is wrong")] * 2))) == 2


@pytest.mark.slow
def test_junit() -> None:
    assert junit(found(FORBIDDEN, HOSTILE, waived=(WAIVED,))) == (
        """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites name="poetry fti check">
  <testsuite name="forbid" tests="2" failures="1" errors="0" skipped="1">
    <testcase classname="fti.forbid" name="training">
      <skipped message="waived: until May" />
    </testcase>
    <testcase classname="fti.forbid" name="inference">
      <failure type="error" message="nvidia-nccl 2.0 is forbidden in this stage">\
error: inference: nvidia-nccl 2.0 is forbidden in this stage
required by pyproject.toml -&gt; mid -&gt; nvidia-nccl
Leave it out.</failure>
    </testcase>
  </testsuite>
  <testsuite name="orphans" tests="3" failures="0" errors="0" skipped="0">
    <testcase classname="fti.orphans" name="project">
      <system-out>warning: 100%\\x0d
::set-output,a:\\x00\\x1b\ufffd&lt;b&gt;&amp;]]&gt; "'
Remove.</system-out>
    </testcase>
    <testcase classname="fti.orphans" name="training" />
    <testcase classname="fti.orphans" name="inference" />
  </testsuite>
</testsuites>
"""
    )


@pytest.mark.slow
def test_strict_makes_failures_of_warnings() -> None:
    text = junit(found(HOSTILE, HOSTILE, strict=True))
    assert 'tests="3" failures="1"' in text
    assert '<failure type="warning" message="2 findings: 100%' in text


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("tool.fti.stages.inference.forbid[1]", (5, 16)),
        ("tool.fti.stages.inference.forbid[7]", (5, 1)),
        ("tool.fti.stages.inference.image.base", (4, 18)),
        ('tool.fti.stages.inference.overrides."a.b"', (4, 18)),
        ("tool.fti.stages.training.platforms", (2, 1)),
        ("tool.fti.stages.training", (2, 1)),
        ("tool.fti.check", (4, 7)),
        ("tool", (1, 1)),
        ("project.dependencies", (1, 1)),
        ("", (1, 1)),
    ],
)
def test_a_path_that_is_not_in_the_file_is_where_its_parent_is(
    path: str, position: tuple[int, int]
) -> None:
    assert Locations("pyproject.toml", PYPROJECT).find(path) == Position(*position)


@pytest.mark.parametrize(
    "table",
    [
        "[tool.poetry.group.Online_Inference.dependencies]",
        "[tool.poetry.group.online-inference]",
        "[dependency-groups]\nOnline_Inference = []",
    ],
)
def test_a_stage_without_a_table_is_where_its_group_is(table: str) -> None:
    text = f"[tool.poetry]\n\n{table}\n"
    line = text.lower().replace("_", "-").split("online-inference")[0].count("\n") + 1
    found = Locations("pyproject.toml", text).find("tool.fti.stages.online-inference.image.base")
    assert found.line == line


def test_paths_are_relative_to_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "services" / "risk" / "pyproject.toml"
    assert path_in_repository(file) == "pyproject.toml"
    file.parent.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert path_in_repository(file) == "services/risk/pyproject.toml"
    # `poetry -C` changes the folder, and the project's is then the current one.
    monkeypatch.chdir(file.parent)
    assert path_in_repository(Path("pyproject.toml")) == "services/risk/pyproject.toml"


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(each, marks=[] if each == "github" else [pytest.mark.slow])
        for each in TOOL_FORMATS
    ],
)
def test_the_command_prints_them(demo: MemoryProject, form: str) -> None:
    demo.index.offer({"app 1.0": []})
    table = '[tool.fti.stages.training]\nforbid = ["app"]\n'
    demo.write(pyproject({"training": ["app"]}, table))
    demo.lock()
    ended = run(demo, "check", "--only", "forbid", "--format", form)
    assert (ended.code, ended.errors) == (3, "")
    expected = {
        "sarif": '"startLine": 9,',
        "github": "::error file=pyproject.toml,line=9,col=11,title=poetry fti check%3A forbid::",
        "junit": '<testsuite name="forbid" tests="1" failures="1" errors="0" skipped="0">',
    }
    assert expected[form] in ended.output
    demo.write(pyproject({"training": ["app"]}))
    assert run(demo, "check", "--only", "forbid", "--format", "github") == Ended(0, "")
