"""What an environment of Hatch has that a stage cannot express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.importers.hatch.context import formatted
from poetry_fti.importers.hatch.overrides import depends_on_variables
from poetry_fti.importers.shared.documents import array, string, strings, table, tables
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.importers.projects.declared import Reader


def environment_notes(
    on_systems: Sequence[Mapping[str, Any]], reader: Reader, key: str
) -> Iterator[str]:
    """Yield a sentence for each option without a counterpart.

    `on_systems` are the environment on each operating system, and `key` is its key in the file.
    """
    env = on_systems[0]
    where = f"{reader.files.shown(reader.path)}, {in_one_line(key)}"
    texts = dict.fromkeys(
        text
        for each in on_systems
        for option in ("dependencies", "extra-dependencies")
        for text in strings(each.get(option))
    )
    unknown = [quoted(text) for text in texts if formatted(text, reader.path.parent) is None]
    if unknown:
        yield f"{where}: {joined(unknown)} {_were(unknown)} left out. Replace the fields in braces."
    if depends_on_variables(env):
        yield f"{where}: overrides that depend on environment variables were left out."
    if len({string(each.get("python")) for each in on_systems}) > 1:
        yield f"{where}: the versions of Python for single platforms were left out."
    names = [table(each, "env-vars") for each in on_systems]
    differing = {
        name
        for each in names
        for name in each
        if any(other.get(name) != each[name] for other in names)
    } | {name for each in names for name, value in each.items() if "{" in str(value)}
    if differing:
        shown = sorted(map(in_one_line, differing))
        yield (
            f"{where}: the environment variables {joined(shown)}, whose values contain fields or"
            " differ between platforms, were left out."
        )
    variables = {name for each in tables(env.get("matrix")) for name in each}
    if others := sorted(map(in_one_line, variables - {"py", "python"})):
        yield (
            f"{where}: the values of {joined(others)} in the matrix were left out. Name one of its"
            " environments, such as `test.py3.12-value`."
        )
    if platforms := list(strings(env.get("platforms"))):
        yield (
            f"{where}: the limit to {joined(map(in_one_line, platforms))} was left out. Set the key"
            " `platforms` of the stage."
        )
    for option in ("pre-install-commands", "post-install-commands"):
        if any(array(each.get(option)) for each in on_systems):
            yield f"{where}: {option} were left out."
    if table(env, "workspace"):
        yield f"{where}: members of the workspace were left out. Add them with `poetry fti add`."


def _were(items: Sequence[str]) -> str:
    return "was" if len(items) == 1 else "were"
