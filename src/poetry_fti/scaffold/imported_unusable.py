"""Parts of an imported environment that are not written to pyproject.toml."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.scaffold.toml_text import parse, table_at
from poetry_fti.urls import has_login, secret_parameter

if TYPE_CHECKING:
    from poetry_fti.model.imported import ImportedStage

_INDEX: Final = re.compile(
    r"(?:PIP|UV)_(?:(?:DEFAULT_|EXTRA_)?INDEX(?:_URL)?|FIND_LINKS)", re.IGNORECASE
)
_EXTRAS: Final = (("project", "optional-dependencies"), ("tool", "poetry", "extras"))


def without_unusable(imported: ImportedStage, text: str) -> tuple[ImportedStage, list[str]]:
    """Return an environment without extras that a project lacks, and without some variables.

    These are variables that set package indexes, and those whose values contain logins. `text` is
    that of the project's pyproject.toml. Also returns sentences about what was left out.
    """
    data = parse(text)
    known = {canonicalize_name(name) for path in _EXTRAS for name in table_at(data, path)}
    unknown = [each for each in imported.extras if canonicalize_name(each) not in known]
    indexes = [name for name, _ in imported.env if _INDEX.fullmatch(name)]
    secret = [
        name
        for name, value in imported.env
        if name not in indexes and (has_login(value) or secret_parameter(value))
    ]
    notes = [
        f"The project has no extra {each}, which was left out. Declare it in"
        " `project.optional-dependencies`, then import the file again."
        for each in unknown
    ]
    notes += [
        f"{name} sets a package index, and was left out. Add the index with `poetry source add`."
        for name in indexes
    ]
    notes += [
        f"The value of {name} contains a login, and was left out. Set the variable where the stage"
        " runs."
        for name in secret
    ]
    found = replace(
        imported,
        extras=tuple(each for each in imported.extras if each not in unknown),
        env=tuple((name, value) for name, value in imported.env if name not in {*indexes, *secret}),
    )
    return found, notes
