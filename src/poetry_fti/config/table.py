"""A table of a TOML file with typed getters that collect problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from poetry_fti.config.messages import dotted, listed, toml_type
from poetry_fti.model.problem import Problem
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_T = TypeVar("_T", bound=str)


class Table:
    """A table of a TOML file, at a dotted path.

    A getter returns the value of a key. Where that is missing, the getter returns a default; where
    it has the wrong type, the getter also adds a problem to the list that all tables share.
    """

    def __init__(
        self,
        mapping: Mapping[str, Any],
        path: str,
        problems: list[Problem],
        *,
        keys: Collection[str] | None = None,
    ) -> None:
        """Add a problem for each key of `mapping` that is not in `keys`, unless that is None."""
        self._mapping = mapping
        self._path = path
        self._problems = problems
        for key in mapping if keys is not None else ():
            if key not in (keys or ()):
                self.wrong(key, f"unknown key{suggestion(key, keys or ())}")

    def __contains__(self, key: str) -> bool:
        return key in self._mapping

    def path(self, key: str | None, *, index: int | None = None) -> str:
        """Return the dotted path of a key, of an item of its array, or without a key the own."""
        path = self._path if key is None else f"{self._path}.{dotted(key)}"
        return path if index is None else f"{path}[{index}]"

    def wrong(self, key: str | None, message: str, *, index: int | None = None) -> None:
        """Add a problem at a key, at an item of its array, or (without a key) at the table."""
        self._problems.append(Problem(self.path(key, index=index), message))

    def child(
        self,
        mapping: Mapping[str, Any],
        *path: str,
        keys: Collection[str],
    ) -> Table:
        """Return `mapping` as a table at a path below this one, with the same list of problems."""
        return Table(
            mapping,
            f"{self._path}.{dotted(*path)}",
            self._problems,
            keys=keys,
        )

    def string(self, key: str) -> str | None:
        """Return a string; None for a missing key or a wrong type."""
        value = self._mapping.get(key)
        problem = "" if value is None else _not_a_string(value)
        if problem:
            self.wrong(key, problem)
        return None if problem else value

    def date(self, key: str) -> date | None:
        """Return a date, which may be a string (ISO 8601); None for a missing or invalid one."""
        value = self._mapping.get(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.wrong(key, "must be a date such as 2027-01-31")
        return None

    def boolean(self, key: str) -> bool | None:
        """Return a boolean; None for a missing key or a wrong type."""
        value = self._mapping.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(key, f"must be true or false, not {toml_type(value)}")
        return None

    def integer(self, key: str) -> int | None:
        """Return an integer; None for a missing key or a wrong type."""
        value = self._mapping.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.wrong(key, f"must be an integer, not {toml_type(value)}")
        return None

    def number(self, key: str) -> float | None:
        """Return an integer or a float; None for a missing key or a wrong type."""
        value = self._mapping.get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        self.wrong(key, f"must be a number, not {toml_type(value)}")
        return None

    def word(self, key: str) -> str | None:
        """Return a string or an integer as a string; None for a missing key or a wrong type."""
        value = self._mapping.get(key)
        if value is None or _is_word(value):
            return None if value is None else str(value)
        self.wrong(key, f"must be a string or an integer, not {toml_type(value)}")
        return None

    def words(self, key: str) -> tuple[str, ...]:
        """Return an array of strings and integers as strings; empty if an item has a wrong type."""
        value = self._mapping.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, f"must be an array of strings and integers, not {toml_type(value)}")
            return ()
        wrong = [index for index, item in enumerate(value) if not _is_word(item)]
        for index in wrong:
            message = f"must be a string or an integer, not {toml_type(value[index])}"
            self.wrong(key, message, index=index)
        return () if wrong else tuple(map(str, value))

    def match(self, key: str, pattern: str, message: str) -> re.Match[str] | None:
        """Return the match of a string with a pattern; None without a string or a match.

        The problem of a string that does not match is the quoted string, followed by `message`.
        """
        text = self.string(key)
        if text is None:
            return None
        found = re.fullmatch(pattern, text)
        if found is None:
            self.wrong(key, f'"{text}" {message}')
        return found

    def strings(self, key: str) -> tuple[str, ...] | None:
        """Return the strings of an array, without items of a wrong type; None for a missing key."""
        value = self._mapping.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.wrong(key, f"must be an array of strings, not {toml_type(value)}")
            return ()
        for index, item in enumerate(value):
            if problem := _not_a_string(item):
                self.wrong(key, problem, index=index)
        return tuple(item for item in value if not _not_a_string(item))

    def distinct(self, key: str, normalize: Callable[[str], str] = str) -> tuple[str, ...] | None:
        """Return what `strings` does; strings that are equal when normalized are a problem."""
        values = self.strings(key)
        seen = [normalize(value) for value in values or ()]
        is_whole = list(values or ()) == self._mapping.get(key)
        for index, value in enumerate(values or () if is_whole else ()):
            if seen[index] in seen[:index]:
                self.wrong(key, f'"{value}" is listed twice', index=index)
        return values

    def whole_strings(self, key: str) -> tuple[str, ...]:
        """Return an array of strings; empty if any item has a wrong type (each keeps its index)."""
        values = self.strings(key) or ()
        return values if list(values) == self._mapping.get(key) else ()

    def choice(self, key: str, known: Collection[_T]) -> _T | None:
        """Return a string that is one of the known words; None for any other or a missing one."""
        value = self.string(key)
        for word in known:
            if word == value:
                return word
        if value is not None:
            self.wrong(key, f'unknown "{value}"{suggestion(value, known)}{listed(known)}')
        return None

    def choices(
        self, key: str, known: Collection[str], aliases: Mapping[str, str] | None = None
    ) -> tuple[str, ...] | None:
        """Return the known words of an array, each once; None for a missing key.

        `aliases` are other spellings of known words, only used for the suggestion.
        """
        values = self.strings(key)
        if values is None or list(values) != self._mapping[key]:
            return values  # problems have been added
        for index, value in enumerate(values):
            if value in values[:index]:
                self.wrong(key, f'"{value}" is listed twice', index=index)
            elif value not in known:
                meant = (aliases or {}).get(value)
                hint = f'; did you mean "{meant}"?' if meant else suggestion(value, known)
                self.wrong(key, f'unknown "{value}"{hint}{listed(known)}', index=index)
        return tuple(dict.fromkeys(value for value in values if value in known))

    def is_empty(self, key: str) -> bool:
        """Return whether the value is an empty array."""
        return bool(self._mapping.get(key) == [])

    def not_empty(self, key: str, meaning: str) -> None:
        """Add a problem for an empty array; `meaning` is the effect of leaving the key out."""
        if self.is_empty(key):
            self.wrong(key, f"is empty; leave it out for {meaning}")

    def require_program(self, key: str, words: Sequence[str]) -> None:
        """Add a problem if the first word of a command is blank."""
        if words and not words[0].strip():
            self.wrong(key, "is empty; it must name a program", index=0)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return the pairs of key and string in a table, sorted, without values of a wrong type."""
        value = self.table(key)
        for name, item in value.items():
            if problem := _not_a_string(item):
                path = f"{self._path}.{dotted(key, name)}"
                self._problems.append(Problem(path, problem))
        return tuple(sorted((k, v) for k, v in value.items() if not _not_a_string(v)))

    def tables(self, key: str, keys: Collection[str]) -> tuple[Table, ...]:
        """Return an array of tables with these keys; empty if an item is not a table."""
        value = self._mapping.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, f"must be an array of tables, not {toml_type(value)}")
            return ()
        wrong = [index for index, item in enumerate(value) if not isinstance(item, Mapping)]
        for index in wrong:
            self.wrong(key, f"must be a table, not {toml_type(value[index])}", index=index)
        path = f"{self._path}.{dotted(key)}"
        return tuple(
            Table(item, f"{path}[{index}]", self._problems, keys=keys)
            for index, item in enumerate(value if not wrong else ())
        )

    def is_table(self, key: str) -> bool:
        """Return whether the value is a table, even an empty one."""
        return isinstance(self._mapping.get(key), Mapping)

    def table(self, key: str) -> Mapping[str, Any]:
        """Return a table; an empty one for a missing key or a wrong type."""
        value = self._mapping.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.wrong(key, f"must be a table, not {toml_type(value)}")
        return {}


def _not_a_string(value: object) -> str:
    """Return why a value is not a string that a process can be given; empty if it is one."""
    if not isinstance(value, str):
        return f"must be a string, not {toml_type(value)}"
    return "contains a null character" if "\0" in value else ""


def _is_word(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
