"""Adding to a TOML file: where it reads best, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetry_fti.errors import ConfigError
from poetry_fti.scaffold.toml_text import add_keys, append_table, copy_key, parse, replace_item

SCATTERED = """\
[tool.poetry]  # Poetry's
package-mode = false
[tool.fti.stages.b]
groups = ['dev']   # quoted so

# What belongs to the project.
[project]
name = "demo"
[dependency-groups]
dev = [
  "pytest",  # tests
]
# the end of the groups

[tool.ruff]
line-length = 100
"""


def test_keys_go_to_the_end_of_their_table_and_tables_behind_their_kin() -> None:
    text = add_keys(SCATTERED, ("dependency-groups",), {"new": ["a>=1", 'b; extra == "x"']})
    text = add_keys(
        text, ("tool", "fti", "stages", "new"), {"kind": "training", "image": {"apt": []}}
    )
    text = append_table(text, ("tool", "poetry", "source"), {"name": "s", "url": "https://u"})
    text = add_keys(
        text, ("tool", "poetry", "group", "new", "dependencies"), {"a": {"source": "s"}}
    )
    assert (
        text
        == """\
[tool.poetry]  # Poetry's
package-mode = false

[[tool.poetry.source]]
name = "s"
url = "https://u"

[tool.poetry.group.new.dependencies]
a = { source = "s" }

[tool.fti.stages.b]
groups = ['dev']   # quoted so

[tool.fti.stages.new]
kind = "training"

[tool.fti.stages.new.image]
apt = []

# What belongs to the project.
[project]
name = "demo"
[dependency-groups]
dev = [
  "pytest",  # tests
]
# the end of the groups
new = [
    "a>=1",
    "b; extra == \\"x\\"",
]

[tool.ruff]
line-length = 100
"""
    )


def test_a_table_is_copied_with_its_comments_and_the_tables_below_it() -> None:
    text = """\
[s.old] # why
# for later: b = 2
a = 1 # one
[s.old.below]
c = 'C'
[s.other]
"""
    assert (
        copy_key(text, ("s", "old"), "new")
        == """\
[s.old] # why
# for later: b = 2
a = 1 # one
[s.old.below]
c = 'C'

[s.new] # why
# for later: b = 2
a = 1 # one

[s.new.below]
c = 'C'

[s.other]
"""
    )


def test_a_key_is_copied_with_its_comments() -> None:
    text = "[groups]\nold = [\n  'a', # first\n]  # all\n[x]\n"
    copied = copy_key(text, ("groups", "old"), "new")
    assert copied == (
        "[groups]\nold = [\n  'a', # first\n]  # all\nnew = [\n  'a', # first\n]  # all\n[x]\n"
    )
    assert replace_item(copied, ("groups", "new"), 0, "b").count("'a', # first") == 1


def test_a_table_of_dotted_keys_gets_another_one() -> None:
    text = "[s]\na.b = 1\nc = {}\n[x]\n"
    assert add_keys(text, ("s", "a"), {"d": 2}) == "[s]\na.b = 1\nc = {}\na.d = 2\n[x]\n"


def test_lines_end_as_they_did() -> None:
    text = add_keys("[a]\r\nb = 1\r\n\r\n[c]\r\n", ("a",), {"d": True})
    assert text == "[a]\r\nb = 1\r\nd = true\r\n\r\n[c]\r\n"


def test_what_only_looks_like_a_table_is_none() -> None:
    text = '[a]\nb = """\n[tool.fti]\n"""\n'
    assert add_keys(text, ("tool", "fti"), {"isolated": True}) == (
        '[a]\nb = """\n[tool.fti]\n"""\n\n[tool.fti]\nisolated = true\n'
    )


@pytest.mark.parametrize("text", ["tool = { fti = {} }\n", "[tool]\nfti = { directory = 'x' }\n"])
def test_a_table_without_room_is_an_error_that_says_what_to_add(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        add_keys(text, ("tool", "fti"), {"isolated": True})
    assert str(error.value) == (
        "pyproject.toml cannot be edited automatically. Add this yourself:\n\n"
        "[tool.fti]\nisolated = true"
    )


LINES = (
    *("[tool.fti]", "[tool.fti.stages.a]", "[tool.poetry]", "[[tool.poetry.source]]"),
    *("[dependency-groups]", "[project]", "# comment", "", "key = [\n  ['x'],\n  [1]\n]"),
    *("text = '''\n[tool.fti]\n'''", "tool.fti.x = 1", "stages = { b = {} }"),
)


@given(st.lists(st.sampled_from(LINES), max_size=9))
def test_every_file_is_added_to_or_refused(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    try:
        parse(text)
    except ConfigError:
        return
    for path in (("dependency-groups",), ("tool", "fti"), ("tool", "fti", "stages", "c")):
        try:
            after = add_keys(text, path, {"new": ["a"]})
        except ConfigError:
            continue
        kept = iter(after.split("\n"))
        assert all(line in kept for line in text.rstrip().split("\n") if line)
        table = parse(after)
        for key in path[:-1]:
            table = table[key]
        assert table[path[-1]]["new"] == ["a"]
