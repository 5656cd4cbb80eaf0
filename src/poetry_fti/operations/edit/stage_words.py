"""Which of a command's words are stages, and which are packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.errors import ConfigError
from poetry_fti.wording import in_quotes, joined

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


def stages_and_packages(
    command: str,
    words: Sequence[str],
    known: Sequence[str],
    *,
    chosen: Sequence[str] = (),
    every: bool = False,
) -> tuple[list[str], list[str]]:
    """Return the stages and the packages that the words of `add` or `remove` name.

    `chosen` are the values of `--stage`, `every` is the option `--all`; without them the first word
    names the stages, separated by commas. `known` are all stages; a name that none of them has is
    returned like the others. Raises ConfigError if stages or packages are missing, and for a
    package that has the name of a stage.
    """
    if chosen and every:
        raise ConfigError("`--all` selects every stage. Omit it, or omit `--stage`.")
    given = split_names(chosen) or (list(known) if every else [])
    stages, packages = (given, list(words)) if given else (split_names(words[:1]), list(words[1:]))
    if not packages:
        raise ConfigError(_incomplete(command, stages, known))
    _refuse_stages(command, stages, packages, known)
    return stages, packages


def leading_stages(
    command: str, words: Sequence[str], known: Collection[str]
) -> tuple[list[str], list[str]]:
    """Return the stages that the first words of `update` name, and the packages after them.

    A word names stages if it is the name of one, or several names separated by commas. Raises
    ConfigError for a word of commas only, and for a stage that comes after a package.
    """
    packages, stages = list(words), list[str]()
    while packages and ("," in packages[0] or packages[0] in known):
        stages += chosen_stages([packages.pop(0)], known)
    _refuse_stages(command, stages, packages, known)
    return stages, packages


def chosen_stages(values: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the stages that values name; raises ConfigError if they are empty.

    No names would stand for all stages.
    """
    if not (names := split_names(values)):
        given = " ".join(map(in_quotes, values))
        raise ConfigError(f"{given} names no stage (stages: {', '.join(known)})")
    return names


def split_names(values: Iterable[str]) -> list[str]:
    """Return names of which each value may contain several, separated by commas."""
    names = (name for value in values for name in value.split(","))
    return list(dict.fromkeys(filter(None, names)))


def _refuse_stages(
    command: str, stages: Sequence[str], packages: Sequence[str], known: Collection[str]
) -> None:
    found = [each for each in packages if each in known]
    if found:
        others = [each for each in packages if each not in known] or ["PACKAGE"]
        named = ",".join(dict.fromkeys([*stages, *found]))
        raise ConfigError(
            f'"{found[0]}" is a stage, not a package. Name stages before packages:'
            f" `poetry fti {command} {named} {' '.join(others)}`."
        )


def _incomplete(command: str, stages: Sequence[str], known: Sequence[str]) -> str:
    unknown = [name for name in stages if name not in known]
    if stages and not unknown:
        what, words = "package", f"{','.join(stages)} PACKAGE"
    else:
        what, words = "stage", f"STAGE {' '.join(unknown) or 'PACKAGE'}"
    listed = f" The project has the stages {joined(known)}." if what == "stage" else ""
    listed = f" The only stage is {known[0]}." if listed and len(known) == 1 else listed
    return f"No {what} is named. Run `poetry fti {command} {words}`.{listed}"
