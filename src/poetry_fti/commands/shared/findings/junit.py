"""Findings as a JUnit report, which CI systems show as test results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from poetry_fti.commands.shared.findings import lines_of
from poetry_fti.wording import counted, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.checks import Finding
    from poetry_fti.commands.shared.findings import Found

_PROJECT: Final = "project"
_NOT_IN_XML: Final = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


def render(found: Found) -> str:
    """Return a report with a test suite for each check and a test case for each stage in it.

    What makes the command fail is a failure; other warnings are output of a test case that passes.
    """
    root = Element("testsuites", name=found.command)
    for check in found.checks:
        suite = SubElement(root, "testsuite", name=check)
        for case in _cases(check, found):
            suite.append(case)
        count = {
            "tests": len(suite),
            "failures": len(suite.findall("*/failure")),
            "errors": 0,
            "skipped": len(suite.findall("*/skipped")),
        }
        suite.attrib.update({key: str(value) for key, value in count.items()})
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _cases(check: str, found: Found) -> Iterator[Element]:
    findings = [each for each in found.findings if each.check == check]
    waived = [each for each in found.waived if each.finding.check == check]
    # A finding on two stages may be below one that was not named.
    found_on = {each.stage for each in (*findings, *(w.finding for w in waived))}
    others = sorted(name for name in found_on if name is not None and name not in found.stages)
    for stage in (*([None] if None in found_on else []), *found.stages, *others):
        case = Element("testcase", classname=f"fti.{check}", name=stage or _PROJECT)
        own = [each for each in findings if each.stage == stage]
        failures = [each for each in own if each.level == "error" or found.strict]
        reasons = sorted({each.waiver.reason for each in waived if each.finding.stage == stage})
        if failures:
            _add_failure(case, failures)
        elif reasons:
            SubElement(case, "skipped", message=_harmless(f"waived: {'; '.join(reasons)}"))
        if rest := [each for each in own if each not in failures]:
            SubElement(case, "system-out").text = _text(rest)
        yield case


def _add_failure(case: Element, failures: Sequence[Finding]) -> None:
    first = failures[0].message
    message = first if len(failures) == 1 else f"{counted(len(failures), 'finding')}: {first}, …"
    kind = "error" if any(each.level == "error" for each in failures) else "warning"
    SubElement(case, "failure", type=kind, message=_harmless(message)).text = _text(failures)


def _text(findings: Sequence[Finding]) -> str:
    return "\n\n".join(
        _harmless("\n".join((f"{each.level}: {lines_of(each)[0]}", *lines_of(each)[1:])))
        for each in findings
    )


def _harmless(text: str) -> str:
    """Return a text without characters that XML does not allow."""
    return harmless(text).translate(_NOT_IN_XML)
