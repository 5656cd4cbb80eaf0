"""Any file that can be read gives a pyproject.toml with all that was there, or an error."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cases import examples
from imported_files import ROOT, imported
from poetry_fti.errors import ConfigError
from poetry_fti.scaffold.imported_stage import Target, with_imported
from poetry_fti.scaffold.toml_text import parse

pytestmark = pytest.mark.slow

LINES: Final = st.sampled_from(
    [
        *("numpy==1.26.4", "Numpy[x]>=1", "a-b ; python_version < '3.9'", "torch==2.1.0+cu118"),
        *("c @ https://e.org/c.zip", "git+https://e.org/d@v1#egg=d", "./e-1.0-py3-none-any.whl"),
        *(
            "--index-url https://u:p@e.org/simple",
            "--extra-index-url https://f.org/simple",
            "--pre",
        ),
        *("--extra-index-url https://download.pytorch.org/whl/cu118", "h!=1,==2.*", "i===x"),
        *("j[y,z] ~= 1.4.2 ; os_name == '\"' or 'a' in os_name", "k<2 # end"),
    ]
)
PROJECTS: Final = st.sampled_from(
    [
        "",
        "# only a comment",
        '[project]\nname = "x"\n\n[dependency-groups]\ntraining = []\n',
        '[dependency-groups]\ntraining = [\n    "numpy", # one\n    # two\n]\n[tool.ruff]\n',
        'dependency-groups = { training = ["numpy"] }\n',
        '[dependency-groups]\nTraining = ["numpy<3"]\n[tool.fti]\nstages.training.env.A = "1"\n',
        (
            '[tool.poetry.group.training.dependencies]\nnumpy = "*"  # kept\n\n\n'
            '[[tool.poetry.source]]\nname = "e-org"\nurl = "https://other.org"\n'
        ),
        (
            '[tool.poetry]\ngroup.training.dependencies.numpy = "*"\n[tool.fti.stages.training]\n'
            'platforms = ["linux/amd64"] # ours\nconstraints = [\n  "a>1",\n]\n'
        ),
        "[tool]\npoetry = {}\n",
        'text = """\n[dependency-groups]\n"""\r\n[a]\r\nb = 1\r\n',
    ]
)


@settings(max_examples=examples(120))
@given(text=PROJECTS, lines=st.lists(LINES, max_size=6), pinned=st.booleans())
def test_what_was_there_stays_and_what_is_imported_is_there(
    *, text: str, lines: list[str], pinned: bool
) -> None:
    target = Target(name="training", kind=None, python=">=3.11", pinned=pinned)
    stage = imported("requirements.txt", "\n".join(lines))
    try:
        edit = with_imported(text, stage, target, ROOT, "1")
    except ConfigError as error:
        assert "cannot be edited automatically" in str(error)  # noqa: PT017 - not always raised
        return
    after = parse(edit.text)
    assert contains(after, parse(text))
    assert [line for line in text.splitlines() if "#" in line and line not in edit.text] == []
    assert {each.normalized for each in stage.requirements} <= required(after)
    assert "u:p@" not in edit.text
    assert with_imported(edit.text, stage, target, ROOT, "1").text == edit.text


def contains(value: Any, part: Any) -> bool:  # noqa: ANN401 - any TOML value
    if isinstance(part, dict):
        return all(key in value and contains(value[key], each) for key, each in part.items())
    return bool(value[: len(part)] == part if isinstance(part, list) else value == part)


def required(data: dict[str, Any]) -> set[str]:
    groups = data.get("dependency-groups", {})
    texts = [text for name in groups if name.lower() == "training" for text in groups[name]]
    names = {canonicalize_name(Requirement(text).name) for text in texts}
    poetry = data.get("tool", {}).get("poetry", {}).get("group", {}).get("training", {})
    return names | set(map(canonicalize_name, poetry.get("dependencies", {})))
