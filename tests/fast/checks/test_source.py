"""Check `source`: packages of private indexes that PyPI could replace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from checked import locked, project, requirement, stage
from memory_commands import Ended, run
from memory_index import DEFAULT
from poetry_fti.checks import load_check
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.operations.check.sources import package_sources
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.checks import Finding
    from poetry_fti.checks.shared.facts import CheckedStage

ACME: Final = {"name": "Acme", "url": "https://acme.test/simple"}
SUPPLEMENTAL: Final = {**ACME, "priority": "supplemental"}
EXPLICIT: Final = {**ACME, "priority": "explicit"}
PYPI: Final = {"name": "pypi"}
LATER_PYPI: Final = {**PYPI, "priority": "supplemental"}
OTHER: Final = {"name": "other", "url": "https://other.test", "priority": "supplemental"}
MIRROR: Final = {"name": "main", "url": f"https://{DEFAULT}/simple/"}


def serving(*private: str, named: tuple[str, ...] = ()) -> CheckedStage:
    """Return a stage with packages from Acme, of which it requires some from there by name."""
    public = stage("inference", {"numpy": "2.0"})
    origin = IndexOrigin("acme", ACME["url"])
    packages = [replace(locked(each, "1.0"), origin=origin) for each in private]
    return replace(
        public,
        requirements=tuple(replace(requirement(each), source="ACME") for each in named),
        packages=(*packages, *public.packages),
    )


def findings(sources: list[dict[str, str]], checked: CheckedStage) -> list[Finding]:
    given: dict[str, Any] = {"tool": {"poetry": {"source": sources}}}
    sourced = replace(project(checked), sources=package_sources(given))
    return list(load_check("source").find(sourced))


def test_a_newer_version_on_pypi_wins_beside_a_primary_source() -> None:
    (finding,) = findings([PYPI, ACME], serving("acme-core"))
    assert (finding.level, finding.stage, finding.package) == ("warning", "inference", "acme-core")
    assert finding.message == (
        "acme-core is locked from Acme, but an update takes a newer version from PyPI as soon as"
        " anybody publishes one there"
    )
    assert finding.because == (
        "Acme has the priority primary, and the requirements of inference do not name it as the"
        " source"
    )
    assert finding.fix == (
        'Set `priority = "explicit"` in tool.poetry.source[1], and require acme-core with'
        ' `source = "Acme"`'
    )
    assert finding.path == "tool.poetry.source[1]"


def test_any_version_on_pypi_wins_over_a_supplemental_source() -> None:
    names = [f"acme-{number:02}" for number in range(12)]
    two, many = (findings([SUPPLEMENTAL], serving(*packages))[0] for packages in (names[:2], names))
    assert (two.package, two.message) == (
        None,
        (
            "acme-00 and acme-01 are locked from Acme, but an update takes a suitable version from"
            " PyPI as soon as anybody publishes one there"
        ),
    )
    assert two.fix.endswith('require these packages with `source = "Acme"`')
    assert many.message.startswith("acme-00, acme-01, acme-02, acme-03, ")
    assert "acme-07, acme-08 and 3 more are locked" in many.message


def test_packages_whose_requirement_names_the_source_are_safe() -> None:
    assert findings([PYPI, ACME], serving("acme-core", named=("acme-core",))) == []
    (finding,) = findings([PYPI, ACME], serving("acme-core", "dep", named=("acme-core",)))
    assert finding.package == "dep"


@pytest.mark.parametrize("sources", [[LATER_PYPI, SUPPLEMENTAL, ACME | OTHER], [MIRROR, ACME]])
def test_pypi_is_searched_before(sources: list[dict[str, str]]) -> None:
    assert len(findings(sources, serving("acme-core"))) == 1


@pytest.mark.parametrize(
    "sources",
    [
        [],
        [ACME],
        [ACME, OTHER],
        [ACME, LATER_PYPI],
        [SUPPLEMENTAL, {**PYPI, "priority": "explicit"}],
        [SUPPLEMENTAL, LATER_PYPI],
        [EXPLICIT],
        [PYPI, EXPLICIT],
    ],
)
def test_pypi_is_not_searched_before(sources: list[dict[str, str]]) -> None:
    assert findings(sources, serving("acme-core")) == []


def test_packages_of_pypi_are_no_matter() -> None:
    assert findings([PYPI, ACME], serving()) == []


@pytest.mark.slow
def test_the_command_reports_it(demo: MemoryProject) -> None:
    source = '[[tool.poetry.source]]\nname = "acme"\nurl = "https://acme.test/simple/"\n'
    text = pyproject({"training": ["app"]}, f'{source}priority = "supplemental"\n')
    demo.index.offer({"app 1.0": ["acme-core"]})
    demo.index.offer({"acme-core 1.0": []}, "acme.test")
    demo.write(text)
    demo.lock()
    assert run(demo, "check", "--only", "source") == Ended(
        0,
        """\
training
  warning acme-core is locked from acme, but an update takes a suitable version from PyPI as soon \
as anybody publishes one there [source]
    acme has the priority supplemental, and the requirements of training do not name it as the \
source
    Set `priority = "explicit"` in tool.poetry.source[0], and require acme-core with \
`source = "acme"`.

1 check run: 0 errors, 1 warning.
""",
    )
    own = '[tool.poetry.dependencies]\nacme-core = { version = "*", source = "acme" }\n'
    demo.write(f"{text.replace('supplemental', 'explicit')}{own}")
    demo.lock()
    assert run(demo, "check", "--only", "source") == Ended(0, "1 check run: nothing found.\n")
