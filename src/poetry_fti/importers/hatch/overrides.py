"""Overrides of Hatch's environments: options that replace or extend others under a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.importers.shared.documents import array, string, strings, table

if TYPE_CHECKING:
    from collections.abc import Mapping


def overridden(
    env: Mapping[str, Any], options: Mapping[str, Any], value: str, system: str
) -> dict[str, Any]:
    """Return an environment with the options of an override that applies.

    `value` is what its condition compares, and `system` the operating system. Entries that depend
    on environment variables do not apply.
    """
    found = dict(env)
    for key, given in options.items():
        name = key.removeprefix("set-")
        entries = [each for each in array(given) or [given] if _applies(each, value, system)]
        values = [table(each).get("value", each) for each in entries]
        old = {} if key != name else found
        if name == "env-vars":
            found[name] = {**table(old, name), **dict(_pair(each, value) for each in entries)}
        elif isinstance(given, list) and isinstance(old.get(name, []), list):
            found[name] = [*array(old.get(name)), *values]
        elif values:
            found[name] = values[0]
    return found


def depends_on_variables(env: Mapping[str, Any]) -> bool:
    """Return whether an override of an environment depends on environment variables."""
    overrides = table(env, "overrides")
    return bool(table(overrides, "env")) or any(
        "env" in table(each)
        for source in overrides.values()
        for options in table(source).values()
        for given in table(options).values()
        for each in array(given) or [given]
    )


def _applies(entry: object, value: str, system: str) -> bool:
    condition = table(entry)
    if "if" in condition and value not in strings(condition["if"]):
        return False
    if "platform" in condition and system not in strings(condition["platform"]):
        return False
    return "env" not in condition


def _pair(entry: object, value: str) -> tuple[str, str]:
    """Return an environment variable of an override, `NAME=VALUE` or a table with both."""
    name, equals, given = string(entry).partition("=")
    if isinstance(entry, dict):
        return string(entry.get("key")), string(entry.get("value", value))
    return name, given if equals else value
