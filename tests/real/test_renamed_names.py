"""A Poetry that has renamed private names that are relied on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import pytest

import forks
import renamed_notices
from changed_poetry import changed_poetries
from harness import Result, snapshot
from loopback.clients import isolated_environment
from poetry_fti.bridge.internals.listing import PRIVATE_NAMES
from pythons import activated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from changed_poetry import ChangedPoetries, ChangedPoetry
    from loopback.index import LoopbackIndex
    from poetry_fti.bridge.internals.private_name import PrivateName

pytestmark = [
    pytest.mark.newest_only,  # the names of older versions are known
    pytest.mark.skipif(not forks.AVAILABLE, reason="the server needs Linux"),
]

POETRY: Final = version("poetry")
PROJECT: Final = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.10,<3.14"
dependencies = ["Dotted.Name_Pkg"]

[dependency-groups]
feature = ["alpha"]
training = ["torchish", "boosting[plot]", "wintool; sys_platform == 'win32'"]
inference = ["boosting", "webby[standard]", "wintool; sys_platform == 'win32'", "helper"]

[tool.poetry]
package-mode = false

[tool.poetry.group.inference.dependencies]
helper = { path = "helper" }

[tool.fti.stages.feature]
[tool.fti.stages.training]
[tool.fti.stages.inference]
platforms = ["linux/amd64", "macos/arm64"]
"""
HELPER: Final = """\
[project]
name = "helper"
version = "1.0"
requires-python = ">=3.10"
dependencies = ["alpha", "wintool; sys_platform == 'win32'"]

[build-system]
requires = ["poetry-core>=2.0"]
build-backend = "poetry.core.masonry.api"
"""
# The stages conflict, and a rule wants them to agree.
CONFLICT: Final = (
    PROJECT.replace('feature = ["alpha"]', 'feature = ["alpha <2"]')
    + """
[[tool.fti.align]]
stages = ["feature", "training"]
packages = ["alpha"]
level = "exact"
"""
)
CACHE: Final = "cache"
# Each of them is needed to read the command line again.
READ_AGAIN: Final = {"_io", "_configure_io", "_configure_global_options", "_working_directory"}
# Names that are used to fill a cache are tried with an empty one.
CACHES: Final = ("index", "http cache", "release cache", "error texts")
SOLVING: Final = ("solving", "index", "lock text")
# What is tried without the names, in this order.
COMMANDS: Final[tuple[tuple[str, ...], ...]] = (
    ("fti", "lock"),
    ("fti", "lock", "--check"),
    ("fti", "list"),
    ("fti", "export"),
    ("fti", "show", "training"),
    ("fti", "update", "--dry-run"),
    ("fti", "update", "alpha", "--dry-run"),
    ("fti", "why", "alpha", "--newest"),
)
POETRYS: Final[tuple[tuple[str, ...], ...]] = (
    ("check",),
    ("lock",),
    ("show", "--no-truncate"),
    ("env", "list"),
)
# What differs from run to run: times, the name of a project's virtual environment, and what is said
# on the way if that takes seconds.
DIFFERING: Final = re.compile(
    r"in \d+\.\d s|\(\d+\.\d+s\)|demo-\S{8}-py|\S+: solved \(\d of \d stages\)\n"
)
SOLVING_NAMES: Final = tuple(name for name in PRIVATE_NAMES if name.use in SOLVING)


def _kind(name: PrivateName) -> str:
    """Return a part of the plugin that looks for the name, and needs no name of another kind."""
    if name.use == "commands":
        return name.use if name.name in READ_AGAIN else name.owner
    return name.module.rpartition(".")[0] if name.use == "speed" else name.use


def _together() -> Iterator[tuple[PrivateName, ...]]:
    """Yield sets of names that a Poetry lacks together; one set has a name of each other kind.

    Without a single name for solving, the others are not used either.
    """
    yield (SOLVING_NAMES[0],)
    kinds = defaultdict(list)
    for name in PRIVATE_NAMES:
        if name.use not in SOLVING:
            kinds[_kind(name)].append(name)
    first, *others = zip_longest(*kinds.values())
    for names in (first, SOLVING_NAMES, *others):
        yield tuple(name for name in names if name)


# Two of them always run, the others where all generated cases do.
MISSING: Final = [
    pytest.param(
        names,
        id=f"{names[0].name}-{len(names)}",
        marks=[pytest.mark.generated] if at > 1 else [],
    )
    for at, names in enumerate(_together())
]
UNPROVEN: Final = (
    f"  With Poetry {POETRY} only versions are compared that a stage finds on its own; poetry-fti"
    " is tested with Poetry 2.3 to 2.5."
)


@dataclass(frozen=True, slots=True)
class Lab:
    """Where a changed Poetry runs: in projects of its own, with the shared index."""

    folder: Path
    poetry: ChangedPoetry

    def project(self, text: str = PROJECT) -> Path:
        """Return a new project."""
        root = self.folder / f"project-{len(list(self.folder.glob('project-*')))}" / "demo"
        (root / "helper").mkdir(parents=True)
        (root / "pyproject.toml").write_text(text, encoding="utf-8")
        (root / "helper" / "pyproject.toml").write_text(HELPER, encoding="utf-8")
        (root / "helper" / "helper.py").touch()
        return root

    def all(self) -> tuple[dict[tuple[str, ...], Result], dict[str, bytes]]:
        """Return what each command says, without the time that it took, and what they write."""
        root = self.project()
        results = {words: self.comparable(root, *words) for words in COMMANDS}
        return results, snapshot(root)

    def comparable(self, root: Path, *words: str) -> Result:
        """Return what a command says, without what differs from lab to lab."""
        result = self.poetry(root, *words)
        output, errors = (
            DIFFERING.sub("", text).replace(str(self.folder), "LAB")
            for text in (result.output, result.errors)
        )
        return Result(result.code, output, errors)


@contextmanager
def _lab(
    folder: Path, poetries: ChangedPoetries, environment: Mapping[str, str], *names: PrivateName
) -> Iterator[Lab]:
    variables = {**environment, "POETRY_CACHE_DIR": str(folder / CACHE)}
    with poetries.renamed(variables, *map(_renamed, names)) as poetry:
        yield Lab(folder, poetry)


def _renamed(private: PrivateName) -> list[str]:
    # Others give the names of a module's globals, and this one, to other things, too.
    common = private.kind == "global" or private.name == "_path"
    return [private.name, private.module] if common else [private.name]


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, loopback_index: LoopbackIndex
) -> dict[str, str]:
    """Environment variables of each Poetry, which has a virtual environment, but no cache yet."""
    home = tmp_path_factory.mktemp("home")
    return activated(isolated_environment(home, loopback_index.url), home / "venv")


@pytest.fixture(scope="module")
def poetries(environment: dict[str, str]) -> Iterator[ChangedPoetries]:
    """The process that starts each Poetry."""
    with changed_poetries(environment) as found:
        yield found


@pytest.fixture(scope="module")
def unchanged(
    tmp_path_factory: pytest.TempPathFactory,
    poetries: ChangedPoetries,
    environment: dict[str, str],
) -> Iterator[Lab]:
    """A Poetry in which no name is renamed."""
    with _lab(tmp_path_factory.mktemp("unchanged"), poetries, environment) as lab:
        yield lab


@pytest.fixture(scope="module")
def truth(unchanged: Lab) -> tuple[dict[tuple[str, ...], Result], dict[str, bytes]]:
    """What the commands say and write when no name is renamed."""
    results, files = unchanged.all()
    for words, result in results.items():
        assert (result.code, result.errors.strip()) == (0, ""), (words, result)
    return results, files


@pytest.fixture(scope="module")
def without_plugin(unchanged: Lab) -> tuple[dict[tuple[str, ...], Result], bytes]:
    """What Poetry's own commands say without the plugin, and the lock that they write."""
    root = unchanged.project()
    results = {words: unchanged.comparable(root, *words, "--no-plugins") for words in POETRYS}
    return results, (root / "poetry.lock").read_bytes()


@pytest.fixture(scope="module", params=MISSING)
def missing(request: pytest.FixtureRequest) -> tuple[PrivateName, ...]:
    """Names that are renamed."""
    names: tuple[PrivateName, ...] = request.param
    return names


@pytest.fixture(scope="module")
def lab(
    missing: tuple[PrivateName, ...],
    tmp_path_factory: pytest.TempPathFactory,
    poetries: ChangedPoetries,
    environment: dict[str, str],
    unchanged: Lab,
) -> Iterator[Lab]:
    """A Poetry in which the names are renamed."""
    folder = tmp_path_factory.mktemp("renamed")
    if not any(each.use in CACHES for each in missing) and (unchanged.folder / CACHE).exists():
        shutil.copytree(unchanged.folder / CACHE, folder / CACHE)
    with _lab(folder, poetries, environment, *missing) as lab:
        yield lab


def test_stages_are_locked_and_exported_as_ever(
    missing: tuple[PrivateName, ...],
    lab: Lab,
    truth: tuple[dict[tuple[str, ...], Result], dict[str, bytes]],
) -> None:
    """The locks are those of the same Poetry with its names, which are plain Poetry's."""
    expected, files = truth
    results, written = lab.all()
    notice = next((_notice(each) for each in missing if each.use in SOLVING), "")
    assert written == files
    for words, result in results.items():
        solves = words[1] in ("lock", "update", "why") and "--check" not in words
        assert (result.code, result.output) == (0, expected[words].output), words
        assert result.errors.strip() == (notice if solves else ""), words


def _notice(missing: PrivateName) -> str:
    return (
        f"Poetry {POETRY} has no {missing}, which poetry-fti uses (it is tested with Poetry 2.3 to"
        " 2.5): stages are solved through Poetry's public interface only, which is slower."
    )


@pytest.mark.generated
def test_any_name_that_solving_uses_is_missed(environment: dict[str, str]) -> None:
    assert not any(len(_renamed(name)) > 1 for name in SOLVING_NAMES)
    done = subprocess.run(
        [sys.executable, renamed_notices.__file__, *(name.name for name in SOLVING_NAMES)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [_notice(name) for name in SOLVING_NAMES]


def test_poetrys_own_commands_are_not_affected(
    lab: Lab, without_plugin: tuple[dict[tuple[str, ...], Result], bytes]
) -> None:
    expected, lock = without_plugin
    root = lab.project(PROJECT + "[tool.fti]\nisolated = false\n")
    for words in POETRYS:
        assert lab.comparable(root, *words) == expected[words], words
        assert expected[words].code == 0, words
    assert (root / "poetry.lock").read_bytes() == lock
    isolated = lab.project(PROJECT + "[tool.fti]\nisolated = true\n")
    lab.poetry.ok(isolated, "lock")
    shown = lab.poetry.ok(isolated, "show", "--no-truncate").output
    assert [line.split()[0] for line in shown.splitlines()] == ["dotted-name-pkg"]


def test_errors_are_explained(missing: tuple[PrivateName, ...], lab: Lab) -> None:
    """What cannot be solved ends with an error, whatever is known of the reason."""
    root = lab.project(CONFLICT)
    result = lab.poetry(root, "fti", "lock")
    assert result.code == 1
    lines = result.errors.splitlines()
    first = lines.index("feature: feature and training cannot agree as tool.fti.align demands:")
    assert (lines[first + 1] == UNPROVEN) == any(each.use in SOLVING for each in missing)
    assert "inference: locked" in result.output
    failed = lab.poetry(root, "lock")
    assert failed.code == 1
    assert "version solving failed" in failed.errors


def test_what_prevents_newer_versions(missing: tuple[PrivateName, ...], lab: Lab) -> None:
    """Without the solver's proof, it is unknown which requirements would have to change."""
    root = lab.project(PROJECT.replace('feature = ["alpha"]', 'feature = ["alpha <2"]'))
    lab.poetry.ok(root, "fti", "lock", "feature")
    lines = lab.poetry.ok(root, "fti", "why", "alpha", "--newest").output.splitlines()
    if "_incompatibility" in (each.name for each in missing):
        assert lines[-1] == (
            "  2.0, the newest release, is not possible: with this version of Poetry, the solver's"
            " proof cannot be read"
        )
    else:
        assert lines[-2:] == [
            "  2.0, the newest release, is possible if this changes:",
            "    pyproject.toml requires alpha <2 (group feature)",
        ]


def test_commands_in_an_environment(missing: tuple[PrivateName, ...], lab: Lab) -> None:
    names = {each.name: each for each in missing if each.use == "commands"}
    root = lab.project()
    lab.poetry.ok(root, "fti", "lock", "feature")
    lab.poetry.ok(root, "fti", "install", "feature", "--sync")
    activated = lab.poetry(root, "fti", "activate", "feature")
    shown = lab.poetry(root, "fti", "env", "info", "feature")
    if (name := names.get("_get_activate_command")) and POETRY.startswith("2.3."):
        assert (activated.code, activated.errors.strip()) == (1, _refused(name, "activate"))
    else:
        assert (activated.code, activated.output.count("activate")) == (0, 1), activated
    if name := names.get("_display_complete_info"):
        assert (shown.code, shown.errors.strip()) == (1, _refused(name, "show"))
    else:
        assert (shown.code, "Virtualenv" in shown.output) == (0, True), shown
    ran = lab.poetry(root, "fti", "run", "feature", "python", "-c", "print(1)")
    if needed := names.keys() & READ_AGAIN:
        (name,) = (names[each] for each in needed)
        refusal = (
            f"Poetry {POETRY} has no {name}, without which poetry-fti cannot keep the options of"
            " the command from Poetry. Write `--` before the command: poetry fti run STAGE --"
            " COMMAND. poetry-fti is tested with Poetry 2.3 to 2.5."
        )
        assert (ran.code, " ".join(ran.errors.split())) == (1, refusal)
        ran = lab.poetry(root, "fti", "run", "feature", "--", "python", "-c", "print(1)")
    assert (ran.code, ran.output) == (0, "1\n"), ran


def _refused(name: PrivateName, verb: str) -> str:
    what = {"activate": "activate the environment of a stage", "show": "show an environment"}[verb]
    return (
        f"Poetry {POETRY} has no {name}, without which poetry-fti cannot {what}. poetry-fti is"
        " tested with Poetry 2.3 to 2.5."
    )
