"""`poetry fti check`: findings, severities, waivers, and what is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import Ended, run
from poetry_fti.model.check import CHECKS
from small_index import pyproject as pyproject_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memory_index import MemoryProject

GROUPS: Final = {"training": ["app"], "inference": ["mid"]}
FORBID: Final = '[tool.fti.stages.inference]\nforbid = ["nvidia-*", "jupyter"]\n'
ALL: Final = f"{len(CHECKS)} checks run"
OTHERS: Final = f"{len(CHECKS) - 1} checks run"
FOUND: Final = f"""\
inference
  error nvidia-nccl 2.0 is forbidden in this stage [forbid]
    required by pyproject.toml -> mid -> nvidia-nccl
    Leave nvidia-nccl out with `exclude` of tool.fti.stages.inference if mid works without it.

{ALL}: 1 error, 0 warnings.
"""


def pyproject(groups: Mapping[str, Sequence[str]], tables: str = "") -> str:
    """Return a pyproject.toml with a Python for which no end of life is known yet.

    What is found must not depend on the date of the test.
    """
    return pyproject_text(groups, tables, python=">=3.16")


def locked(demo: MemoryProject, tables: str = "") -> None:
    demo.index.offer({"app 1.0": [], "mid 1.0": ["nvidia-nccl"], "nvidia-nccl 2.0": []})
    demo.write(pyproject(GROUPS, tables))
    demo.lock()


def waiver(lines: str) -> str:
    return f'{FORBID}[[tool.fti.check.waivers]]\ncheck = "forbid"\nreason = "why"\n{lines}\n'


@pytest.mark.slow
def test_nothing_is_found(demo: MemoryProject) -> None:
    locked(demo)
    assert run(demo, "check") == Ended(0, f"{ALL}: nothing found.\n")


@pytest.mark.slow
def test_a_forbidden_package_is_reported_with_what_requires_it(demo: MemoryProject) -> None:
    locked(demo, FORBID)
    assert run(demo, "check") == Ended(3, FOUND)
    assert run(demo, "check", "training").output == f"{ALL}: nothing found.\n"
    assert run(demo, "check", "--skip", "forbid") == Ended(0, f"{OTHERS}: nothing found.\n")


@pytest.mark.slow
def test_a_requirement_of_the_stage_itself_is_to_be_removed(demo: MemoryProject) -> None:
    locked(demo, '[tool.fti.stages.training]\nforbid = ["app"]\n')
    assert run(demo, "check", "--only", "forbid").output == (
        "training\n"
        "  error app 1.0 is forbidden in this stage [forbid]\n"
        "    required by pyproject.toml -> app\n"
        "    Remove app from the dependency groups of training.\n\n"
        "1 check run: 1 error, 0 warnings.\n"
    )


def test_a_chosen_check_that_is_off_is_named(demo: MemoryProject) -> None:
    locked(demo, '[tool.fti.check]\nforbid = "off"\n')
    assert run(demo, "check", "--only", "forbid") == Ended(
        0,
        "0 checks run: nothing found.\n",
        'Warning: forbid was not run: tool.fti.check.forbid is "off".\n',
    )
    assert run(demo, "check", "--only", "fresh").errors == ""


def test_stale_locks_and_leftover_folders_are_reported(demo: MemoryProject) -> None:
    locked(demo)
    demo.write(pyproject({"training": ["app", "mid"]}))
    assert run(demo, "check") == Ended(
        3,
        f"""\
project
  warning fti/inference belongs to no stage [orphans]
    Remove it with `poetry fti clean`.

training
  error fti/training/poetry.lock does not match pyproject.toml [fresh]
    Run `poetry fti lock training`.

{ALL}: 1 error, 1 warning.
""",
    )


@pytest.mark.slow
def test_severities_apply_in_general_and_in_a_stage(demo: MemoryProject) -> None:
    own = '[tool.fti.stages.inference.check]\nforbid = "warning"\n'
    locked(demo, f'{FORBID}{own}[tool.fti.check]\nforbid = "error"\n')
    assert run(demo, "check").code == 0
    assert run(demo, "check", "--strict").code == 3
    demo.write(pyproject(GROUPS, f'{FORBID}[tool.fti.check]\nforbid = "off"\n'))
    assert run(demo, "check") == Ended(0, f"{OTHERS}: nothing found.\n")


@pytest.mark.slow
def test_a_waiver_accepts_a_finding_until_it_expires(demo: MemoryProject) -> None:
    locked(demo, waiver('package = "nvidia-*"\nexpires = 9999-12-31'))
    assert run(demo, "check") == Ended(0, f"1 finding waived.\n{ALL}: nothing found.\n")
    data = json.loads(run(demo, "check", "--format", "json").output)
    assert data["findings"] == []
    assert [(each["package"], each["reason"]) for each in data["waived"]] == [
        ("nvidia-nccl", "why")
    ]
    demo.write(pyproject(GROUPS, waiver("expires = 2020-01-31")))
    expired = "nvidia-nccl; the waiver tool.fti.check.waivers[0] expired on 2020-01-31\n"
    assert expired in run(demo, "check").output


@pytest.mark.slow
def test_a_waiver_of_nothing_is_reported(demo: MemoryProject) -> None:
    locked(demo, waiver('package = "mid"'))
    text = "tool.fti.check.waivers[0] waives nothing: no finding of forbid matches it. Remove it."
    assert run(demo, "check").errors == f"Warning: {text}\n"


@pytest.mark.slow
def test_a_waiver_applies_to_its_stages(demo: MemoryProject) -> None:
    locked(demo, waiver('stages = ["inference"]'))
    assert run(demo, "check").output.startswith("1 finding waived.\n")
    demo.write(pyproject(GROUPS, waiver('stages = ["training"]')))
    assert run(demo, "check").code == 3
    demo.write(pyproject(GROUPS, waiver('stages = ["inference", "trainig"]')))
    unknown = 'stages[1]: there is no stage "trainig"; did you mean "training"?'
    assert f"tool.fti.check.waivers[0].{unknown}" in run(demo, "check").errors


@pytest.mark.slow
def test_the_first_matching_waiver_that_has_not_expired_counts(demo: MemoryProject) -> None:
    another = '[[tool.fti.check.waivers]]\ncheck = "forbid"\nreason = "still"\n'
    locked(demo, waiver("expires = 2020-01-31") + another)
    data = json.loads(run(demo, "check", "--format", "json").output)
    assert [each["reason"] for each in data["waived"]] == ["still"]


@pytest.mark.slow
def test_findings_are_printed_as_json(demo: MemoryProject) -> None:
    locked(demo, FORBID)
    assert json.loads(run(demo, "check", "--format", "json").output) == {
        "checks": list(CHECKS),
        "findings": [
            {
                "check": "forbid",
                "level": "error",
                "stage": "inference",
                "package": "nvidia-nccl",
                "message": "nvidia-nccl 2.0 is forbidden in this stage",
                "because": "required by pyproject.toml -> mid -> nvidia-nccl",
                "fix": (
                    "Leave nvidia-nccl out with `exclude` of tool.fti.stages.inference if mid works"
                    " without it"
                ),
                "path": "tool.fti.stages.inference.forbid[0]",
            }
        ],
        "waived": [],
        "unknown": [],
    }


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--only", "forbidden"), 'There is no check "forbidden"; did you mean "forbid"?'),
        (("--explain=",), f'There is no check "" (known: {", ".join(CHECKS)}).'),
        (("--only", "skew", "--skip", "skew"), "The options leave no check to run."),
        (("--skip", "x"), f'There is no check "x" (known: {", ".join(CHECKS)}).'),
        (
            ("--format", "xml"),
            'Unknown report format "xml" (known: text, json, sarif, github, junit).',
        ),
    ],
)
def test_unknown_names_are_errors(
    locked_demo: MemoryProject, words: tuple[str, ...], message: str
) -> None:
    assert run(locked_demo, "check", *words) == Ended(2, "", f"{message}\n")


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=[] if each == "fresh" else [pytest.mark.slow]) for each in CHECKS],
)
def test_every_check_is_explained(demo: MemoryProject, name: str) -> None:
    ended = run(demo, "check", "--explain", name)
    assert ended.code == 0
    assert f'Turn it off with `{name} = "off"` in [tool.fti.check]' in ended.output


def test_wrong_settings_are_problems(demo: MemoryProject) -> None:
    demo.write(
        pyproject(
            GROUPS,
            """\
[tool.fti.check]
forbid = "never"
forbidden = "off"
[[tool.fti.check.waivers]]
package = "a b"
expires = "soon"
[[tool.fti.check.waivers]]
check = "forbid"
reason = "an empty name is not every package"
package = ""
""",
        )
    )
    ended = run(demo, "check")
    assert ended.code == 2
    assert ended.errors.splitlines()[1:] == [
        '  tool.fti.check.forbidden: unknown key; did you mean "forbid"?',
        '  tool.fti.check.forbid: unknown "never" (known: error, warning, off)',
        "  tool.fti.check.waivers[0].check: is missing: the check whose findings are waived",
        "  tool.fti.check.waivers[0].reason: is missing: why the findings are accepted",
        (
            '  tool.fti.check.waivers[0].package: "a b" is not a package name such as "numpy" or'
            ' "nvidia-*"'
        ),
        "  tool.fti.check.waivers[0].expires: must be a date such as 2027-01-31",
        (
            '  tool.fti.check.waivers[1].package: "" is not a package name such as "numpy" or'
            ' "nvidia-*"'
        ),
    ]


def test_the_help_lists_all_checks_in_aligned_columns(demo: MemoryProject) -> None:
    lines = run(demo, "check", "--help").output.splitlines()
    width = max(map(len, CHECKS))
    shown = [line[4 + width :] for line in lines if line[4 : 4 + width].strip() in CHECKS]
    assert len(shown) == len(CHECKS)
    assert all(text.startswith("  ") and not text[2].isspace() for text in shown)
