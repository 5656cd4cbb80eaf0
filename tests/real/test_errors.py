"""What a user is told when something is wrong: one message, an exit code, and no file touched."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

from harness import PROGRESS, Poetry, snapshot
from loopback.clients import HASTE_VARIABLE, INDEX_VARIABLE, isolated_environment
from loopback.index import CREDENTIALS
from loopback.site import Answer
from poetry_fti.bridge.lock.locker import StageLocker, lock_status
from poetry_fti.bridge.poetry_project import create_poetry
from poetry_fti.errors import FtiError
from poetry_fti.operations.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loopback.failures import Failure
    from loopback.index import LoopbackIndex

STAGES: Final = ("feature", "training", "inference")


@pytest.fixture(scope="session")
def poetry(poetry: Poetry) -> Poetry:
    """Poetry that solves stages in as many processes as a user's."""
    return replace(poetry, processes=None)


def refused(poetry: Poetry, root: Path, *words: str) -> tuple[int, str]:
    """Run `poetry fti WORDS`, require that no file changes, return exit code and errors."""
    before = snapshot(root)
    result = poetry(root, "fti", *words)
    assert snapshot(root) == before
    assert result.code != 0
    return result.code, PROGRESS.sub("", result.errors)


def edit(root: Path, old: str, new: str) -> None:
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def add(root: Path, text: str) -> None:
    path = root / "pyproject.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


# The project


def test_no_pyproject(poetry: Poetry, tmp_path: Path) -> None:
    message = f"Poetry could not find a pyproject.toml file in {tmp_path} or its parents."
    expected = (1, f"{message} Run `poetry fti init` to create one with stages.\n")
    assert refused(poetry, tmp_path, "list") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[project]\nx = = 3\n", "Unexpected character: '=' at line 2 col 4"),
        (
            b"# caf\xe9\n",
            "'utf-8' codec can't decode byte 0xe9 in position 5: invalid continuation byte",
        ),
    ],
)
def test_a_pyproject_that_is_not_toml(
    poetry: Poetry, tmp_path: Path, text: bytes, message: str
) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text)
    expected = (2, f"pyproject.toml is not valid TOML: {message}\n")
    assert refused(poetry, tmp_path, "lock") == expected


@pytest.mark.newest_only
def test_no_stage(poetry: Poetry, tmp_path: Path) -> None:
    text = '[project]\nname = "x"\nversion = "1"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert refused(poetry, tmp_path, "lock") == (
        2,
        (
            "pyproject.toml has 1 problem:\n"
            "  tool.fti.stages: no stage: name a dependency group feature, training or inference,"
            " declare stages in [tool.fti.stages], or run `poetry fti init`\n"
        ),
    )


@pytest.mark.newest_only
@pytest.mark.parametrize("words", [("lock",), ("lock", "--check"), ("export",)])
def test_an_unknown_stage(poetry: Poetry, locked_tiny: Path, words: tuple[str, ...]) -> None:
    assert refused(poetry, locked_tiny, *words, "trainin") == (
        2,
        (
            'There is no stage "trainin"; did you mean "training"?'
            " (stages: feature, training, inference)\n"
        ),
    )


@pytest.mark.newest_only
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("list", "--format", "yaml"), 'Unknown report format "yaml" (known: text, json).\n'),
        (("export", "--format", "pylok"), 'Unknown format "pylok"; did you mean "pylock"? (known:'),
    ],
)
def test_an_unknown_format(
    poetry: Poetry, locked_tiny: Path, words: tuple[str, ...], message: str
) -> None:
    code, errors = refused(poetry, locked_tiny, *words)
    assert code == 2
    assert errors.startswith(message)


EVERYTHING_WRONG = """\
[project]
name = "x"
version = "1"

[dependency-groups]
feature = []
main = []
"bad name" = []
a = [{ include-group = "b" }]
b = [{ include-group = "a" }]
c = [{ include-group = "nope" }]

[tool.poetry.group.d]
include-groups = ["e"]
[tool.poetry.group.e]
include-groups = ["d", "featur"]

[tool.fti]
isolated = 1
exports = ["pylok", 3]
directory = "../outside"
stagse = 1

[tool.fti.stages.feature]
kind = "trainin"
python = 3
platforms = ["linux/amd46", "linux/x86_64"]
groups = ["featur"]
extras = ["fast"]
env = { A = 1 }
image = { bse = "x", command = 3 }
overrides = { Num_Py = ">=two" }

[tool.fti.stages."a.b"]
kind = "training"
groups = ["feature"]

[tool.fti.stages]
whatever = 3

[[tool.fti.align]]
stages = ["feature", "featur"]
packages = ["a", "b c"]
"""

ALL_PROBLEMS = """\
tool.fti.stagse: unknown key; did you mean "stages"?
tool.fti.exports[1]: must be a string, not an integer
tool.fti.isolated: must be true or false, not an integer
tool.fti.directory: "../outside" must be a folder inside the project, such as "fti"
tool.fti.stages.feature.kind: unknown "trainin"; did you mean "training"?
tool.fti.stages.feature.python: must be a string, not an integer
tool.fti.stages.feature.platforms[0]: unknown "linux/amd46"; did you mean "linux/amd64"?
tool.fti.stages.feature.platforms[1]: unknown "linux/x86_64"; did you mean "linux/amd64"?
tool.fti.stages.feature.env.A: must be a string, not an integer
tool.fti.stages.feature.image.bse: unknown key; did you mean "base"?
tool.fti.stages.feature.image.command: must be an array of strings, not an integer
tool.fti.stages."a.b": a stage's name may contain only letters, digits, - and _
tool.fti.stages.whatever: must be a table
tool.fti.align[0].packages[1]: "b c" is not a package name such as "numpy" or "nvidia-*"
dependency-groups.main: rename the group: Poetry reads "main" as the project's own
dependency-groups."bad name": is not a valid name of a dependency group (PEP 735)
dependency-groups.c: includes the group "nope", which does not exist
tool.poetry.group.e: includes the group "featur", which does not exist
dependency-groups.a: includes itself: a -> b -> a
tool.poetry.group.d: includes itself: d -> e -> d
tool.fti.stages.feature.groups[0]: there is no dependency group "featur"
tool.fti.stages.feature.extras[0]: the project has no extra "fast"
tool.fti.align[0].stages[1]: there is no stage "featur"; did you mean "feature"?
tool.fti.stages.feature.overrides.Num_Py: ">=two" is not a version constraint
"""


@pytest.mark.newest_only
def test_all_problems_of_the_configuration_are_listed_at_once(
    poetry: Poetry, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(EVERYTHING_WRONG, encoding="utf-8")
    code, errors = refused(poetry, tmp_path, "lock")
    assert code == 2
    head, *problems = errors.splitlines()
    assert head == f"pyproject.toml has {len(problems)} problems:"
    missing = [
        expected
        for expected in ALL_PROBLEMS.splitlines()
        if not any(problem.startswith(f"  {expected}") for problem in problems)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("project = 3", "project: must be object"),
        ("tool = 3", "tool: must be a table"),
        ("[tool]\npoetry = 3", "tool.poetry: must be object"),
        ("[tool.poetry.group.a]\ninclude-groups = 3", "tool.poetry.group.a.include-groups: must"),
        ("[dependency-groups]\na = 3", "dependency-groups.a: must be array"),
        ("[project]\nname = 'x'\nversion = '1'\ndependencies = 3", "project.dependencies: must be"),
        ("[project]\nname = 'x'\nversion = '1'\nrequires-python = 3", "project.requires-python:"),
        (
            "[project]\nname = 'x'\nversion = '1'\noptional-dependencies = 3",
            "project.optional-dependencies: must be object",
        ),
    ],
)
def test_a_table_of_the_wrong_form(poetry: Poetry, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text + "\n", encoding="utf-8")
    code, errors = refused(poetry, tmp_path, "list")
    assert code == 2
    assert errors.startswith(f"pyproject.toml has 1 problem:\n  {message}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "packages = [",
            "packagez = [",
            (
                "The Poetry configuration is invalid:\n"
                "  - Additional properties are not allowed ('packagez' was unexpected)"
            ),
        ),
        (
            '["sparkish"]',
            '["sparkish =!> 3"]',
            (
                'has 1 problem:\n  dependency-groups.feature[0]: "sparkish =!> 3" is not a'
                ' requirement (PEP 508) such as "numpy>=2,<3"'
            ),
        ),
        (
            "training = [",
            'unused = ["alpha =!> 3"]\ntraining = [',
            (
                'has 1 problem:\n  dependency-groups.unused[0]: "alpha =!> 3" is not a'
                ' requirement (PEP 508) such as "numpy>=2,<3"'
            ),
        ),
        ('">=3.10,<3.14"', '"soon"', "Could not parse version constraint: soon"),
        (
            "[build-system]",
            '[[tool.poetry.source]]\nname = "corp"\n[build-system]',
            "Missing [url] in source 'corp'.",
        ),
    ],
)
def test_what_poetry_refuses(
    poetry: Poetry, locked_tiny: Path, old: str, new: str, message: str
) -> None:
    edit(locked_tiny, old, new)
    colon = "" if message.startswith("has 1") else ":"
    for command in (("list",), ("export",), ("lock", "--regenerate")):
        expected = f"pyproject.toml{colon} {message}\n"
        assert refused(poetry, locked_tiny, *command) == (2, expected)


def test_a_source_that_does_not_exist(poetry: Poetry, locked_tiny: Path) -> None:
    add(locked_tiny, '\n[tool.poetry.group.feature.dependencies]\nsparkish = { source = "cor" }\n')
    assert refused(poetry, locked_tiny, "lock") == (
        2,
        (
            'feature: pyproject.toml: sparkish has the source "cor", which does not exist.'
            " Add it to tool.poetry.source.\n1 of 3 stages failed.\n"
        ),
    )


# Locks that cannot be made


def impossible(poetry: Poetry, root: Path) -> str:
    """Require that all stages but `feature` are locked; return what is said of `feature`."""
    result = poetry(root, "fti", "lock")
    assert result.code == 1
    assert sorted(path.parent.name for path in root.glob("fti/*/poetry.lock")) == [
        "inference",
        "training",
    ]
    assert not (root / "fti" / "feature").exists()
    assert [line.partition(" in ")[0] for line in result.output.splitlines()[:2]] == [
        "training: locked 7 packages",
        "inference: locked 8 packages",
    ]
    return result.errors


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (
            '["sparkish", "alpha >=2"]',
            (
                "pyproject.toml requires alpha >=2, but sparkish 3.5 requires alpha <2.\n"
                "Rerun with -v for the solver's whole explanation.\n"
            ),
        ),
        (
            '["alpha <2", { include-group = "more" }]\nmore = ["alpha >=2"]',
            "The group feature requires alpha (<2), but the group more requires alpha (>=2).\n",
        ),
        (
            '["nowhere-to-be-found"]',
            (
                "Because tiny depends on nowhere-to-be-found (*) which doesn't match any versions,"
                " version solving failed.\n"
            ),
        ),
    ],
)
def test_a_stage_without_a_solution_does_not_keep_the_others_from_being_locked(
    project: Callable[[str], Path], poetry: Poetry, feature: str, message: str
) -> None:
    root = project("tiny")
    edit(root, '["sparkish"]', feature)
    assert impossible(poetry, root) == f"feature: {message}1 of 3 stages failed.\n"


def test_a_stage_whose_python_is_too_old_for_its_packages(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tiny")
    edit(root, "[tool.fti.stages.feature]\n", '[tool.fti.stages.feature]\npython = ">=3.6"\n')
    errors = impossible(poetry, root)
    assert errors.startswith("feature: No version of sparkish supports Python >=3.6,<3.8.\n")


def test_a_package_that_fits_no_platform_of_its_stage(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tiny")
    edit(root, "[tool.fti.stages.feature]\n", "[tool.fti.stages.feature]\nplatforms = [\n]\n")
    edit(root, "platforms = [\n]", 'platforms = ["linux/amd64"]')
    edit(root, '["sparkish"]', '["wintool"]')
    message = (
        "wintool 1.0 has no file for linux/amd64 and Python >=3.10,<3.14.\n"
        "Choose another version, or change the stage's `platforms`.\n"
        "Rerun with -v for the solver's whole explanation.\n"
        "1 of 3 stages failed."
    )
    result = poetry(root, "fti", "lock")
    assert (result.code, PROGRESS.sub("", result.errors)) == (1, f"feature: {message}\n")
    assert not (root / "fti" / "feature" / "poetry.lock").exists()


# Locks on disk


@pytest.mark.newest_only
def test_a_lock_that_is_missing_or_stale(poetry: Poetry, locked_tiny: Path) -> None:
    (locked_tiny / "fti" / "inference" / "poetry.lock").unlink()
    edit(locked_tiny, '"torchish"', '"torchish >=2"')
    missing = "fti/inference/poetry.lock is missing. Run `poetry fti lock inference`.\n"
    stale = (
        "fti/training/poetry.lock does not match pyproject.toml. Run `poetry fti lock training`.\n"
    )
    assert refused(poetry, locked_tiny, "lock", "--check") == (3, stale + missing)
    assert refused(poetry, locked_tiny, "export", "inference") == (1, missing)
    assert refused(poetry, locked_tiny, "export", "training") == (1, stale)
    assert refused(poetry, locked_tiny, "export", "--check", "inference") == (3, missing)


Damage: TypeAlias = "tuple[Callable[[bytes], bytes], str]"

MARKERS: Final = b"<<<<<<< ours\n=======\n>>>>>>> theirs\n"
NO_METADATA: Final = "the lock file does not have a metadata entry"
WRONG_PART: Final = "it is incomplete or damaged"

# One for each stage of `tiny`, and what is said of it.
DAMAGES: Final[dict[str, tuple[Damage, Damage, Damage]]] = {
    "by a crash or an editor": (
        (lambda text: text.replace(b"[metadata]", b"[metadata"), "it is not valid TOML: "),
        (lambda text: text[: len(text) // 2], "it is not valid TOML: "),
        (lambda text: text + b"# \xff\n", "it is not UTF-8 text"),
    ),
    "by being cut where it stays valid TOML": (
        (lambda _: b"", NO_METADATA),
        (lambda text: text[: text.rindex(b"[[package]]")], NO_METADATA),
        (
            lambda text: text[: text.index(b"content-hash")],
            f"{WRONG_PART} (KeyError: 'content-hash')",
        ),
    ),
    "by a hand, or another version of Poetry": (
        (
            lambda text: text.replace(b'lock-version = "2.1"', b'lock-version = "3.0"'),
            "the lock file is not compatible with the current version of Poetry",
        ),
        (
            lambda text: text.replace(b'lock-version = "2.1"', b'lock-version = "new"'),
            f"{WRONG_PART} (InvalidVersionError: ",
        ),
        (
            lambda text: text.replace(b'groups = ["', b'groups = 3 # ["'),
            f"{WRONG_PART} (",
        ),
    ),
}


@pytest.mark.newest_only
@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_lock(poetry: Poetry, locked_tiny: Path, how: str) -> None:
    fresh = snapshot(locked_tiny)
    for stage, (spoil, _) in zip(STAGES, DAMAGES[how], strict=True):
        lock = locked_tiny / "fti" / stage / "poetry.lock"
        lock.write_bytes(spoil(lock.read_bytes()))
    listed = poetry.ok(locked_tiny, "fti", "list").splitlines()
    checked = refused(poetry, locked_tiny, "lock", "--check")
    for stage, (_, reason), line in zip(STAGES, DAMAGES[how], checked[1].splitlines(), strict=True):
        told = f"{stage}: the lock cannot be read: {reason}"
        assert any(each.startswith(told) for each in listed), listed
        assert line.startswith(f"fti/{stage}/poetry.lock cannot be read: {reason}")
        assert line.endswith(
            ". Restore it, or lock the stage from scratch with"
            f" `poetry fti lock {stage} --regenerate`."
        )
    unusable(poetry, locked_tiny, checked)
    poetry.ok(locked_tiny, "fti", "lock", "--regenerate")
    assert snapshot(locked_tiny) == fresh


@pytest.mark.newest_only
def test_a_marker_that_cannot_be_read_is_met_by_those_who_need_it(
    poetry: Poetry, locked_tiny: Path
) -> None:
    lock = locked_tiny / "fti" / "inference" / "poetry.lock"
    lock.write_bytes(lock.read_bytes().replace(b'markers = "', b'markers = "???'))
    code, message = refused(poetry, locked_tiny, "export", "inference")
    assert code == 1
    assert message.startswith(
        "fti/inference/poetry.lock cannot be read: it is incomplete or damaged"
        " (UnexpectedCharacters: "
    )
    poetry.ok(locked_tiny, "fti", "lock", "--regenerate")
    poetry.ok(locked_tiny, "fti", "export", "inference")


def unusable(poetry: Poetry, root: Path, checked: tuple[int, str]) -> None:
    """Require that locking and exporting end with the messages of `--check`."""
    code, messages = checked
    assert code == 3
    lines = [(line.split("/")[1], line) for line in messages.splitlines()]
    locked = "".join(f"{stage}: {line}\n" for stage, line in lines)
    summary = f"{len(lines)} of {len(STAGES)} stages failed.\n"
    assert refused(poetry, root, "lock") == (1, f"{locked}{summary}")
    assert refused(poetry, root, "export") == (1, messages)


def spoilt(text: bytes) -> Iterator[bytes]:
    """Yield a lock without each of its lines, and with each value replaced."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        before, after = b"".join(lines[:index]), b"".join(lines[index + 1 :])
        yield before + after
        key, equals, _ = line.partition(b"= ")
        if equals:
            for value in (b"3", b'""', b'"???"', b"[]", b"[true]", b"{}", b'{ a = "b" }'):
                yield before + key + equals + value + b"\n" + after


@pytest.mark.newest_only
def test_a_lock_is_broken_or_it_can_be_used(locked_tiny: Path) -> None:
    project = load_project(locked_tiny, create_poetry)
    stage = project.select(["training"])[0]
    good = stage.path.read_bytes()
    assert project.status(stage).state == "fresh"
    states = Counter[str]()
    for text in spoilt(good):
        stage.path.write_bytes(text)
        stage.reread()
        states[project.status(stage).state] += 1
        if project.status(stage).is_readable:
            with suppress(FtiError):  # a package may lack the files that it needs
                assert len(stage.lock.packages) <= 7
    assert states["broken"] > states["fresh"] > 0


@pytest.mark.newest_only
def test_a_lock_that_was_cut_anywhere_is_broken(locked_tiny: Path) -> None:
    lock = locked_tiny / "fti" / "training" / "poetry.lock"
    good = lock.read_bytes()
    for size in range(0, len(good) - 1, 3):
        lock.write_bytes(good[:size])
        assert lock_status(StageLocker(lock, {}, {})).state == "broken", size


@pytest.mark.newest_only
def test_a_directory_in_the_place_of_a_lock(poetry: Poetry, locked_tiny: Path) -> None:
    lock = locked_tiny / "fti" / "training" / "poetry.lock"
    lock.unlink()
    lock.mkdir()
    poetry.ok(locked_tiny, "fti", "list")
    unusable(poetry, locked_tiny, refused(poetry, locked_tiny, "lock", "--check"))
    code, errors = refused(poetry, locked_tiny, "lock", "--regenerate", "training")
    assert code == 1
    assert errors.startswith(f"{lock}: ")


# The disk


@pytest.fixture
def bound() -> Iterator[Callable[..., None]]:
    """Mount something over a folder of the project, where this may be done."""
    folders: list[Path] = []

    def mount(folder: Path, *words: str) -> None:
        command = shutil.which("mount")
        if command is None or subprocess.run([command, *words, folder], check=False).returncode:
            pytest.skip("nothing may be mounted here")
        if folder not in folders:
            folders.append(folder)

    yield mount
    for folder in folders:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.newest_only
def test_a_folder_that_is_read_only(
    poetry: Poetry, locked_tiny: Path, bound: Callable[..., None]
) -> None:
    edit(locked_tiny, "sparkish", "alpha")
    folder = locked_tiny / "fti"
    bound(folder, "--bind", folder)
    bound(folder, "-o", "remount,ro,bind")
    said = f"{folder}/feature/poetry.lock: Read-only file system\n"
    assert refused(poetry, locked_tiny, "lock") == (1, said)
    said = f"{folder}/training/requirements.txt: Read-only file system\n"
    assert refused(poetry, locked_tiny, "export", "training") == (1, said)
    poetry.ok(locked_tiny, "fti", "list")


@pytest.mark.newest_only
def test_a_full_disk(poetry: Poetry, locked_tiny: Path, bound: Callable[..., None]) -> None:
    folder = locked_tiny / "fti"
    locks = {path: path.read_bytes() for path in folder.glob("*/poetry.lock")}
    bound(folder, "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    for path, content in locks.items():
        path.parent.mkdir()
        path.write_bytes(content)
    with suppress(OSError):
        (folder / "filler").write_bytes(bytes(65536))
    edit(locked_tiny, "sparkish", "alpha")
    said = f"{folder}/feature/poetry.lock: No space left on device\n"
    assert refused(poetry, locked_tiny, "lock") == (1, said)


@pytest.mark.newest_only
def test_a_file_in_the_place_of_the_folder(poetry: Poetry, locked_tiny: Path) -> None:
    shutil.rmtree(locked_tiny / "fti")
    (locked_tiny / "fti").touch()
    code, errors = refused(poetry, locked_tiny, "lock")
    assert code == 1
    assert errors == f"{locked_tiny / 'fti' / 'feature'}: Not a directory\n"
    poetry.ok(locked_tiny, "fti", "list")
    poetry.ok(locked_tiny, "fti", "clean")


# The index


@pytest.fixture
def hasty(tmp_path: Path, own_index: LoopbackIndex) -> Poetry:
    """Poetry with empty caches and an index of its own, that hardly waits between attempts."""
    environment = isolated_environment(tmp_path / "hasty-home", own_index.url)
    return Poetry({**environment, HASTE_VARIABLE: "15"})


REASON = "not tried: it would wait for the same server\n"
NOT_TRIED = f"training and inference: {REASON}"


def unreachable(port: int) -> str:
    return (
        f"All attempts to connect to 127.0.0.1:{port} failed.\n"
        "Probable Causes:\n"
        "    - the server is not responding to requests at the moment\n"
        "    - the hostname cannot be resolved by your DNS\n"
        "    - your network is not connected to the internet\n"
    )


def failing(index: LoopbackIndex, failure: Failure, url: str) -> str:
    """Make an index fail and return what is to be said of it."""
    index.fail(failure, inside=url)
    if failure == "http-500":
        return f"The package index failed: {index.url}{url} answered 500.\n"
    if failure == "garbage":
        reason = "Expecting value: line 1 column 1 (char 0)"
        return f"{index.url}{url} returned a response that is not an index page: {reason}\n"
    return unreachable(index.port)


@pytest.mark.parametrize("failure", ["http-500", "garbage", "drop", "hang"])
def test_the_default_index_fails(
    locked_tiny: Path, hasty: Poetry, own_index: LoopbackIndex, failure: Failure
) -> None:
    expected = failing(own_index, failure, "simple/sparkish/")
    if failure == "hang":
        hasty = replace(hasty, environment={**hasty.environment, HASTE_VARIABLE: "0.5"})
    code, errors = refused(hasty, locked_tiny, "lock", "--regenerate")
    assert code == 1
    assert errors.startswith(f"feature: {expected}")
    # With several cores a stage that does not need the page may have been solved meanwhile.
    rest = re.sub(r"\d of 3 stages failed\.\n$", "", errors.removeprefix(f"feature: {expected}"))
    assert rest in ("", NOT_TRIED, *(f"{name}: {REASON}" for name in ("training", "inference")))


def test_the_default_index_is_down(locked_tiny: Path, hasty: Poetry) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    down = Poetry({**hasty.environment, INDEX_VARIABLE: f"http://127.0.0.1:{port}/"})
    expected = (1, f"feature: {unreachable(port)}{NOT_TRIED}3 of 3 stages failed.\n")
    assert refused(down, locked_tiny, "lock", "--regenerate") == expected


@pytest.fixture
def migrant(project: Callable[[str], Path], own_index: LoopbackIndex) -> Path:
    """The project with a named source, on the index that will fail."""
    root = project("migrant")
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines = [f'url = "{own_index.url}private/simple/"\n' if "url =" in s else s for s in text]
    path.write_text("".join(lines), encoding="utf-8")
    return root


@pytest.mark.parametrize(
    "failure",
    [
        "http-500",
        pytest.param("garbage", marks=pytest.mark.newest_only),
        pytest.param("drop", marks=pytest.mark.newest_only),
    ],
)
def test_a_named_source_fails(
    migrant: Path, hasty: Poetry, own_index: LoopbackIndex, failure: Failure
) -> None:
    expected = failing(own_index, failure, "private/simple/corp-metrics/")
    assert refused(hasty, migrant, "lock", "training") == (1, f"training: {expected}")


def test_a_source_that_wants_credentials(
    migrant: Path, hasty: Poetry, own_index: LoopbackIndex
) -> None:
    edit(migrant, "/private/", "/guarded/")
    url = f"{own_index.url}guarded/simple/corp-metrics/"
    assert refused(hasty, migrant, "lock", "training") == (
        1,
        (
            f"Source (corp): Authorization error accessing {url}\n"
            f"training: The package index failed: {url} answered 401. Set"
            " POETRY_HTTP_BASIC_CORP_USERNAME and POETRY_HTTP_BASIC_CORP_PASSWORD, or run"
            " `poetry config http-basic.corp USERNAME PASSWORD`.\n"
            "Because migrant depends on corp-metrics (^1.0) which doesn't match any versions,"
            " version solving failed.\n"
        ),
    )


def test_credentials_are_not_told(migrant: Path, hasty: Poetry, own_index: LoopbackIndex) -> None:
    user, password = CREDENTIALS
    edit(migrant, "http://", f"http://{user}:{password}@")
    own_index.fail("drop", inside="/private/")
    expected = (1, f"training: {unreachable(own_index.port)}")
    assert refused(hasty, migrant, "lock", "training") == expected


def test_a_page_that_is_no_index_page(
    migrant: Path, hasty: Poetry, own_index: LoopbackIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = Answer(HTTPStatus.OK, "text/html", b"<html><form>Who are you?</form></html>")

    def spoil(path: str, answer: Answer) -> Answer:
        return login if "/private/" in path else answer

    monkeypatch.setattr(own_index, "spoil", spoil)
    url = f"{own_index.url}private/simple/corp-metrics/"
    code, errors = refused(hasty, migrant, "lock", "training")
    assert code == 1
    said = f"training: The package index failed: {url} answered with a page without links.\n"
    assert errors.startswith(said)


def test_an_export_that_needs_an_index_that_fails(
    locked_tiny: Path, hasty: Poetry, own_index: LoopbackIndex
) -> None:
    own_index.fail("drop")
    expected = (1, unreachable(own_index.port))
    assert refused(hasty, locked_tiny, "export", "feature") == expected


# Poetry's own options


def test_a_project_elsewhere(poetry: Poetry, locked_tiny: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for option, before, after in (("-C", "sparkish", "alpha"), ("-P", "alpha", "sparkish")):
        listed = poetry.ok(locked_tiny, "fti", "list")
        assert poetry.ok(elsewhere, "fti", "list", option, str(locked_tiny)) == listed
        edit(locked_tiny, f'feature = ["{before}"]', f'feature = ["{after}"]')
        locked = poetry.ok(elsewhere, "fti", "lock", option, str(locked_tiny))
        assert re.match("feature: locked [23] packages", locked)
    assert snapshot(elsewhere) == {}


@pytest.mark.newest_only
def test_quiet_says_nothing_but_errors(poetry: Poetry, locked_tiny: Path) -> None:
    edit(locked_tiny, "sparkish", "alpha")
    assert poetry(locked_tiny, "fti", "lock", "--check", "-q").code == 3
    assert poetry.ok(locked_tiny, "fti", "lock", "-q") == ""
    assert poetry.ok(locked_tiny, "fti", "list", "--quiet") == ""


@pytest.mark.newest_only
def test_colour_only_where_it_is_wanted(poetry: Poetry, locked_tiny: Path) -> None:
    plain = poetry.ok(locked_tiny, "fti", "list")
    coloured = poetry.ok(locked_tiny, "fti", "list", "--ansi")
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert poetry.ok(locked_tiny, "fti", "list", "--no-ansi") == plain


def test_verbose_shows_what_poetry_does(poetry: Poetry, locked_tiny: Path) -> None:
    edit(locked_tiny, "sparkish", "alpha")
    output = poetry.ok(locked_tiny, "fti", "lock", "-v", "feature")
    assert "Resolving dependencies..." in output
    assert "feature: locked 2 packages in " in output
