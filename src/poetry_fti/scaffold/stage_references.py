"""The keys of `[tool.fti]` that refer to a stage outside of its own table."""

from __future__ import annotations

import re
from functools import partial, reduce
from typing import Any, Final

from poetry_fti.scaffold.toml_text import parse, require_edited

# A rule compares at least two stages.
_FEWEST_IN_RULE: Final = 2


def rename_references(data: Any, *, old: str, new: str) -> None:  # noqa: ANN401 - tomlkit's types
    """Replace the name of a stage in rules, waivers and the pipeline.

    `data` is a parsed pyproject.toml or tomlkit's document, and is changed in place.
    """
    fti = _fti(data)
    tables = [*fti.get("align", []), *fti.get("check", {}).get("waivers", [])]
    lists = [table.get("stages", []) for table in tables]
    for names in [*lists, fti.get("pipeline", {}).get("order", [])]:
        for index, name in enumerate(names):
            if name == old:
                names[index] = new


def with_sources_renamed(text: str, *, old: str, new: str) -> str:
    """Return the text of a pyproject.toml whose `image.copy` tables name a stage's new folder.

    The keys of these tables are the paths of files that images copy. Raises ConfigError if the text
    cannot be edited.
    """
    folder = str(_fti(parse(text)).get("directory", "fti")).rstrip("/")
    before, after = f"{folder}/{old}", f"{folder}/{new}"
    # A path is a key in quotes; tomlkit cannot rename a key and keep the format of the table.
    path = re.compile(rf"""(["']){re.escape(before)}(?=(?:/[^"']*)?\1\s*=)""")
    renamed = path.sub(lambda found: f"{found[1]}{after}", text)
    change = f'Replace "{before}" by "{after}" in the tables image.copy of tool.fti.'
    return require_edited(text, partial(_rename_sources, old=before, new=after), renamed, change)


def _rename_sources(data: Any, *, old: str, new: str) -> None:  # noqa: ANN401 - tomlkit's types
    fti = _fti(data)
    for owner in (fti, *fti.get("stages", {}).values()):
        copied = owner.get("image", {}).get("copy", {})
        for source in [each for each in copied if f"{each}/".startswith(f"{old}/")]:
            copied[f"{new}{source.removeprefix(old)}"] = copied.pop(source)


def drop_references(data: Any, *, name: str, left: int) -> None:  # noqa: ANN401 - tomlkit's types
    """Remove the name of a stage from rules, waivers and the pipeline.

    `left` is how many stages remain. A rule that is left with a single stage is removed, and so is
    a waiver that is left with none, which would otherwise be one for all stages.
    """
    fti = _fti(data)
    _drop_in_tables(fti, "align", name, everyone=left, fewest=_FEWEST_IN_RULE)
    _drop_in_tables(fti.get("check", {}), "waivers", name, everyone=left, fewest=1)
    pipeline = fti.get("pipeline", {})
    order = pipeline.get("order", [])
    if name in order:
        order.remove(name)
    if not order and "order" in pipeline:
        del pipeline["order"]
    # A table has no header of its own if only tables below it had one.
    for path in (("tool", "fti", "check"), ("tool", "fti"), ("tool",)):
        *parents, key = path
        parent = reduce(lambda table, each: table.get(each, {}), parents, data)
        if key in parent and not parent[key]:
            del parent[key]


def _drop_in_tables(parent: Any, key: str, name: str, *, everyone: int, fewest: int) -> None:  # noqa: ANN401 - tomlkit's types
    """Remove a stage from an array of tables; one without `stages` is about all stages."""
    tables = parent.get(key, [])
    for index in reversed(range(len(tables))):
        stages = tables[index].get("stages")
        if stages is not None and name in stages:
            stages.remove(name)
        if (everyone if stages is None else len(stages)) < fewest:
            del tables[index]
    if not tables and key in parent:
        del parent[key]


def _fti(data: Any) -> Any:  # noqa: ANN401 - tomlkit's types
    return data.get("tool", {}).get("fti", {})
