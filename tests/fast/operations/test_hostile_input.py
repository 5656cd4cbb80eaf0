"""Locks and package indexes of people who want more to be read than the packages of the lock."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from functools import cache, reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
import tomlkit
import yaml
from poetry.utils._compat import tomllib

import cases
from fast.conftest import project_in
from loopback.catalogue import Catalogue
from loopback.site import Site
from memory_index import DEFAULT
from poetry_fti.errors import FtiError
from poetry_fti.model.formats import FORMATS
from poetry_fti.operations.export import ExportRequest, render
from poetry_fti.wording import harmless, in_quotes
from small_index import catalogue, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from memory_index import MemoryProject
    from poetry_fti.operations.project import Project

# Whatever str.splitlines or a terminal takes for the end of a line, and the syntax of the formats.
BREAKS: Final = (
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
)
BROKEN_LINES: Final = tuple(f"{each}--index-url https://evil.example/simple" for each in BREAKS)
SYNTAX: Final = (
    "\nRUN evil",
    " --index-url https://evil.example/simple",
    " # rest",
    " ; python_version > '0'",
    '"]\nname = "evil"',
    "'; evil; '",
    '" && evil && "',
    "\\",
    "/../../evil",
)
FOR_SHELLS: Final = ("$(evil)", "`evil`", "${HOME}", "\x1b[31m", "\x00", "\u202e")
COMMIT: Final = "c0ffee" * 6 + "c0de"
PROJECT: Final = pyproject(
    {
        "training": [
            "lib",
            "remote @ https://files.example/remote-1.0-py3-none-any.whl",
            "tree @ git+https://git.example/tree.git@main#subdirectory=python",
        ]
    },
    '[[tool.poetry.source]]\nname = "mirror"\nurl = "https://mirror.example/simple"\n'
    'priority = "supplemental"\n'
    '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]\nimage = { command = ["python"] }\n',
)
PACKAGES: Final[Sequence[Mapping[str, Any]]] = (
    {
        "name": "lib",
        "version": "1.0",
        "python-versions": ">=3.8",
        "markers": 'platform_version != "old"',
        "files": [{"file": "lib-1.0-py3-none-any.whl", "hash": f"sha256:{'a1' * 32}"}],
        "source": {
            "type": "legacy",
            "url": "https://mirror.example/simple",
            "reference": "mirror",
        },
    },
    {
        "name": "remote",
        "version": "1.0",
        "python-versions": "*",
        "files": [{"file": "remote-1.0-py3-none-any.whl", "hash": f"sha256:{'b2' * 32}"}],
        "source": {"type": "url", "url": "https://files.example/remote-1.0-py3-none-any.whl"},
    },
    {
        "name": "tree",
        "version": "1.0",
        "python-versions": "*",
        "files": [],
        "develop": False,
        "source": {
            "type": "git",
            "url": "https://git.example/tree.git",
            "reference": "main",
            "resolved_reference": COMMIT,
            "subdirectory": "python",
        },
    },
)
BROKEN: Final = "fti/training/poetry.lock cannot be read"
REFUSALS: Final = ("The marker of lib ", "lib 1.0 ")
FIELDS: Final = [
    (number, *path, key)
    for number, package in enumerate(PACKAGES)
    for path, table in (((), package), (("source",), package["source"]), (("files", 0), None))
    for key in (table if table is not None else ("file", "hash") if package["files"] else ())
    if table is None or isinstance(table[key], str)
]
# What ends a line, or is special to a shell or a terminal, depends on the program that reads a
# file, not on the field: each of these is added to every fifth field.
CASES: Final = [
    (field, evil)
    for number, field in enumerate(FIELDS)
    for position, evil in enumerate((*BROKEN_LINES, *FOR_SHELLS, *SYNTAX))
    if evil in SYNTAX or (number - position) % 5 == 0
]


def replaced(path: Sequence[Any], value: str) -> list[Mapping[str, Any]]:
    """Return a copy of the packages in which the string at a path is another one."""
    copied = deepcopy(list(PACKAGES))
    table: Any = reduce(getitem, path[:-1], cast("Any", copied))
    table[path[-1]] = value
    return copied


def with_added(path: Sequence[Any], text: str) -> list[Mapping[str, Any]]:
    """Return a copy of the packages with a text added to a string, in a marker to its quotes."""
    value: str = reduce(getitem, path, cast("Any", PACKAGES))
    end = len(value) - value.endswith('"')
    return replaced(path, f"{value[:end]}{text}{value[end:]}")


def write_lock(demo: MemoryProject, packages: Sequence[Mapping[str, Any]]) -> None:
    write_packages(demo, packages, end_of_lock(demo))


def end_of_lock(demo: MemoryProject) -> str:
    """Write the pyproject.toml, and return the tables of a fresh lock that follow its packages."""
    demo.write(PROJECT)
    (stage,) = demo.load().stages
    locker = stage.lock.locker
    metadata = {
        "lock-version": "2.1",
        "python-versions": ">=3.11",
        "content-hash": locker.content_hash,
        "fti": dict(locker.conditions),
    }
    stage.path.parent.mkdir(parents=True, exist_ok=True)
    return tomlkit.dumps({"metadata": metadata})


def write_packages(demo: MemoryProject, packages: Sequence[Mapping[str, Any]], end: str) -> None:
    tables = "\n".join(package_table(json.dumps(each)) for each in packages)
    lock = demo.root / "fti" / "training" / "poetry.lock"
    lock.write_bytes(f"# generated\n{tables}\n{end}".encode())


@cache  # one package differs from those of the lock before
def package_table(package: str) -> str:
    """Return the table of a package, which is given as JSON, in a lock."""
    more = {"description": "", "optional": False, "groups": ["training"]}
    return tomlkit.dumps({"package": [{**json.loads(package), **more}]})


def exported(demo: MemoryProject) -> Mapping[PurePosixPath, str]:
    """Return the files in all formats, or in those that can be exported alone."""
    project = demo.load()
    found, refused = attempted(project, tuple(FORMATS))
    return exported_alone(project) if refused and not refused.startswith(BROKEN) else found


def exported_alone(project: Project) -> Mapping[PurePosixPath, str]:
    """Return the files of each format that can be exported, which is exported without others."""
    found: dict[PurePosixPath, str] = {}
    for name in FORMATS:
        found |= attempted(project, (name,))[0]
    return found


def attempted(
    project: Project, formats: tuple[str, ...]
) -> tuple[dict[PurePosixPath, str], str | None]:
    """Return the files in formats, or the message of the error."""
    # A check does not look files up in the index, which has none of them.
    request = ExportRequest(stages=project.select([]), formats=formats, check=True)
    try:
        return dict(render(project, request).texts), None
    except FtiError as error:
        refused = str(error)
        assert refused.startswith((BROKEN, *REFUSALS))
        assert harmless(refused).isprintable()
        return {}, refused


@cache  # most strings are in some of the files only
def names_in(path: PurePosixPath, text: str) -> list[str]:
    """Return the packages that a program reads in a file; the instructions of a Dockerfile."""
    if path.name.startswith("pylock"):
        return [package["name"] for package in tomllib.loads(text)["packages"]]
    if path.suffix == ".toml":
        return list(tomllib.loads(text))
    if path.suffix == ".txt":
        return list(requirements(text))
    if path.suffix == ".json":
        document = json.loads(text.partition("\n")[2] if text.startswith("//") else text)
        names = [each["name"] for each in document.get("components", ())]
        return names or list(document.get("target", document))
    if path.suffix in {".yaml", ".yml"}:
        documents = list(yaml.safe_load_all(text))
        return [
            key
            for each in documents
            for key in (list(environment(each)) or each.get("services", each))
        ]
    return [line.split()[0] for line in text.splitlines() if line[:1].isalpha()]


def environment(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the packages of an environment of conda, MLflow, Azure Machine Learning or Ray."""
    yield from requirements("\n".join(document.get("pip", {}).get("packages", ())))
    inner = document.get("conda_file", document)
    for line in inner.get("dependencies", ()):
        yield from requirements(line if isinstance(line, str) else "\n".join(line["pip"]))


def requirements(text: str) -> Iterator[str]:
    """Yield what pip reads of a requirements file: names, and options."""
    # Only the slow test calls this, and importing pip takes a quarter of a second.
    from pip._internal.req.req_file import get_line_parser, preprocess  # noqa: PLC0415

    parse = get_line_parser(None)
    for _, line in preprocess(text):
        requirement, options = parse(line)
        given = {key: value for key, value in vars(options).items() if value}
        yield requirement.partition(" ")[0].partition("=")[0] or str(given)


@pytest.fixture(scope="module")
def module_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryProject]:
    with project_in(tmp_path_factory.mktemp("hostile")) as project:
        yield project


@pytest.fixture(scope="module")
def end(module_demo: MemoryProject) -> str:
    return end_of_lock(module_demo)


@pytest.fixture(scope="module")
def unchanged(
    module_demo: MemoryProject, end: str
) -> Mapping[PurePosixPath, Sequence[Sequence[str]]]:
    """What programs read of the files of the lock without a change.

    It is given for all formats, which refer to each other's files, and for each format alone.
    """
    for host in ("mirror.example", DEFAULT):
        module_demo.index.offer({"lib 1.0": []}, host)
    write_packages(module_demo, PACKAGES, end)
    together, alone = exported(module_demo), exported_alone(module_demo.load())
    assert len(together) == len(alone) == len(FORMATS) + 6
    return {path: [names_in(path, files[path]) for files in (together, alone)] for path in together}


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize(("field", "evil"), cases.sampled(CASES))
def test_no_string_of_a_lock_makes_a_program_read_more_than_its_packages(
    module_demo: MemoryProject,
    end: str,
    unchanged: Mapping[PurePosixPath, Sequence[Sequence[str]]],
    field: tuple[Any, ...],
    evil: str,
) -> None:
    write_packages(module_demo, with_added(field, evil), end)
    for file, text in exported(module_demo).items():
        assert names_in(file, text) in unchanged[file]
        assert len(text.splitlines()) == text.count("\n")


LINES: Final = "a" * 64 + "\n--index-url https://evil.example/simple"


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("digest", "reason"),
    [
        (LINES, "is not 64 hexadecimal digits"),
        ("a" * 63 + "g", "is not 64 hexadecimal digits"),
        ("a" * 63, "is not 64 hexadecimal digits"),
        ("a" * 64 + "\u2028", "is not 64 hexadecimal digits"),
    ],
)
def test_a_file_whose_digest_is_none_is_refused(
    digest: str, reason: str, demo: MemoryProject
) -> None:
    offer(demo, sha256=digest)
    demo.write(pyproject({"training": ["lib"]}))
    assert str(demo.lock()["training"].error) == (
        'lib 1.0 from the package index "PyPI" is refused: the digest of'
        f' "lib-1.0-py3-none-any.whl" {reason}: {in_quotes(f"sha256:{digest}")}.'
    )
    assert demo.locked == {}


def test_a_file_whose_digest_is_none_on_a_page_is_refused(demo: MemoryProject) -> None:
    offer(demo, "mirror.example", sha256="a" * 63 + "\u2028--pre")
    source = '[[tool.poetry.source]]\nname = "mirror"\nurl = "https://mirror.example/simple"\n'
    demo.write(pyproject({"training": ["lib"]}, source))
    error = str(demo.lock()["training"].error)
    assert error.startswith(
        'lib 1.0 from the package index "mirror" is refused: the digest of'
        ' "lib-1.0-py3-none-any.whl" is not 64 hexadecimal digits: "sha256:aaa'
    )


def test_only_the_release_that_is_locked_has_to_be_valid(demo: MemoryProject) -> None:
    site = offer(demo, sha256=LINES)
    newer = catalogue({"lib 2.0": []}).projects["lib"]
    demo.index.sites[DEFAULT] = Site(
        Catalogue({"lib": (*newer, *site.projects["lib"])}), f"https://{DEFAULT}/"
    )
    demo.write(pyproject({"training": ["lib"]}))
    demo.lock()
    assert demo.locked == {"training": "lib 2.0"}


def offer(demo: MemoryProject, host: str = DEFAULT, **wrong: str) -> Catalogue:
    (release,) = catalogue({"lib 1.0": []}).projects["lib"]
    (file,) = release.files
    offered = Catalogue(
        {"lib": (replace(release, files=(replace(file, **cast("dict[str, Any]", wrong)),)),)}
    )
    demo.index.sites[host] = Site(offered, f"https://{host}/")
    return offered


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ((0, "name"), "a b", 'a b 1.0 is not valid: the name is not a package name: "a b"'),
        (
            (0, "version"),
            "1.0\n",
            'lib 1.0\\n is not valid: the version contains invalid characters: "1.0\\n"',
        ),
        (
            (0, "markers"),
            'os_name == "\u2028"',
            ('lib 1.0 is not valid: a marker contains invalid characters: "os_name == "\\u2028""'),
        ),
        (
            (0, "files", 0, "hash"),
            "crc32:0",
            (
                'lib 1.0 is not valid: the digest of "lib-1.0-py3-none-any.whl" has an unknown'
                ' algorithm: "crc32:0"'
            ),
        ),
        (
            (0, "files", 0, "file"),
            "../lib.whl",
            'lib 1.0 is not valid: the name of a file is no file name: "../lib.whl"',
        ),
        (
            (2, "source", "resolved_reference"),
            "main",
            'tree 1.0 is not valid: the resolved_reference of its source is no commit: "main"',
        ),
        (
            (2, "source", "subdirectory"),
            "a/../b",
            'tree 1.0 is not valid: the subdirectory of its source is not allowed: "a/../b"',
        ),
        (
            (2, "source", "reference"),
            "--upload-pack=evil",
            (
                "tree 1.0 is not valid: the reference of its source is not allowed:"
                ' "--upload-pack=evil"'
            ),
        ),
    ],
)
def test_a_lock_with_a_value_that_no_standard_allows_is_broken(
    field: tuple[Any, ...], value: str, reason: str, demo: MemoryProject
) -> None:
    write_lock(demo, replaced(field, value))
    project = demo.load()
    with pytest.raises(FtiError) as error:
        project.locked(project.stages[0])
    assert str(error.value) == (
        f"fti/training/poetry.lock cannot be read: {reason}. Restore it, or lock the stage from"
        " scratch with `poetry fti lock training --regenerate`."
    )


def test_a_lock_with_a_source_that_the_project_does_not_have(demo: MemoryProject) -> None:
    write_lock(demo, replaced((0, "source", "reference"), "lost"))
    project = demo.load()
    with pytest.raises(FtiError) as error:
        project.locked(project.stages[0])
    assert str(error.value) == (
        'lib 1.0 is locked from the package source "lost", which pyproject.toml does not have. Add'
        " the source, or lock the stage again with `poetry fti lock training --regenerate`."
    )


@pytest.mark.slow
def test_a_size_that_is_none_is_refused(demo: MemoryProject) -> None:
    offer(demo)
    demo.write(pyproject({"training": ["lib"]}))
    demo.lock()
    demo.clear_cache()
    offer(demo, size="1\n")
    project = demo.load()
    request = ExportRequest(stages=project.stages, formats=("pylock",))
    with pytest.raises(FtiError) as error:
        render(project, request)
    assert str(error.value) == (
        '"lib-1.0-py3-none-any.whl" from the package index "PyPI" is refused: its size is not'
        ' valid: "1\\n".'
    )
