"""Versions grouped by package."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.agreement.versions import group_versions


def test_versions_are_distinct_and_ascending() -> None:
    pairs = [("numpy", "2.10"), ("six", "1.17"), ("numpy", "2.9"), ("numpy", "2.10.0")]
    found = group_versions((canonicalize_name(name), Version(text)) for name, text in pairs)
    assert {name: [str(v) for v in versions] for name, versions in found.items()} == {
        "numpy": ["2.9", "2.10"],
        "six": ["1.17"],
    }
