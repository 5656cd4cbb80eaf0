"""What locks prefer, also those that hold a merge conflict."""

from __future__ import annotations

import re
import subprocess
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.utils._compat import tomllib

from cases import examples
from locks import LOCKED, damaged, lock_of, recorded_lock, some
from poetry_fti.bridge.lock.locker import StageLocker
from poetry_fti.bridge.lock.pins import Pin, has_merge_markers, read_pins
from poetry_fti.bridge.lock.preferences import own_pins
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from locks import Packages

SMALL = lock_of(some("anyio", "jinja2", "numpy", "zipp"))
NAMES = ("anyio", "jinja2", "markupsafe", "packaging", "zipp")
SETTINGS = ("user.name=n", "user.email=e", "core.autocrlf=false", "commit.gpgsign=false")
GIT_OPTIONS = [word for setting in SETTINGS for word in ("-c", setting)]


def pin(
    name: str, version: str, source: Mapping[str, Any] | None = None, digests: Iterable[str] = ()
) -> Pin:
    get = {key: value for key, value in (source or {}).items() if isinstance(value, str)}.get
    return Pin(
        name=canonicalize_name(name),
        version=version,
        source_type=get("type"),
        source_url=get("url"),
        source_reference=get("reference"),
        source_resolved_reference=get("resolved_reference"),
        source_subdirectory=get("subdirectory"),
        digests=frozenset(digests),
    )


def parsed(text: str) -> tuple[Pin, ...]:
    """Read a lock's pins with a parser of TOML."""
    return tuple(
        pin(
            package["name"],
            package["version"],
            package.get("source"),
            [file["hash"] for file in package.get("files", ())],
        )
        for package in tomllib.loads(text)["package"]
    )


def digests(text: str) -> list[frozenset[str]]:
    """Return the digests of each pin, which do not distinguish pins."""
    return [pin.digests for pins in read_pins(text) for pin in pins]


PINS = parsed(SMALL)
CHUNKS = [
    f"[[package]]\n{chunk}\n["
    for chunk in SMALL.partition("\n[metadata]\n")[0].split("\n[[package]]\n")[1:]
]


def entry(name: str, version: str, *more: str) -> str:
    return "\n".join(["[[package]]", f'name = "{name}"', f'version = "{version}"', *more, "", ""])


@pytest.mark.sampled
@pytest.mark.parametrize(
    "text",
    [
        lambda: SMALL,
        lambda: SMALL.replace("\n", "\r\n"),
        recorded_lock,
        lambda: lock_of({}),
    ],
    ids=["small", "of Windows", "large", "empty"],
)
def test_the_pins_of_a_lock(text: Callable[[], str]) -> None:
    expected = parsed(text())
    assert read_pins(text()) == (expected,)
    assert digests(text()) == [pin.digests for pin in expected]


@given(LOCKED)
@settings(deadline=None)
def test_whatever_is_locked_is_pinned(packages: Packages) -> None:
    text = lock_of(packages)
    assert read_pins(text) == (parsed(text),)
    assert digests(text) == [pin.digests for pin in parsed(text)]


def is_text(value: object) -> bool:
    return isinstance(value, str)


@pytest.mark.slow
@given(damaged(SMALL))
@settings(max_examples=examples(180), deadline=None)
def test_damage_costs_no_more_than_the_package_it_is_in(text: str) -> None:
    try:
        expected = parsed(text)
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        expected = tuple(each for chunk, each in zip(CHUNKS, PINS, strict=True) if chunk in text)
        assert len(expected) <= 1 or len(set(expected) - set(chain(*read_pins(text)))) <= 1
    else:
        readable = tuple(pin for pin in expected if is_text(pin.version))
        assert read_pins(text) == (readable,)


def test_a_lock_of_another_time_is_read_too() -> None:
    source = {"type": "git", "url": "u", "reference": "main", "resolved_reference": "abc"}
    text = (
        entry("A.b", "1.0", 'category = "main"', "optional = false")
        + entry("c", "2", "", "[package.source]", *(f'{k} = "{v}"' for k, v in source.items()))
        + '[metadata]\nlock-version = "1.1"\n\n[metadata.files]\n'
    )
    assert read_pins(text) == ((pin("a-b", "1.0"), pin("c", "2", source)),)


def test_what_cannot_be_read_is_left_out() -> None:
    text = entry("a", "1") + entry("b", '2"') + entry("c", "3", "version = 4") + entry("d", "5")
    assert read_pins(text) == ((pin("a", "1"), pin("d", "5")),)


@pytest.mark.parametrize("text", ["", "[metadata]\n", "package = 1\n", entry("a", '1"'), "\0"])
def test_what_is_no_lock_has_no_pins(text: str) -> None:
    with pytest.raises(ValueError, match="no package"):
        read_pins(text)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *GIT_OPTIONS, *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize(("style", "newline"), [("merge", "\r\n"), ("diff3", "\n")])
def test_a_conflict_gives_the_pins_of_both_branches(
    tmp_path: Path, style: str, newline: str
) -> None:
    # Each package differs on both branches, so that git can merge none by itself.
    names = ("anyio", "jinja2", "numpy", "pandas", "pydantic", "zipp")
    base, ours, theirs = (lock_of(some(*names, age=age)) for age in (1, 0, 2))
    lock = tmp_path / "poetry.lock"

    def commit(text: str) -> None:
        lock.write_bytes(text.replace("\n", newline).encode())
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-m", "lock")

    git(tmp_path, "init", "-b", "ours")
    commit(base)
    git(tmp_path, "switch", "-c", "theirs")
    commit(theirs)
    git(tmp_path, "switch", "ours")
    commit(ours)
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "-c", f"merge.conflictStyle={style}", "merge", "theirs")
    text = lock.read_bytes().decode()
    assert has_merge_markers(text)
    assert read_pins(text) == (parsed(ours), parsed(theirs))


def merged(folder: Path, locks: tuple[str, str, str], *options: str) -> str:
    """Merge ours, base and theirs with git, which need not succeed."""
    files = [folder / name for name in ("ours", "base", "theirs")]
    for file, text in zip(files, locks, strict=True):
        file.write_text(text, encoding="utf-8", newline="\n")
    words = ["git", "merge-file", "--stdout", *options, *map(str, files)]
    done = subprocess.run(words, check=False, capture_output=True)
    assert done.returncode < 128, done.stderr
    return done.stdout.decode()


def aged(ages: dict[str, int]) -> str:
    return lock_of(dict(chain.from_iterable(some(n, age=a).items() for n, a in ages.items())))


def pins_of(text: str) -> tuple[tuple[Pin, ...], ...]:
    """Return the pins of each side; git may merge small locks so that none can be read."""
    try:
        return read_pins(text)
    except ValueError:
        return ((), ()) if has_merge_markers(text) else ((),)


LOCKS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2), min_size=1).map(aged)


@given(st.tuples(LOCKS, LOCKS, LOCKS), st.booleans())
@settings(max_examples=examples(20), deadline=None)
def test_a_side_is_what_git_makes_of_it_where_it_merges_the_rest(
    tmp_path_factory: pytest.TempPathFactory,
    locks: tuple[str, str, str],
    diff3: bool,  # noqa: FBT001
) -> None:
    folder = tmp_path_factory.getbasetemp()
    conflict = merged(folder, locks, *["--diff3"] * diff3)
    ours, theirs = (pins_of(merged(folder, locks, each)) for each in ("--ours", "--theirs"))
    assert pins_of(conflict) == (ours + theirs if has_merge_markers(conflict) else ours)


CONFLICT = """\
<<<<<<< ours
A1
<<<<<<<
A2
||||||| base
B
=======
A3
>>>>>>>
||||||| base
B
<<<<<<<<< longer
B
=======
A4
>>>>>>> theirs
"""


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        (CONFLICT, "a1 a2", "a4"),
        ("<<<<<<<\nA1\n=======\n>>>>>>>\nA2\n", "a1 a2", "a2"),
        ("=======\nA1\n>>>>>>> theirs\nA2\n|||||||\n", "a1 a2", "a1 a2"),
        ("A1\n<<<<<<< ours\nA2\n=======\nA3\n", "a1 a2", "a1 a3"),
        ("<<<<<<< a\r\nA1\r\n=======\r\nA2\r\n>>>>>>> b\r\n", "a1", "a2"),
    ],
    ids=["nested", "one side empty", "leftovers", "no end", "crlf"],
)
def test_odd_conflicts(text: str, ours: str, theirs: str) -> None:
    conflict = re.sub(
        r"^([AB]\d?)\r?\n", lambda found: entry(found[1], "1"), text, flags=re.MULTILINE
    )
    sides = tuple(tuple(pin(name, "1") for name in side.split()) for side in (ours, theirs))
    assert has_merge_markers(text)
    assert read_pins(conflict) == sides


def test_a_conflict_inside_a_package() -> None:
    versions = '<<<<<<< HEAD\nversion = "1"\n=======\nversion = "2"\n>>>>>>> them'
    text = entry("a", "0").replace('version = "0"', versions)
    assert read_pins(text) == ((pin("a", "1"),), (pin("a", "2"),))


@pytest.mark.parametrize(
    "line", ["<<<<<<<<", " <<<<<<<", '"=======', "<<<<<<", "========", "<<<<<<<HEAD"]
)
def test_what_is_no_merge_marker(line: str) -> None:
    assert not has_merge_markers(SMALL)
    assert not has_merge_markers(f"{SMALL}{line}\n")


@pytest.mark.parametrize(
    ("version", "python", "reason"),
    [
        ("x.y", "*", "Invalid version 'x.y' on package lib"),
        ("1.0", "...", "Invalid python versions '...' on lib (1.0)"),
    ],
)
def test_a_lock_whose_requirements_cannot_be_read(
    version: str, python: str, reason: str, tmp_path: Path
) -> None:
    more = (f'python-versions = "{python}"', "optional = false", "files = []")
    lock = tmp_path / "poetry.lock"
    metadata = '[metadata]\nlock-version = "2.1"\n'
    lock.write_text(entry("lib", version, *more) + metadata, encoding="utf-8")
    with pytest.raises(FtiError) as error:
        own_pins(StageLocker(lock, {}, {}))
    assert str(error.value) == (
        f"poetry.lock contains requirements that cannot be read: {reason}."
        " Lock the stage from scratch with --regenerate."
    )
