"""The presets for servers: with what each installs, its command answers a request."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from consumer import ENVIRONMENTS, Consumer
from poetry_fti.scaffold.preset_library import find
from served import SERVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from poetry_fti.scaffold.presets import Preset

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the images of the presets run on Linux")


def command_of(preset: Preset, port: int) -> list[str]:
    """Return the command of a preset's image, which listens on this machine only."""
    image = preset.stage["image"]
    words = " ".join(image["command"]).replace("0.0.0.0", "127.0.0.1")  # noqa: S104
    return re.sub(rf"\b{image['expose'][0]}\b", str(port), words).split()


def variables_of(preset: Preset, ports: Sequence[int], tmp_path: Path) -> dict[str, str]:
    """Return the variables of a preset's image, whose temporary files are those of a test."""
    mlserver = ("MLSERVER_HTTP_PORT", "MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT")
    return {
        **os.environ,
        **dict(zip(mlserver, map(str, ports), strict=True)),
        "HOME": str(tmp_path),
        "MLSERVER_HOST": "127.0.0.1",
        **{
            name: value.replace("/tmp", str(tmp_path))  # noqa: S108
            for name, value in preset.stage["image"].get("env", {}).items()
        },
    }


def free_ports(count: int) -> tuple[int, ...]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Start the server that the parameter names, and return its URL."""
    name: str = request.param
    preset, ports = find(f"inference-{name}"), free_ports(3)
    code = tmp_path / "app"
    code.mkdir()
    (code / "serve.py").write_text(SERVED[name].code, encoding="utf-8")
    program, *arguments = command_of(preset, ports[0])
    process = subprocess.Popen(
        [Consumer.named(name).program(program), *arguments],
        cwd=code,
        env=variables_of(preset, ports, tmp_path),
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    # The user of the image may not write to the folder of the code, and Python does without it.
    assert {each.name for each in code.iterdir()} - {"__pycache__"} == {"serve.py"}


@pytest.mark.parametrize(("url", "name"), [(name, name) for name in SERVED], indirect=["url"])
def test_a_server_answers(url: str, name: str) -> None:
    SERVED[name].check(url)


@pytest.mark.parametrize("name", SERVED)
def test_the_packages_are_those_of_the_preset(name: str) -> None:
    lines = pins(name)
    installed = dict(line.split("==") for line in lines)
    for requirement in map(Requirement, find(f"inference-{name}").packages.requirements):
        assert requirement.specifier.contains(installed[requirement.name])


def pins(name: str) -> Sequence[str]:
    """Return the pinned requirements of a tool's environment."""
    path = ENVIRONMENTS.parent / f"tests/platforms/environments/{name}.txt"
    return path.read_text(encoding="utf-8").split()
