"""The tables of Hatch's environments with what they inherit, those of matrices included."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers.hatch.overrides import overridden
from poetry_fti.importers.shared.documents import string, strings, table, tables
from poetry_fti.importers.shared.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEFAULT: Final = "default"
_MOST: Final = 200


def environments(envs: Mapping[str, Any], system: str) -> dict[str, Mapping[str, Any]]:
    """Return the tables of environments on an operating system by their names.

    An environment with a matrix has one more table for each combination, such as `test.py3.12`.
    Raises FtiError for a circular template, and for a matrix of more than 200 combinations.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for name in envs:
        env = _inherited(name, envs, ())
        env = overridden(env, table(env, "overrides", "platform", system), system, system)
        found[name] = env
        combinations = list(islice(_combinations(table(envs, name), env, system), _MOST + 1))
        if len(combinations) > _MOST:
            raise FtiError(
                f"The matrix of the environment {quoted(name)} of Hatch has more than {_MOST}"
                " combinations. Shorten it, and run the command again."
            )
        found |= {f"{name}.{suffix}": each for suffix, each in combinations}
    return found


def pythons_of(env: Mapping[str, Any]) -> list[str]:
    """Return the versions of Python of an environment, several for one with a matrix of them."""
    of_matrix = [
        version
        for each in tables(env.get("matrix"))
        for key in ("python", "py")
        for version in strings(each.get(key))
    ]
    return of_matrix or list(filter(None, [string(env.get("python"))]))


def _inherited(name: str, envs: Mapping[str, Any], including: tuple[str, ...]) -> dict[str, Any]:
    """Return the table of an environment with the keys that only its template has."""
    if name in including:
        raise FtiError(f"The environment {quoted(name)} of Hatch is its own template.")
    env = dict(table(envs, name))
    if env.pop("detached", None) is True:
        return {**env, "skip-install": True}
    template = string(env.get("template")) or _DEFAULT
    if template == name or template not in envs:
        return env
    other = _inherited(template, envs, (*including, name))
    other.pop("matrix", None)
    return {**other, **env}


def _combinations(
    own: Mapping[str, Any], env: Mapping[str, Any], system: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the suffix of the name and the table for each combination of a matrix's values."""
    overrides = table(env, "overrides", "matrix")
    for each in tables(own.get("matrix")):
        python = next((key for key in ("python", "py") if key in each), "")
        variables = [*filter(None, (python,)), *(key for key in each if key != python)]
        for values in product(*(list(strings(each[key])) for key in variables)):
            chosen = dict(zip(variables, values, strict=True))
            found = {key: value for key, value in env.items() if key != "matrix"}
            if python:
                found["python"] = chosen[python].removeprefix("py")
            for key, value in chosen.items():
                found = overridden(found, table(overrides, key), value, system)
            yield "-".join(_named(key, chosen[key], python) for key in variables), found


def _named(variable: str, value: str, python: str) -> str:
    return f"py{value}" if variable == python and not value.startswith("py") else value
