"""Findings as SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import json
import re
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from poetry_fti.commands.shared.findings import subject
from poetry_fti.wording import harmless

if TYPE_CHECKING:
    from poetry_fti.checks import Finding
    from poetry_fti.commands.shared.findings import Described, Found

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0-rtm.5.json"
# A version or another number; not the end of a name such as `training2`.
_NUMBER: Final = re.compile(r"(?<![\w-])\d[\w.+!]*")


def render(found: Found) -> str:
    """Return a SARIF log with one run; waived findings are suppressed results."""
    everything = [(each, "") for each in found.findings]
    everything += [(each.finding, each.waiver.reason) for each in found.waived]
    seen: Counter[str] = Counter()
    run = {
        "tool": {
            "driver": {
                "name": "poetry-fti",
                "version": found.version,
                "rules": [_rule(name, check) for name, check in found.checks.items()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, reason, found, seen) for finding, reason in everything],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(name: str, check: Described) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": f"{check.summary[:1].upper()}{check.summary[1:]}."},
        "help": {"text": check.explanation},
    }


def _result(finding: Finding, reason: str, found: Found, seen: Counter[str]) -> dict[str, Any]:
    position = found.locations.find(finding.path)
    place = {
        "artifactLocation": {"uri": quote(found.locations.file), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": position.line, "startColumn": position.column},
    }
    result = {
        "ruleId": finding.check,
        "ruleIndex": list(found.checks).index(finding.check),
        "level": finding.level,
        "message": {"text": _text(finding)},
        "locations": [{"physicalLocation": place}],
        # GitHub reads only this name. It would compute a value from the line, on which several
        # findings may be.
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding, seen)},
    }
    if reason:
        result["suppressions"] = [{"kind": "external", "justification": harmless(reason)}]
    return result


def _text(finding: Finding) -> str:
    because = f" ({finding.because})" if finding.because else ""
    return harmless(f"{subject(finding)}{because}. {finding.fix}.")


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """Return what identifies a finding while lines are moved and versions change."""
    parts = (finding.check, finding.stage, finding.package, _NUMBER.sub("", finding.message))
    digest = sha256(json.dumps(parts).encode()).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
