"""The options on a line of a requirements file."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cache
from optparse import OptionParser
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "index": ("-i", "--index-url", "--pypi-url"),
    "extra_indexes": ("--extra-index-url",),
    "constraints": ("-c", "--constraint"),
    "requirements": ("-r", "--requirement"),
    "editables": ("-e", "--editable"),
    "find_links": ("-f", "--find-links"),
    "no_binary": ("--no-binary",),
    "only_binary": ("--only-binary",),
    "all_releases": ("--all-releases",),
    "only_final": ("--only-final",),
    "trusted_hosts": ("--trusted-host",),
    "features": ("--use-feature",),
    "hashes": ("--hash",),
    "settings": ("-C", "--config-setting", "--config-settings"),
    # Older versions of pip accepted these.
    "build_options": ("--global-option", "--install-option"),
}
_FLAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "no_index": ("--no-index",),
    "prefer_binary": ("--prefer-binary",),
    "require_hashes": ("--require-hashes",),
    "no_require_hashes": ("--no-require-hashes",),
    "pre": ("--pre",),
}


class _Parser(OptionParser):
    def error(self, msg: str) -> NoReturn:
        raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A requirement, which may be empty, and the values of each option on its line."""

    requirement: str
    options: Mapping[str, list[str]]


def parsed_line(text: str) -> ParsedLine:
    """Return the requirement and the options of a logical line.

    Flags have the value of an empty string. Raises ValueError for an unknown option, or one without
    its value.
    """
    words = text.split(" ")
    count = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    # Markers have quotes of their own, so that only the options are split as in a shell.
    given = shlex.split(" ".join(words[count:]))
    values: Any
    values, _ = _parser().parse_args(given)
    found = {name: value for name, value in vars(values).items() if value is not None}
    return ParsedLine(" ".join(words[:count]), found)


@cache
def _parser() -> _Parser:
    parser = _Parser(usage="", add_help_option=False)
    for name, spellings in _VALUES.items():
        parser.add_option(*spellings, action="append", dest=name)
    for name, spellings in _FLAGS.items():
        parser.add_option(*spellings, action="append_const", const="", dest=name)
    return parser
