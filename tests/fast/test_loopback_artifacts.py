"""The small real packages: the same bytes each time, importable, buildable."""

from __future__ import annotations

import email
import hashlib
import importlib
import json
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename

from loopback import in_tree_backend
from loopback.archives import Artifact
from loopback.artifacts import ARTIFACTS, build_artifacts

if TYPE_CHECKING:
    from pathlib import Path

THING = Artifact(
    name="Some.Thing",
    version="1.0",
    requires=("alpha >=1",),
    extras={"fast": ("native", 'loopish ; sys_platform != "win32"')},
)
METADATA = """\
Metadata-Version: 2.4
Name: Some.Thing
Version: 1.0
Requires-Python: >=3.8
Requires-Dist: alpha >=1
Provides-Extra: fast
Requires-Dist: native ; extra == "fast"
Requires-Dist: loopish ; (sys_platform != "win32") and extra == "fast"
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_bytes_each_time(built_artifacts: Path, tmp_path: Path) -> None:
    build_artifacts(tmp_path)
    assert contents(tmp_path) == contents(built_artifacts)


def test_the_same_bytes_on_every_python(built_artifacts: Path) -> None:
    # The fixture project ``migrant`` has this in its committed lock.
    wheel = built_artifacts / "corp_metrics-1.0-py3-none-any.whl"
    sdist = built_artifacts / "corp_metrics-1.0.tar.gz"
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, sdist)] == [
        "bcb44bcc729dff0341d4c9eccd0fd22629a77ea29838cf4d4eaf0a63dc1f3e50",
        "75c282a4550b2c9fc8b0c6844be2fc5a12cdb04f1413c594361ec478eb459c70",
    ]


@pytest.mark.parametrize("name", sorted({each.name for each in ARTIFACTS}))
def test_every_module_says_its_version(
    name: str, built_artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for artifact in (each for each in ARTIFACTS if each.name == name and each.tags):
        with monkeypatch.context() as patch:
            wheel = built_artifacts / f"{artifact.module}-{artifact.version}-{artifact.tags[0]}.whl"
            patch.syspath_prepend(str(wheel))
            patch.delitem(sys.modules, artifact.module, raising=False)
            assert importlib.import_module(artifact.module).__version__ == artifact.version
            del sys.modules[artifact.module]


def test_metadata_inside_is_what_the_index_says(tmp_path: Path) -> None:
    wheel, sdist = THING.build(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("some_thing-1.0.dist-info/METADATA").decode() == METADATA
    with tarfile.open(sdist) as archive:
        inside = archive.extractfile("some_thing-1.0/PKG-INFO")
        assert inside is not None
        assert inside.read().decode() == METADATA


def test_a_wheel_says_what_its_name_says(tmp_path: Path) -> None:
    wheel = tmp_path / "some_thing-1.0-cp310.cp311-abi3-win_amd64.whl"
    in_tree_backend.write_wheel(wheel, {"some_thing/__init__.py": b""}, METADATA.encode())
    with zipfile.ZipFile(wheel) as archive:
        said = email.message_from_bytes(archive.read("some_thing-1.0.dist-info/WHEEL"))
        record = archive.read("some_thing-1.0.dist-info/RECORD").decode()
    tags = {tag for each in said.get_all("Tag", []) for tag in parse_tag(each)}
    assert tags == parse_wheel_filename(wheel.name)[3]
    assert said["Root-Is-Purelib"] == "false"
    assert record.splitlines()[0] == (
        "some_thing/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0"
    )


def test_an_sdist_builds_its_own_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel, sdist = THING.build(tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    built = tmp_path / "built"
    built.mkdir()
    monkeypatch.chdir(tmp_path / "some_thing-1.0")
    filename = in_tree_backend.build_wheel(str(built))
    assert filename == wheel.name
    assert (built / filename).read_bytes() == wheel.read_bytes()


def test_the_record_tells_every_file(built_artifacts: Path) -> None:
    recorded = {
        file["filename"]
        for record in ("public.json", "private.json")
        for releases in json.loads((built_artifacts / record).read_text())["packages"].values()
        for release in releases.values()
        for file in release["files"]
    }
    assert recorded | {"public.json", "private.json"} == set(contents(built_artifacts))
